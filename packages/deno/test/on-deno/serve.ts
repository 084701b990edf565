/** Features that only a server on Deno has. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { VirtualClock } from '@sockless/adapter/testing';
import { fieldValue, HandshakeError } from '@sockless/core';
import * as assert from 'uvu/assert';
import {
  connect,
  type Handlers,
  reject,
  type ServeOptions,
  type Server,
  serve,
  type WebSocketConnection,
} from '../../src/index.ts';
import { settled, throwIt } from './fake-conn.ts';

const LOCAL: ServeOptions = { hostname: '127.0.0.1' };
const echo = { message: (ws: WebSocketConnection, data: string | Uint8Array): void => void ws.send(data) };

/** Sends a text and bytes, waits for both echoes, and closes. */
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

Deno.test('onListen and addr report where it listens', async () => {
  const heard: Deno.Addr[] = [];
  await using server = serve({ ...LOCAL, onListen: (addr) => void heard.push(addr) }, echo);
  assert.equal(heard, [server.addr]);
  assert.is((server.addr as Deno.NetAddr).port, server.port);
  assert.is(server.url, `ws://127.0.0.1:${server.port}`);
  await exchange(server);
});

Deno.test('a Unix socket, removed when the server has closed', async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/sockless.sock`;
  for (let again = 0; again < 2; again++) {
    const server = serve({ path }, echo);
    assert.equal([server.port, server.url], [0, path]);
    await exchange(server, { socketPath: path });
    await server.close();
    // The second call does nothing.
    await server.close();
  }
  assert.is(await Deno.stat(path).catch(() => 'none'), 'none');
  await Deno.remove(folder);
});

Deno.test('signal closes it gracefully', async () => {
  const trigger = new AbortController();
  const server = serve({ ...LOCAL, signal: trigger.signal }, echo);
  const ws = connect(server.url, {}, { message() {} });
  await ws.opened;
  trigger.abort();
  await server.finished;
  assert.equal([(await ws.closed).code, ws.endEvent?.clean, server.connections.size], [1001, true, 0]);
  assert.throws(() => serve({ ...LOCAL, signal: trigger.signal }), /abort/);
});

for (const told of [true, false]) {
  Deno.test(`an error while accepting does not end it, and goes to ${told ? '`error`, without a connection' : 'the console'}`, async () => {
    const { listen } = Deno;
    const { error: print } = console;
    let failures = 0;
    const heard: unknown[][] = [];
    const full = new Error('Too many open files (os error 24)');
    Object.assign(Deno, {
      listen(options: Deno.ListenOptions & { transport?: 'tcp' }) {
        const listener = listen(options);
        const accept = listener.accept.bind(listener);
        listener.accept = () => (failures++ < 3 ? Promise.reject(full) : accept());
        return listener;
      },
    });
    console.error = (...values) => void heard.push(values);
    try {
      await using server = serve(LOCAL, told ? { ...echo, error: (...values) => void heard.push(values) } : echo);
      await exchange(server);
      assert.ok(failures > 3);
      assert.is(heard.length, 3);
      for (const values of heard) assert.equal([values[0] === undefined, values[1]], [told, full]);
    } finally {
      Object.assign(Deno, { listen });
      console.error = print;
    }
  });
}

for (const onListen of [() => Promise.reject(new Error('oops')), () => throwIt(new Error('oops'))]) {
  Deno.test(`onListen ${onListen.toString().includes('reject') ? 'rejects' : 'throws'}: the server serves, and \`error\` knows`, async () => {
    const errors: unknown[] = [];
    await using server = serve({ ...LOCAL, onListen }, { ...echo, error: (ws, error) => void errors.push(ws, error) });
    await exchange(server);
    assert.equal([errors.length, errors[0], String(errors[1])], [2, undefined, 'Error: oops']);
  });
}

Deno.test('the wait before accepting again doubles each time, up to a second, and closing ends it', async () => {
  const { listen } = Deno;
  Object.assign(Deno, {
    listen(options: Deno.ListenOptions & { transport?: 'tcp' }) {
      return Object.assign(listen(options), { accept: () => Promise.reject(new Error('no')) });
    },
  });
  const clock = new VirtualClock();
  let attempts = 0;
  try {
    const server = serve({ ...LOCAL, clock }, { ...echo, error: () => void attempts++ });
    await settled();
    for (const wait of [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]) {
      const before = attempts;
      clock.advance(wait - 1);
      await settled();
      assert.is(attempts, before, `sooner than after ${wait} ms`);
      clock.advance(1);
      await settled();
      assert.is(attempts, before + 1, `not after ${wait} ms`);
    }
    await server.close();
    assert.is(clock.timers, 0);
  } finally {
    Object.assign(Deno, { listen });
  }
});

Deno.test('refused: by a status with a header field and a body, for an Origin, and what is no WebSocket request', async () => {
  await using server = serve(LOCAL, { request: () => reject(401, { 'X-Why': 'because' }, 'who?') });
  const { explanation } = await connect(server.url).closed;
  const { error } = explanation;
  assert.ok(error instanceof HandshakeError);
  assert.is(error.rule, 'status-not-101');
  const { status, headers = [], body } = error.response ?? {};
  assert.equal([status, fieldValue(headers, 'x-why'), new TextDecoder().decode(body)], [401, 'because', 'who?']);
  const response = await fetch(server.url.replace('ws:', 'http:'));
  assert.equal([response.status, response.headers.get('upgrade')], [426, 'websocket']);
  await response.body?.cancel();
  const foreign = await connect(server.url, { origin: 'https://evil.example' }).closed;
  assert.match(foreign.explanation.summary, /status-not-101.*403/);
});

for (const sent of ['', 'GET / HTTP/1.1\r\n']) {
  Deno.test(`a client that has sent ${sent === '' ? 'nothing' : 'half a head'}: handshakeTimeout, from the first moment`, async () => {
    const ends: (string | undefined)[] = [];
    const clock = new VirtualClock();
    const end: Handlers['end'] = (_, { explanation }) => void ends.push(explanation.error?.rule);
    await using server = serve({ ...LOCAL, clock, handshakeTimeout: 1000 }, { end });
    using conn = await Deno.connect({ hostname: '127.0.0.1', port: server.port });
    while (server.connections.size === 0) await settled();
    clock.advance(900);
    if (sent !== '') await conn.write(new TextEncoder().encode(sent));
    await settled();
    clock.advance(101);
    const into = new Uint8Array(1000);
    const length = (await conn.read(into)) ?? 0;
    assert.match(new TextDecoder().decode(into.subarray(0, length)), /^HTTP\/1\.1 408 /);
    await conn.closeWrite();
    while (ends.length === 0) await settled();
    assert.equal(ends, ['handshake-timeout']);
  });
}

Deno.test('the context of the application is kept in the handlers of its server', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const note = (): void => void seen.push(storage.getStore());
  const message: Handlers['message'] = (ws, data) => {
    note();
    ws.send(data);
  };
  const handlers: Handlers = { open: note, end: note, message };
  const server = storage.run('server', () => serve(LOCAL, handlers));
  await storage.run('client', () => exchange(server));
  await storage.run('closing', () => server.close());
  assert.equal([seen.length, new Set(seen)], [4, new Set(['server'])]);
});
