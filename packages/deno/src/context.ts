/** The context in which handlers run: the AsyncLocalStorage values where the connection was made. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { type Context, diagnosticsOf } from '@sockless/adapter';

/** The diagnostics channels. */
const diagnostics = diagnosticsOf(channel);

/**
 * Returns the context of the caller. Reads and writes are awaited in it, so it need not be entered for their events.
 */
export function captureContext(): Context {
  return { run: AsyncLocalStorage.snapshot(), inherited: true, diagnostics };
}
