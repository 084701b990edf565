/** Any stream received by a server. */
import { receiveTarget } from '../src/receive/receive.ts';
import { core } from './support/core.ts';
import { exercise } from './support/exercise.ts';

export const target = receiveTarget('server', core, (...input) => exercise('server', ...input));
