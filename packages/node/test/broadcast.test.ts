// Sending to many: who gets a message, what happens to members that read too slowly, and the order of messages.
import type { Socket } from 'node:net';
import * as assert from 'uvu/assert';
import {
  accept,
  Groups,
  type Handlers,
  prepare,
  type ServeOptions,
  type Server,
  type WebSocketConnection,
} from '../src/index.ts';
import { crowd, sizes } from './crowd.ts';
import { rawClient } from './raw.ts';
import { type Bench, deferred, delay, suite, thrown, until } from './support.ts';

const test = suite('broadcast', 20_000);

const MB = 1024 * 1024;

test('broadcast reaches all open connections, and none that is closing or undecided', async (bench) => {
  const decide = deferred<void>();
  const { server, all, clients, received } = await crowd(bench, 3, {
    async request(_, { path }) {
      if (path === '/late') await decide.promise;
      return accept();
    },
  });
  const late = bench.connect(`${server.url}/late`);
  await until(() => server.connections.size === 4);
  assert.is(server.open.size, 3);
  all[0]?.close(4000);
  assert.equal([server.open.size, server.connections.size], [2, 4]);
  assert.equal(server.broadcast('news'), { sent: 2, skipped: 0, closed: 0 });
  assert.equal(server.broadcast('more', { except: all[1] }), { sent: 1, skipped: 0, closed: 0 });
  await clients[0]?.closed;
  await until(() => received[2]?.length === 2);
  assert.equal(sizes(received), [0, 1, 2]);
  decide.resolve();
  await late.opened;
  await until(() => server.open.size === 3);
});

test('server.open contains a connection while its open handler runs, and no longer when its peer has closed', async (bench) => {
  const seen: (number | string)[] = [];
  const server: Server = await bench.serve({
    open: () => void seen.push(server.open.size),
    message: (ws) => void seen.push(server.broadcast('x').sent, ws.state),
    close: () => void seen.push(server.open.size),
    end: () => void seen.push(server.connections.size),
  });
  const client = bench.connect(server.url);
  await client.opened;
  client.send('hello');
  client.close(1000);
  await client.closed;
  await until(() => seen.length === 5);
  assert.equal(seen, [1, 1, 'open', 0, 0]);
});

test('a member that is not open, or to which a fragmented message is in progress, is left out', async (bench) => {
  const { server, all, received } = await crowd(bench, 3);
  const group = server.group('x');
  for (const ws of all) group.join(ws);
  all[0]?.close();
  all[1]?.sendFragment('frag', false);
  assert.equal(group.send('x'), { sent: 1, skipped: 2, closed: 0 });
  all[1]?.sendFragment('ment', true);
  await until(() => received[1]?.length === 1 && received[2]?.length === 1);
  assert.equal(received, [[], ['fragment'], ['x']]);
});

/** A server with members that do not read, and so much waiting for each that one more message is too much. */
async function full(bench: Bench, count: number, handlers: Handlers = {}, options: ServeOptions = {}) {
  const { server, all, received } = await crowd(bench, 1, handlers, { maxQueuedBytes: 2 * MB, ...options });
  for (let n = 0; n < count; n++) {
    (await rawClient(bench, server.port)).socket.pause();
    await until(() => all.length === n + 2);
  }
  const group = server.group('x');
  for (const ws of all) group.join(ws);
  // More than a socket's buffers hold; then the outbox keeps less than 2 MiB.
  for (const ws of all.slice(1)) {
    for (let room = true; room; await delay(1)) {
      room = ws.queuedBytes < 2 * MB;
      if (room) ws.send(new Uint8Array(MB));
    }
  }
  return { server, group, all, received };
}

