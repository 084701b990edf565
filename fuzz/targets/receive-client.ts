/** What a client makes of any stream. */
import { receiveTarget } from './support/receive.ts';

export const { name, description, fuzz, seeds, mutate, describe } = receiveTarget('client');
