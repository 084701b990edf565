import { testRuntime } from './matrix.ts';

testRuntime('node-newest');
