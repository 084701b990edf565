/** What a server makes of any stream. */
import { receiveTarget } from './support/receive.ts';

export const { name, description, fuzz, seeds, mutate, describe } = receiveTarget('server');
