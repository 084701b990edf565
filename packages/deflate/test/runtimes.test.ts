// What every runtime fulfils, in this one.
import { suite } from 'uvu';
import { DEFLATE } from './runtimes/expectations.ts';

const test = suite('deflate, as in every runtime');
for (const { name, run } of DEFLATE) test(name, run);
test.run();
