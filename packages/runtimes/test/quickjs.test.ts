import { testRuntimes } from './matrix.ts';

testRuntimes('quickjs');
