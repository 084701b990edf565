import { testRuntimes } from './matrix.ts';

testRuntimes('workerd');
