import { testRuntime } from './matrix.ts';

testRuntime('workerd');
