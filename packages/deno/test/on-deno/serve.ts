/** What a server of Deno's has of its own. */
import * as assert from 'uvu/assert';
import { CERTIFICATE, KEY } from '../../../node/test/certificate.ts';
import { connect, type ServeOptions, type Server, serve, type WebSocketConnection } from '../../src/index.ts';
import { settled } from './fake-conn.ts';

const LOCAL: ServeOptions = { hostname: '127.0.0.1' };
const echo = { message: (ws: WebSocketConnection, data: string | Uint8Array): void => void ws.send(data) };

/** Sends a text and bytes, waits for both, and closes. */
async function exchange(server: Server, options: Parameters<typeof connect>[1] = {}): Promise<void> {
  const url = server.port === 0 ? 'ws://localhost/' : server.url;
  await using ws = connect(url, options);
  await ws.opened;
  ws.send('text');
  ws.send(Uint8Array.of(1, 2, 3));
  const messages = ws[Symbol.asyncIterator]();
  assert.is((await messages.next()).value, 'text');
  assert.equal((await messages.next()).value, Uint8Array.of(1, 2, 3));
}

Deno.test('onListen and addr say where it listens', async () => {
  const heard: Deno.Addr[] = [];
  await using server = serve({ ...LOCAL, onListen: (addr) => void heard.push(addr) }, echo);
  assert.equal(heard, [server.addr]);
  assert.is((server.addr as Deno.NetAddr).port, server.port);
  assert.is(server.url, `ws://127.0.0.1:${server.port}`);
  await exchange(server);
});

Deno.test('TLS: cert and key', async () => {
  await using server = serve({ ...LOCAL, cert: CERTIFICATE, key: KEY }, echo);
  assert.is(server.url, `wss://127.0.0.1:${server.port}`);
  await exchange(server, { tls: { caCerts: [CERTIFICATE] } });
  const { explanation } = await connect(server.url).closed;
  assert.match(explanation.summary, /invalid peer certificate: UnknownIssuer/);
});

Deno.test('TLS: a client that does not speak it harms nobody', async () => {
  await using server = serve({ ...LOCAL, cert: CERTIFICATE, key: KEY }, echo);
  const { explanation } = await connect(`ws://127.0.0.1:${server.port}`).closed;
  assert.match(explanation.summary, /handshake-interrupted|response-malformed/);
  await exchange(server, { tls: { caCerts: [CERTIFICATE] } });
});

Deno.test('cert and key belong together', () => {
  for (const options of [{ cert: CERTIFICATE }, { key: KEY }]) {
    assert.throws(() => serve({ ...LOCAL, ...options }), /cert and key: both/);
  }
});

Deno.test('a Unix socket, which is gone when the server has closed', async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/sockless.sock`;
  for (let again = 0; again < 2; again++) {
    const server = serve({ path }, echo);
    assert.equal([server.port, server.url], [0, path]);
    await exchange(server, { socketPath: path });
    await server.close();
    // Nothing, the second time.
    await server.close();
  }
  assert.is(await Deno.stat(path).catch(() => 'none'), 'none');
  await Deno.remove(folder);
});

Deno.test('signal closes it in good order', async () => {
  const trigger = new AbortController();
  const server = serve({ ...LOCAL, signal: trigger.signal }, echo);
  const ws = connect(server.url, {}, { message() {} });
  await ws.opened;
  trigger.abort();
  await server.finished;
  assert.equal([(await ws.closed).code, ws.endEvent?.clean, server.connections.size], [1001, true, 0]);
  assert.throws(() => serve({ ...LOCAL, signal: trigger.signal }), /abort/);
});

Deno.test('an error while accepting does not end it', async () => {
  const { listen } = Deno;
  let failures = 0;
  Object.assign(Deno, {
    listen(options: Deno.ListenOptions & { transport?: 'tcp' }) {
      const listener = listen(options);
      const accept = listener.accept.bind(listener);
      listener.accept = () => {
        if (failures++ < 3) return Promise.reject(new Error('Too many open files (os error 24)'));
        return accept();
      };
      return listener;
    },
  });
  try {
    await using server = serve(LOCAL, echo);
    await exchange(server);
    assert.ok(failures > 3);
  } finally {
    Object.assign(Deno, { listen });
  }
});

Deno.test('closing ends the wait for another try to accept', async () => {
  const { listen } = Deno;
  Object.assign(Deno, {
    listen(options: Deno.ListenOptions & { transport?: 'tcp' }) {
      return Object.assign(listen(options), { accept: () => Promise.reject(new Error('no')) });
    },
  });
  try {
    const server = serve(LOCAL, echo);
    await settled();
    await server.close();
  } finally {
    Object.assign(Deno, { listen });
  }
});

Deno.test('refused: a status with headers and a body, an Origin, and what is no request', async () => {
  await using server = serve(LOCAL, {
    request: () => ({ status: 401, headers: { 'X-Why': 'because' }, body: 'who?' }),
  });
  const { explanation } = await connect(server.url).closed;
  const { error } = explanation;
  assert.is(error?.rule, 'status-not-101');
  const response = await fetch(server.url.replace('ws:', 'http:'));
  assert.equal([response.status, response.headers.get('upgrade')], [426, 'websocket']);
  await response.body?.cancel();
  const foreign = await connect(server.url, { origin: 'https://evil.example' }).closed;
  assert.match(foreign.explanation.summary, /status-not-101.*403/);
});

Deno.test('a request that is not complete ends by handshakeTimeout', async () => {
  await using server = serve({ ...LOCAL, handshakeTimeout: 30 });
  const conn = await Deno.connect({ hostname: '127.0.0.1', port: server.port });
  await conn.write(new TextEncoder().encode('GET / HTTP/1.1\r\n'));
  const into = new Uint8Array(1000);
  const length = (await conn.read(into)) ?? 0;
  assert.match(new TextDecoder().decode(into.subarray(0, length)), /^HTTP\/1\.1 408 /);
  conn.close();
});
