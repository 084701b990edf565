// pako as an engine.
import { suite } from 'uvu';
import { pako } from '../src/index.ts';
import { expectEngine } from './expectations.ts';

const test = suite('pako');
expectEngine(test, 'pako', pako);
test.run();