test("slow: 'close' fails members whose queue is full with 1013, and the others get the message", async (bench) => {
  const ends: unknown[] = [];
  const end: Handlers['end'] = (_, { explanation }) => void ends.push(explanation.sent?.code, explanation.error?.rule);
  const { group, received } = await full(bench, 2, { end }, { closeTimeout: 100 });
  assert.equal(group.send(new Uint8Array(MB)), { sent: 1, skipped: 0, closed: 2 });
  await until(() => received[0]?.length === 1);
  // They are not open any more.
  assert.equal(group.send('x'), { sent: 1, skipped: 2, closed: 0 });
  await until(() => ends.length === 4);
  assert.equal(ends, [1013, 'reader-too-slow', 1013, 'reader-too-slow']);
  assert.is(group.size, 1);
});

test("slow: 'skip' leaves out members whose queue is full", async (bench) => {
  const { group, all, received } = await full(bench, 2);
  const queued = all.map(({ queuedBytes }) => queuedBytes);
  assert.equal(group.send(new Uint8Array(MB), { slow: 'skip' }), { sent: 1, skipped: 2, closed: 0 });
  assert.equal(
    all.slice(1).map((ws) => ws.queuedBytes),
    queued.slice(1),
  );
  assert.ok(all.every(({ state }) => state === 'open'));
  await until(() => received[0]?.length === 1);
});

test('slow: a function is called for each member whose queue is full, and for no other', async (bench) => {
  const { group, all } = await full(bench, 2);
  const asked: number[] = [];
  const slow = (ws: WebSocketConnection): 'close' | 'skip' => {
    asked.push(all.indexOf(ws));
    return asked.length === 1 ? 'skip' : 'close';
  };
  assert.equal(group.send(new Uint8Array(MB), { slow }), { sent: 1, skipped: 1, closed: 1 });
  assert.equal(asked, [1, 2]);
  assert.equal(
    all.map(({ state }) => state),
    ['open', 'open', 'closing'],
  );
});

test('slow: a function that throws or returns a wrong value fails only its member, with 1011', async (bench) => {
  const errors: unknown[] = [];
  const { group, all, received } = await full(bench, 4, {
    error: (ws, error) => void errors.push(all.indexOf(ws as never), error),
  });
  const answers = [
    () => {
      throw new RangeError('mine');
    },
    () => 'drop',
    () => Promise.reject(new Error('late')),
    () => 'skip',
  ];
  const slow = (): never => answers.shift()?.() as never;
  assert.equal(group.send(new Uint8Array(MB), { slow }), { sent: 1, skipped: 1, closed: 3 });
  assert.equal(errors.map(String), [
    '1',
    'RangeError: mine',
    '2',
    "TypeError: slow returns 'close' or 'skip', not drop",
    '3',
    "TypeError: slow returns 'close' or 'skip', not a promise",
  ]);
  assert.equal(
    all.map(({ state }) => state),
    ['open', 'closing', 'closing', 'closing', 'open'],
  );
  await until(() => received[0]?.length === 1);
});

test('a message longer than maxQueuedBytes is sent to members whose queue is empty', async (bench) => {
  const { server, received } = await crowd(bench, 2, {}, { maxQueuedBytes: 100_000 });
  assert.equal(server.broadcast(new Uint8Array(5 * MB)), { sent: 2, skipped: 0, closed: 0 });
  await until(() => sizes(received).every((count) => count === 1));
});

test('many messages in one turn arrive in order', async (bench) => {
  const { server, received } = await crowd(bench, 3);
  for (let n = 0; n < 100; n++) server.broadcast(String(n));
  await until(() => sizes(received).every((count) => count === 100));
  for (const mine of received)
    assert.equal(
      mine,
      Array.from({ length: 100 }, (_, n) => String(n)),
    );
});

