/** The context that handlers run in: what an AsyncLocalStorage holds where a connection is made. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server } from 'node:http';
import type { Context, Run } from '@sockless/adapter';

/**
 * Returns the context of the caller.
 *
 * @param inherited the sockets are made in this context too, so that their events come in it by themselves
 */
export function captureContext(inherited: boolean): Context {
  return { run: AsyncLocalStorage.snapshot(), inherited };
}

/** Returns the context in which the events of a server's sockets come by themselves: it is the same for all of them. */
export function serverContext(http: Server): Context {
  let run: Run = (call, argument) => call(argument);
  http.once('upgrade', () => {
    run = AsyncLocalStorage.snapshot();
  });
  return { run: (call, argument) => run(call, argument), inherited: true };
}
