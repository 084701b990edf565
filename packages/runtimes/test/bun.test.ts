import { testRuntimes } from './matrix.ts';

testRuntimes('bun');
