import { testRuntime } from './matrix.ts';

testRuntime('deno');
