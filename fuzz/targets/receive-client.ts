/** Any stream received by a client. */
import { receiveTarget } from '../src/receive/receive.ts';
import { core } from './support/core.ts';
import { exercise } from './support/exercise.ts';

export const target = receiveTarget('client', core, (...input) => exercise('client', ...input));
