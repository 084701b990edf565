// Who owns received bytes: the same expectations that every runtime fulfils.
import { suite } from 'uvu';
import { OWNERSHIP } from './runtimes/ownership.ts';

const test = suite('ownership');
for (const { name, run } of OWNERSHIP) test(name, run);
test.run();
