/** The context that handlers run in: what an AsyncLocalStorage holds where a connection is made. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { type Context, diagnosticsOf } from '@sockless/adapter';

/** What operators can listen to. */
const diagnostics = diagnosticsOf(channel);

/** Returns the context of the caller. What is read and written is waited for in it, so that it lasts by itself. */
export function captureContext(): Context {
  return { run: AsyncLocalStorage.snapshot(), inherited: true, diagnostics };
}
