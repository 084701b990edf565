/** The context that handlers run in: what an AsyncLocalStorage holds where a connection is made. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from '@sockless/adapter';

/**
 * Returns the context of the caller.
 *
 * @param inherited the sockets are made in this context too, so that their events come in it by themselves
 */
export function captureContext(inherited: boolean): Context {
  return { run: AsyncLocalStorage.snapshot(), inherited };
}
