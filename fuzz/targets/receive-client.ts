/** Any stream received by a client. */
import { receiveTarget } from './support/receive.ts';

export const { name, description, fuzz, seeds, mutate, describe } = receiveTarget('client');
