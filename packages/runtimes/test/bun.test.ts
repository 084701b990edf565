import { testRuntime } from './matrix.ts';

testRuntime('bun');
