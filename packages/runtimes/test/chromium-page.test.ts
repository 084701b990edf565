import { testRuntime } from './matrix.ts';

testRuntime('chromium-page');
