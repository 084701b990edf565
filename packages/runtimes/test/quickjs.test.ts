import { testRuntime } from './matrix.ts';

testRuntime('quickjs');
