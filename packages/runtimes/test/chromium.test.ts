import { budget } from '../../core/test/budget.ts';
import { testRuntimes } from './matrix.ts';

testRuntimes('chromium-page', ...budget([], ['chromium-worker']));
