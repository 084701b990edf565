/** The adapter of the current host under the names of Node's; Deno's differs only in the name of the address. */
import type * as NodeAdapter from '@sockless/node';

export type { Handlers, Server, WebSocketConnection } from '@sockless/node';

interface Socket {
  destroy?(): void;
  close?(): void;
}

const isDeno = 'Deno' in globalThis;
const { accept, connect, serve }: typeof NodeAdapter = await import(isDeno ? '@sockless/deno' : '@sockless/node');

export { accept, connect };

/** Serves on a free port of the loopback interface. */
export async function listen<Data>(
  options: NodeAdapter.ServeOptions,
  handlers: NodeAdapter.Handlers<Data>,
): Promise<NodeAdapter.Server<Data>> {
  return await serve<Data>({ ...options, port: 0, [isDeno ? 'hostname' : 'host']: '127.0.0.1' }, handlers);
}

/** Destroys the socket without telling the adapter; if there is none yet, terminates the connection. */
export function cut(ws: { readonly socket: unknown; terminate(): void }): void {
  const { destroy, close } = (ws.socket ?? {}) as Socket;
  if (ws.socket === undefined) ws.terminate();
  else if (isDeno) close?.call(ws.socket);
  else destroy?.call(ws.socket);
}
