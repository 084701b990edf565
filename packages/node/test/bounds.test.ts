// How much a server takes on, and what operators see of it.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as assert from 'uvu/assert';
import { accept, type Handlers, reject, type ServeOptions, type WebSocketConnection } from '../src/index.ts';
import { dial, rawClient } from './raw.ts';
import { type Bench, deferred, soon, suite, until } from './support.ts';

const test = suite('bounds', 20_000);

const MB = 1024 * 1024;

/** What a client is told, or that it is in. */
async function come(bench: Bench, url: string): Promise<string> {
  const ws = bench.connect(url);
  const result = await Promise.race([
    ws.opened.then(
      () => 'in',
      () => 'out',
    ),
    ws.closed.then(() => 'out'),
  ]);
  if (result === 'in') return 'in';
  const { error } = (await ws.closed).explanation;
  return String((error as { response?: { status: number } } | undefined)?.response?.status ?? error);
}

test('maxConnections: further clients get 503 until a connection has ended', async (bench) => {
  const ends: string[] = [];
  const server = await bench.serve({ end: () => void ends.push('end') }, { maxConnections: 2 });
  assert.equal(
    [await come(bench, server.url), await come(bench, server.url), await come(bench, server.url)],
    ['in', 'in', '503'],
  );
  assert.equal([server.connections.size, server.open.size, ends], [2, 2, []]);
  for (const ws of server.open) {
    ws.terminate();
    await ws.closed;
    break;
  }
  assert.is(await come(bench, server.url), 'in');
});

test('maxConnectionsPerAddress: further clients get 429 until a connection has ended', async (bench) => {
  const server = await bench.serve({}, { maxConnectionsPerAddress: 2 });
  assert.equal(
    [await come(bench, server.url), await come(bench, server.url), await come(bench, server.url)],
    ['in', 'in', '429'],
  );
  for (const ws of [...server.open]) {
    ws.terminate();
    await ws.closed;
  }
  assert.equal(
    [await come(bench, server.url), await come(bench, server.url), await come(bench, server.url)],
    ['in', 'in', '429'],
  );
});

test('maxPendingHandshakes: further clients are closed without an answer', async (bench) => {
  const decide = deferred<void>();
  const errors: string[] = [];
  const server = await bench.serve(
    {
      async request() {
        await decide.promise;
        return accept();
      },
      error: (_, error) => void errors.push(String(error)),
    },
    { maxPendingHandshakes: 2 },
  );
  const silent = await dial(bench, server.port);
  await until(() => server.statistics.pending === 1);
  const undecided = bench.connect(server.url);
  await until(() => server.connections.size > 0 && server.statistics.pending === 2);
  const refused = await dial(bench, server.port);
  assert.is(await refused.end(), '');
  assert.ok(errors.length === 1 && errors[0]?.includes('maxPendingHandshakes'), String(errors));
  decide.resolve();
  await undecided.opened;
  silent.socket.destroy();
  await until(() => server.statistics.pending === 0);
  assert.is(await come(bench, server.url), 'in');
});

test('maxTotalQueuedBytes: the connections with the most waiting bytes are failed, and no others', async (bench) => {
  const ends: unknown[] = [];
  const all: WebSocketConnection[] = [];
  const server = await bench.serve(
    {
      open: (ws) => void all.push(ws),
      end: (ws, { explanation }) => void ends.push(all.indexOf(ws), explanation.error?.rule),
    },
    { maxTotalQueuedBytes: 10 * MB, closeTimeout: 100 },
  );
  for (let n = 0; n < 3; n++) {
    (await rawClient(bench, server.port)).socket.pause();
    await until(() => all.length === n + 1);
  }
  const [a, b, c] = all as [WebSocketConnection, WebSocketConnection, WebSocketConnection];
  /** So much waits beyond what the socket took. */
  const fill = async (ws: WebSocketConnection, megabytes: number): Promise<void> => {
    while (ws.queuedBytes < megabytes * MB) {
      ws.send(new Uint8Array(MB / 2));
      await soon();
    }
  };
  await fill(a, 2);
  await fill(b, 5);
  assert.equal(
    all.map(({ state }) => state),
    ['open', 'open', 'open'],
  );
  await fill(c, 3.5);
  // It may have passed its closeTimeout meanwhile.
  assert.equal(
    all.map(({ state }) => state === 'open'),
    [true, false, true],
  );
  assert.ok(server.statistics.queuedBytes <= 10 * MB);
  await until(() => ends.length === 2);
  assert.equal(ends, [1, 'reader-too-slow']);
  await fill(c, 4);
  assert.is(c.state, 'open');
});