test('the first message of a turn is one Buffer for all, written at once; later ones are written at the end of the turn', async (bench) => {
  const { server, all, received } = await crowd(bench, 2);
  const writes = all.map((ws) => {
    const socket = ws.socket as Socket;
    const { write } = socket;
    const mine: unknown[] = [];
    socket.write = (...args: unknown[]) => {
      mine.push(args[0]);
      return (write as (...args: unknown[]) => boolean).apply(socket, args);
    };
    return mine;
  });
  server.broadcast('first');
  assert.equal(sizes(writes), [1, 1]);
  assert.instance(writes[0]?.[0], Buffer);
  assert.is(writes[0]?.[0], writes[1]?.[0]);
  for (let n = 0; n < 10; n++) server.broadcast('more');
  all[0]?.send('mine');
  assert.equal(sizes(writes), [1, 1]);
  await Promise.resolve();
  const written = sizes(writes);
  assert.ok(written.every((count) => count > 1));
  // The next turn begins anew.
  server.broadcast('last');
  assert.equal(
    sizes(writes),
    written.map((count) => count + 1),
  );
  await until(() => sizes(received).join() === '13,12');
});

test('messages that a handler relays to a group arrive in the order in which they were sent', async (bench) => {
  const group = new Groups().group('all');
  const { clients, received } = await crowd(bench, 3, {
    open: (ws) => void group.join(ws),
    message: (ws, data) => void group.send(data, { except: ws }),
  });
  for (let n = 0; n < 50; n++) clients[0]?.send(`a${n}`);
  clients[1]?.send('b');
  await until(() => received[2]?.length === 51);
  assert.equal(
    received[1],
    Array.from({ length: 50 }, (_, n) => `a${n}`),
  );
  assert.equal(received[0], ['b']);
});

test('a prepared message goes to groups and single connections, and takes no further options', async (bench) => {
  const { server, all, received } = await crowd(bench, 2);
  const message = prepare('once');
  assert.is(all[0]?.send(message), true);
  assert.is(server.broadcast(message).sent, 2);
  await until(() => sizes(received).join() === '2,1');
  assert.equal(received, [['once', 'once'], ['once']]);
  for (const options of [{ compress: true }, { text: true }]) {
    assert.match(thrown(TypeError, () => server.broadcast(message, options)).message, /give this option to prepare/);
    assert.match(thrown(TypeError, () => all[0]?.send(message, options)).message, /give this option to prepare/);
  }
  all[0]?.close();
  assert.is(all[0]?.send(message), false);
});

test('a broadcast is compressed for members that have agreed on it, with and without context takeover', async (bench) => {
  for (const compression of [true, { serverNoContextTakeover: true }]) {
    const { server, received } = await crowd(bench, 1, {}, { compression });
    const mine: unknown[] = [];
    const client = bench.connect(server.url, { message: (_, data) => void mine.push(data) }, { compression: true });
    await client.opened;
    await until(() => server.open.size === 2);
    const text = 'Hello '.repeat(500);
    for (let n = 0; n < 3; n++) assert.is(server.broadcast(text).sent, 2);
    await until(() => mine.length === 3 && received[0]?.length === 3);
    assert.equal(
      [mine, received[0]],
      [
        [text, text, text],
        [text, text, text],
      ],
    );
    // Half of the messages went out compressed.
    assert.ok(server.statistics.bytesSent < 4 * text.length);
  }
});

test('a failing random source of one member is reported, and the others get the message', async (bench) => {
  const errors: unknown[] = [];
  const { clients, server } = await crowd(bench, 1);
  let broken = false;
  const random = (bytes: Uint8Array<ArrayBuffer>): void => {
    if (broken) throw new RangeError('no entropy');
    crypto.getRandomValues(bytes);
  };
  const poor = bench.connect(server.url, { error: (_, error) => void errors.push(error) }, { random });
  await poor.opened;
  const group = new Groups().group('x');
  for (const ws of [poor, clients[0] as WebSocketConnection]) group.join(ws);
  broken = true;
  // The pool of masking keys lasts for a while.
  for (let n = 0; n < 5000 && errors.length === 0; n++) group.send('x');
  assert.is(String(errors[0]), 'RangeError: no entropy');
  assert.equal(group.send('x'), { sent: 1, skipped: 1, closed: 0 });
  broken = false;
});

test.run();
