/** TLS. Its handshake is a part of the opening handshake here, since a server hears of a client before TLS begins. */

import { VirtualClock } from '@sockless/adapter/testing';
import * as assert from 'uvu/assert';
import { CERTIFICATE, KEY } from '../../../node/test/certificate.ts';
import { recorder } from '../../../node/test/support.ts';
import { connect, type Server, serve, type WebSocketConnection } from '../../src/index.ts';
import { settled } from './fake-conn.ts';

const LOCAL = { hostname: '127.0.0.1' };
const SECURE = { ...LOCAL, cert: CERTIFICATE, key: KEY };
const TRUST = { tls: { caCerts: [CERTIFICATE] } };
const echo = { message: (ws: WebSocketConnection, data: string | Uint8Array): void => void ws.send(data) };

async function exchange(server: Server, options = {}): Promise<void> {
  await using ws = connect(server.url, { ...TRUST, ...options });
  await ws.opened;
  ws.send('text');
  assert.is((await ws[Symbol.asyncIterator]().next()).value, 'text');
}

Deno.test('TLS: cert and key', async () => {
  await using server = serve(SECURE, echo);
  assert.is(server.url, `wss://127.0.0.1:${server.port}`);
  await exchange(server);
  const { explanation } = await connect(server.url).closed;
  assert.match(explanation.summary, /invalid peer certificate: UnknownIssuer/);
});

Deno.test('TLS: a client that does not speak TLS harms no other client', async () => {
  await using server = serve(SECURE, echo);
  const { explanation } = await connect(`ws://127.0.0.1:${server.port}`).closed;
  assert.match(explanation.summary, /handshake-interrupted|response-malformed/);
  await exchange(server);
});

Deno.test('cert and key belong together', () => {
  for (const options of [{ cert: CERTIFICATE }, { key: KEY }]) {
    assert.throws(() => serve({ ...LOCAL, ...options }), /cert and key: both/);
  }
});

Deno.test('there is no TLS on a Unix socket, and nothing is sent in plain text instead', () => {
  assert.throws(() => serve({ path: '/nowhere', cert: CERTIFICATE, key: KEY }), /path: Deno has no TLS/);
  assert.throws(
    () => connect('wss://localhost', { socketPath: '/nowhere', reconnect: true }),
    /socketPath: Deno has no TLS/,
  );
});

const starts = { 'stays silent': [], 'sends half a hello': [0x16, 3, 1, 2, 0, 1, 0] };

for (const [what, start] of Object.entries(starts)) {
  Deno.test(`TLS: a client that ${what}: handshakeTimeout, and the end at once; others are served`, async () => {
    const clock = new VirtualClock();
    const { log, handlers } = recorder();
    await using server = serve(
      { ...SECURE, clock, handshakeTimeout: 1000, closeTimeout: 60_000 },
      { ...handlers, ...echo },
    );
    using silent = await Deno.connect({ hostname: '127.0.0.1', port: server.port });
    if (start.length > 0) await silent.write(Uint8Array.from(start));
    while (server.connections.size === 0) await settled();
    const conn = [...server.connections][0]?.socket as Deno.Conn;
    await exchange(server);
    while (server.connections.size > 1) await settled();
    log.length = 0;
    clock.advance(1001);
    await settled();
    // Deno keeps the socket itself open until the client does something: it does not release one in the middle of a TLS handshake.
    assert.equal([log, server.connections.size], [['fail handshake-timeout', 'end 1006'], 0]);
    assert.match(await conn.read(new Uint8Array(1)).then(() => 'it was read', String), /Bad resource/);
  });

  Deno.test(`TLS: a client that ${what} does not delay close`, async () => {
    const { log, handlers } = recorder();
    const clock = new VirtualClock();
    const server = serve({ ...SECURE, clock }, handlers);
    using silent = await Deno.connect({ hostname: '127.0.0.1', port: server.port });
    if (start.length > 0) await silent.write(Uint8Array.from(start));
    while (server.connections.size === 0) await settled();
    // Time has not moved.
    await server.close();
    assert.equal(log, ['fail handshake-interrupted', 'end 1006']);
  });
}

Deno.test('TLS: a client that goes away during the handshake', async () => {
  const { log, handlers } = recorder();
  await using server = serve(SECURE, handlers);
  const conn = await Deno.connect({ hostname: '127.0.0.1', port: server.port });
  await conn.write(Uint8Array.from(starts['sends half a hello']));
  conn.close();
  while (log.length < 2) await settled();
  assert.equal(log, ['fail handshake-interrupted', 'end 1006']);
});

Deno.test('TLS: a silent server: handshakeTimeout, from the first moment', async () => {
  using listener = Deno.listen({ ...LOCAL, port: 0 });
  const clock = new VirtualClock();
  const ws = connect(`wss://127.0.0.1:${listener.addr.port}`, { clock, handshakeTimeout: 1000 });
  using _ = await listener.accept();
  while (ws.socket === undefined) await settled();
  clock.advance(999);
  assert.is(ws.state, 'connecting');
  clock.advance(3);
  assert.is((await ws.closed).explanation.error?.rule, 'handshake-timeout');
});

for (const way of ['close', 'terminate', 'abort'] as const) {
  Deno.test(`TLS: ${way} gives up a stalled handshake`, async () => {
    using listener = Deno.listen({ ...LOCAL, port: 0 });
    const trigger = new AbortController();
    const ws = connect(`wss://127.0.0.1:${listener.addr.port}`, { signal: trigger.signal });
    using _ = await listener.accept();
    while (ws.socket === undefined) await settled();
    if (way === 'abort') trigger.abort();
    else ws[way]();
    assert.is(ws.state, 'closed');
  });
}

Deno.test('TLS: a client with a certificate', async () => {
  await using server = serve(SECURE, echo);
  await exchange(server, { tls: { ...TRUST.tls, cert: CERTIFICATE, key: KEY } });
});