test('maxTotalQueuedBytes: a peer that reads keeps its connection, whatever the sockets of others still hold', async (bench) => {
  const server = await bench.serve({}, { maxTotalQueuedBytes: 130_000, heartbeat: false });
  (await rawClient(bench, server.port)).socket.pause();
  await until(() => server.open.size === 1);
  const [slow] = [...server.open] as [WebSocketConnection];
  const reader = await rawClient(bench, server.port);
  await until(() => server.open.size === 2);
  let messages = 0;
  for (; slow.state === 'open'; messages++) {
    server.broadcast(new Uint8Array(60_000));
    await soon();
  }
  for (let n = 0; n < 5; n++) assert.is(server.broadcast('x').sent, 1);
  assert.is((await reader.frames(messages + 5)).length, messages + 5);
});

test('maxTotalQueuedBytes: bytes that a peer has read in the meantime do not count against it', async (bench) => {
  const server = await bench.serve({}, { maxTotalQueuedBytes: 100_000, heartbeat: false });
  const wires = [await rawClient(bench, server.port), await rawClient(bench, server.port)];
  await until(() => server.open.size === 2);
  const [reader, slow] = [...server.open] as [WebSocketConnection, WebSocketConnection];
  for (const wire of wires) wire.socket.pause();
  for (; reader.queuedBytes === 0; await soon()) reader.send(new Uint8Array(60_000));
  wires[0]?.socket.resume();
  await until(() => reader.queuedBytes === 0);
  for (; slow.state === 'open'; await soon()) slow.send(new Uint8Array(60_000));
  assert.is(reader.state, 'open');
});

test('maxTotalQueuedBytes: a failed connection that keeps the rest of a long message is terminated', async (bench) => {
  const server = await bench.serve({}, { maxTotalQueuedBytes: 8 * MB, heartbeat: false });
  (await rawClient(bench, server.port)).socket.pause();
  await until(() => server.open.size === 1);
  const [slow] = [...server.open] as [WebSocketConnection];
  slow.send(new Uint8Array(15 * MB));
  const { explanation } = await slow.closed;
  assert.is(explanation.error?.rule, 'reader-too-slow');
  assert.is(slow.queuedBytes, 0);
});

test('maxTotalQueuedBytes: of a connection that closes already the messages are dropped, and no other is failed', async (bench) => {
  const server = await bench.serve({}, { maxTotalQueuedBytes: 3 * MB, heartbeat: false });
  for (let n = 0; n < 2; n++) (await rawClient(bench, server.port)).socket.pause();
  await until(() => server.open.size === 2);
  const [closing, other] = [...server.open] as [WebSocketConnection, WebSocketConnection];
  const fill = async (ws: WebSocketConnection, size: number): Promise<void> => {
    for (; ws.queuedBytes < size; await soon()) ws.send(new Uint8Array(MB / 4));
  };
  await fill(closing, 2 * MB);
  closing.close();
  await fill(other, 1.5 * MB);
  assert.is(other.state, 'open');
  assert.ok(closing.queuedBytes < 0.5 * MB);
});

for (const options of [
  { maxConnections: 0 },
  { maxConnections: 1.5 },
  { maxConnectionsPerAddress: -1 },
  { maxPendingHandshakes: Number.NaN },
  { maxTotalQueuedBytes: '5' as never },
] satisfies ServeOptions[]) {
  const [[name = '', value] = []] = Object.entries(options);
  test(`${name}: ${value} is refused`, async (bench) => {
    const error = await bench.serve({}, options).catch((reason: unknown) => reason);
    assert.ok(error instanceof RangeError || error instanceof TypeError);
    assert.ok((error as Error).message.startsWith(`${name}: a whole number from 1`));
  });
}

