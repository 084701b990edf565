// The adapter for Deno, on simulated connections. All that it looks up of Deno then are the classes of errors.
import { Connection } from '@sockless/core';
import { connErrors, SimulatedConn } from '../../src/testing/index.ts';
import type { Subject } from './subject.ts';

const host = globalThis as { Deno?: { readonly errors: unknown } };
host.Deno ??= { errors: connErrors };

const { attach, connect } = await import('../../../deno/src/index.ts');
type Conn = Parameters<typeof attach>[0];

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
  attach: (it, connection, handlers, options) => attach(it as Conn, connection, handlers, options),
  connect: (url, options, create, handlers) =>
    connect(url, { ...options, createConn: create as () => Promise<Conn> }, handlers),
};
