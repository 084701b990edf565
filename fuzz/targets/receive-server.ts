/** Any stream received by a server. */
import { receiveTarget } from './support/receive.ts';

export const { name, description, fuzz, seeds, mutate, describe } = receiveTarget('server');