test('a connection, its `end` event and the server have statistics', async (bench) => {
  const ended = deferred<void>();
  const found: unknown[] = [];
  const handlers: Handlers = {
    request: (_, { path }) => (path === '/no' ? reject(403) : accept()),
    message: (ws, data) => void ws.send(data),
    end(ws, { statistics }) {
      if (statistics.openedAt === undefined) return;
      const { messagesReceived, messagesSent, openedAt, lastReceivedAt = -1 } = statistics;
      found.push(messagesReceived, messagesSent, lastReceivedAt >= openedAt, ws.statistics?.messagesSent);
      ended.resolve();
    },
  };
  const server = await bench.serve(handlers);
  let back = 0;
  const client = bench.connect(server.url, { message: () => void back++ });
  await client.opened;
  for (let n = 0; n < 3; n++) client.send('hello');
  await until(() => back === 3);
  const now = server.statistics;
  assert.equal(
    [now.connections, now.open, now.pending, now.opened, now.ended, now.refused, now.queuedBytes],
    [1, 1, 0, 1, 0, 0, 0],
  );
  assert.equal([now.messagesReceived, now.messagesSent], [3, 3]);
  assert.is(await come(bench, `${server.url}/no`), '403');
  client.close(1000);
  await ended.promise;
  assert.equal(found, [3, 3, true, 3]);
  await until(() => server.connections.size === 0);
  const then = server.statistics;
  assert.equal(
    [then.connections, then.open, then.opened, then.ended, then.refused, then.messagesReceived, then.messagesSent],
    [0, 0, 1, 1, 1, 3, 3],
  );
  assert.ok(then.bytesReceived > now.bytesReceived && then.bytesSent > now.bytesSent);
  const { statistics } = await client.closed;
  assert.equal([statistics.messagesReceived, statistics.messagesSent], [3, 3]);
});

test('remoteAddress is the address of the peer', async (bench) => {
  const known = deferred<string | undefined>();
  const server = await bench.serve({ open: (ws) => known.resolve(ws.remoteAddress) });
  bench.connect(server.url);
  assert.match((await known.promise) ?? '', /127\.0\.0\.1$/);
});

test('diagnostics: the channels report connections that open, end or are refused', async (bench) => {
  const heard: string[] = [];
  const listen = (name: string, summarize: (message: never) => unknown): void => {
    const listener = (message: unknown): void => void heard.push(`${name}: ${summarize(message as never)}`);
    subscribe(`sockless:${name}`, listener);
    bench.after(() => unsubscribe(`sockless:${name}`, listener));
  };
  listen('open', ({ event }: { event: { type: string } }) => event.type);
  listen('end', ({ ws, event }: { ws: WebSocketConnection; event: { code: number } }) => `${ws.state} ${event.code}`);
  listen('refuse', ({ error }: { error: { rule: string } }) => error.rule);
  const server = await bench.serve({ request: (_, { path }) => (path === '/no' ? reject(403) : accept()) });
  const client = bench.connect(server.url);
  await client.opened;
  await until(() => heard.length === 2);
  client.close(1000);
  await client.closed;
  await until(() => heard.length === 4);
  assert.equal(heard.splice(0).sort(), ['end: closed 1000', 'end: closed 1000', 'open: open', 'open: open']);
  assert.is(await come(bench, `${server.url}/no`), '403');
  await until(() => heard.filter((what) => what.startsWith('end')).length >= 2);
  assert.ok(heard.includes('refuse: handshake-rejected'), String(heard));
});

test('diagnostics: a failed accept is published and not printed, even without an error handler', async (bench) => {
  const heard: unknown[] = [];
  const listener = (message: unknown): void => void heard.push((message as { error: Error }).error.message);
  subscribe('sockless:accept-failed', listener);
  bench.after(() => unsubscribe('sockless:accept-failed', listener));
  const { error } = console;
  bench.after(() => {
    console.error = error;
  });
  const printed: unknown[] = [];
  console.error = (...values: unknown[]) => void printed.push(values);
  const server = await bench.serve({}, { maxPendingHandshakes: 1 });
  await dial(bench, server.port);
  await until(() => server.statistics.pending === 1);
  const refused = await dial(bench, server.port);
  assert.is(await refused.end(), '');
  assert.equal(heard, ['maxPendingHandshakes: a client was turned away, because so many handshakes are pending']);
  assert.equal(printed, []);
});

test.run();
