/** The context that handlers run in: what an AsyncLocalStorage holds where a connection is made. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { type Context, diagnosticsOf, type Run } from '@sockless/adapter';

/** What operators can listen to. */
const diagnostics = diagnosticsOf(channel);

/**
 * Returns the context of the caller.
 *
 * @param inherited the sockets are made in this context too, so that their events come in it by themselves
 */
export function captureContext(inherited: boolean): Context {
  return { run: AsyncLocalStorage.snapshot(), inherited, diagnostics };
}

/**
 * Since Node 24 the events of a socket that a server has accepted come in no context. Before, they come in that of the server, so that
 * it need not be entered for each of them.
 */
export const comesWithout = (version: string): boolean => Number.parseInt(version, 10) >= 24;

/** Returns the context for the connections of a server: it is the same for all of them. */
export function serverContext(http: Server): Context {
  if (comesWithout(process.versions.node)) return captureContext(false);
  let run: Run = (call, argument) => call(argument);
  http.once('upgrade', () => {
    run = AsyncLocalStorage.snapshot();
  });
  return { run: (call, argument) => run(call, argument), inherited: true, diagnostics };
}
