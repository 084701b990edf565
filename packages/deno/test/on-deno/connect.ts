/** Features that only a client on Deno has. */

import { VirtualClock } from '@sockless/adapter/testing';
import * as assert from 'uvu/assert';
import { response } from '../../../node/test/raw.ts';
import { ConnectionEndedError, connect, serve, type WebSocketConnection } from '../../src/index.ts';
import { FakeConn, settled } from './fake-conn.ts';

const LOCAL = { hostname: '127.0.0.1' };
const echo = { message: (ws: WebSocketConnection, data: string | Uint8Array): void => void ws.send(data) };

Deno.test('createConn returns the transport, a new one for each attempt', async () => {
  await using server = serve(LOCAL, echo);
  const seen: unknown[] = [];
  const ws = connect(
    'ws://example.test:1234/path',
    {
      reconnect: { base: 2, cap: 2 },
      createConn: (uri) => {
        seen.push([uri.host, uri.port]);
        if (seen.length < 3) return Promise.reject(new Error('not yet'));
        return Deno.connect({ hostname: '127.0.0.1', port: server.port });
      },
    },
    { message() {} },
  );
  await ws.opened;
  assert.equal(seen, Array(3).fill(['example.test', 1234]));
  ws.close(1000);
  await ws.closed;
});

Deno.test('an error thrown by createConn ends that attempt', async () => {
  const ws = connect('ws://localhost', {
    createConn() {
      throw new Error('at once');
    },
  });
  const error = await ws.opened.catch((reason: unknown) => reason);
  assert.instance(error, ConnectionEndedError);
  assert.match((error as Error).message, /at once/);
});

for (const [what, conn, options] of [
  ['without TLS', new FakeConn(), {}],
  ['with TLS', Object.assign(new FakeConn(), { handshake: () => Promise.resolve() }), {}],
  ['without TLS, with insecure: true', new FakeConn(), { insecure: true }],
] as const) {
  Deno.test(`createConn for wss: ${what}`, async () => {
    const refused = what === 'without TLS';
    const ws = connect('wss://localhost', { ...options, createConn: () => conn as unknown as Deno.Conn });
    if (refused) {
      assert.match((await ws.closed).explanation.summary, /TypeError: createConn returned a connection without TLS/);
      assert.equal([conn.closes, conn.written.length], [1, 0]);
      return;
    }
    while (conn.written.length === 0) await settled();
    assert.match(new TextDecoder().decode(conn.bytes), /^GET /);
    ws.terminate();
  });
}

Deno.test('a lost connection that still writes is closed in time, while the client waits for its next attempt', async () => {
  const clock = new VirtualClock();
  const conn = new FakeConn();
  const ws = connect('ws://localhost', {
    clock,
    closeTimeout: 1000,
    reconnect: { base: 60_000 },
    random: (into) => into.fill(255),
    createConn: () => Promise.resolve(conn as unknown as Deno.Conn),
  });
  while (conn.written.length === 0) await settled();
  await conn.arrive(new TextEncoder().encode(response(new TextDecoder().decode(conn.bytes))));
  await ws.opened;
  conn.go = new Promise(() => undefined);
  ws.send('it does not leave');
  await settled();
  await conn.arrive(null);
  assert.equal([ws.state, conn.closes], ['connecting', 0]);
  clock.advance(1001);
  await settled();
  assert.is(conn.closes, 1);
  ws.close();
});

Deno.test('a connection that arrives too late is closed', async () => {
  await using server = serve(LOCAL, echo);
  const { promise, resolve } = Promise.withResolvers<Deno.Conn>();
  const ws = connect('ws://localhost', { createConn: () => promise });
  ws.terminate();
  await ws.closed;
  // The sanitizer would report that it stays open.
  resolve(await Deno.connect({ hostname: '127.0.0.1', port: server.port }));
  await promise;
});

for (const way of ['close', 'terminate', 'abort'] as const) {
  Deno.test(`${way} gives up connecting`, async () => {
    const trigger = new AbortController();
    let given: AbortSignal | undefined;
    const { connect: dial } = Deno;
    Object.assign(Deno, {
      connect: (options: Deno.ConnectOptions) => {
        given = options.signal;
        return new Promise((_, reject) => given?.addEventListener('abort', () => reject(given?.reason)));
      },
    });
    try {
      const ws = connect('ws://127.0.0.1:1', { signal: trigger.signal, closeTimeout: 5 });
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (way === 'abort') trigger.abort();
      else ws[way]();
      assert.is((await ws.closed).code, 1006);
      while (given?.aborted !== true) await new Promise((resolve) => setTimeout(resolve, 1));
    } finally {
      Object.assign(Deno, { connect: dial });
    }
  });
}

Deno.test('a refused connection is reported as such', async () => {
  const server = serve(LOCAL);
  await server.close();
  const { explanation, code } = await connect(server.url).closed;
  assert.is(code, 1006);
  assert.instance(explanation.cause, Deno.errors.ConnectionRefused);
  assert.match(explanation.summary, /handshake-interrupted.*Connection refused/);
});
