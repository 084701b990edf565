import { testRuntime } from './matrix.ts';

testRuntime('chromium-worker');
