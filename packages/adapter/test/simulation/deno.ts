// The adapter for Deno on simulated connections. It then needs only the error classes of Deno.

import type { AdapterOptions, Handlers, WebSocketConnection } from '@sockless/adapter';
import { connErrors, SimulatedConn } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import type { Subject } from './subject.ts';

const host = globalThis as { Deno?: { readonly errors: unknown } };
host.Deno ??= { errors: connErrors };

/** The part of the adapter that is used, since its types need those of Deno. */
interface Adapter {
  attach(conn: unknown, connection: Connection, handlers: Handlers, options: AdapterOptions): WebSocketConnection;
  connect(url: string, options: object, handlers: Handlers): WebSocketConnection;
}

const ADAPTER = '../../../deno/src/index.ts';
// Keeps the process alive, which would otherwise end while a module is being compiled.
const alive = setInterval(() => undefined, 1000);
const { attach, connect }: Adapter = await import(ADAPTER);
clearInterval(alive);

export const deno: Subject = {
  name: 'deno',
  ways: ['opened', 'server', 'client', 'connect', 'connect'],
  connects: false,
  Connection,
  transport(end, _, { tls }) {
    const conn = new SimulatedConn(end, { tls, errors: (host.Deno as { errors: typeof connErrors }).errors });
    const ignore = (): void => undefined;
    return {
      it: conn,
      get isGone() {
        return conn.closed;
      },
      waiting: 0,
      get hasEnded() {
        return conn.closed;
      },
      connected: ignore,
      refused: ignore,
      secured: () => conn.secured(),
      own: ignore,
      disown: ignore,
      before: {
        destroy: () => {
          if (!conn.closed) conn.close();
        },
        end: () => void conn.closeWrite().catch(ignore),
      },
    };
  },
  attach: (it, connection, handlers, options) => attach(it, connection, handlers, options),
  connect: (url, options, create, handlers) =>
    connect(url, { ...options, createConn: async () => await create() }, handlers),
};
