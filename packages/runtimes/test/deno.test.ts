import { testRuntimes } from './matrix.ts';

testRuntimes('deno');
