/** The context in which handlers run: the AsyncLocalStorage values where the connection was made. */
import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { type Context, diagnosticsOf, type Run } from '@sockless/adapter';

/** The diagnostics channels. */
const diagnostics = diagnosticsOf(channel);

/**
 * Returns the context of the caller.
 *
 * @param inherited whether the sockets are created in this context too, so that their events already come in it
 */
export function captureContext(inherited: boolean): Context {
  return { run: runHere(), inherited, diagnostics };
}

/**
 * Returns a function that calls another one in the present context. What `AsyncLocalStorage.snapshot` returns copies
 * the list of arguments for each call (benchmarks: echo on Node 24 and later).
 */
function runHere(): Run {
  const resource = new AsyncResource('sockless');
  return (call, argument) => resource.runInAsyncScope(call, undefined, argument);
}

/**
 * Whether events of accepted sockets come without a context, as since Node 24. Before that they come in the context of
 * the server, which then need not be entered for each of them.
 */
export const comesWithout = (version: string): boolean => Number.parseInt(version, 10) >= 24;

/** Returns the context for the connections of a server, the same for all of them. */
export function serverContext(http: Server, version: string = process.versions.node): Context {
  if (comesWithout(version)) return captureContext(false);
  let run: Run = (call, argument) => call(argument);
  http.once('upgrade', () => {
    run = runHere();
  });
  return { run: (call, argument) => run(call, argument), inherited: true, diagnostics };
}
