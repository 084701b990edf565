import { budget } from '../../core/test/budget.ts';
import { testRuntimes } from './matrix.ts';

// All tests run on this Node.
testRuntimes('node-newest', ...budget([], ['node']));
