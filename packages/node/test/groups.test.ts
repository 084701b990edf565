// Groups: who is in them, what sending to many does to each, and that nothing is left of those that are empty.
import * as assert from 'uvu/assert';
import {
  accept,
  type Group,
  Groups,
  type Handlers,
  prepare,
  type ServeOptions,
  type Server,
  type WebSocketConnection,
} from '../src/index.ts';
import { rawClient } from './raw.ts';
import { type Bench, collectGarbage, deferred, delay, soon, suite, thrown, until } from './support.ts';

const test = suite('groups', 20_000);

const MB = 1024 * 1024;

interface Crowd {
  readonly server: Server;
  /** The server's connections, in the order in which they opened. */
  readonly all: WebSocketConnection[];
  /** The same connections at their other ends, and what each has received. */
  readonly clients: WebSocketConnection[];
  readonly received: (string | Uint8Array)[][];
}

async function crowd(bench: Bench, count: number, handlers: Handlers = {}, options: ServeOptions = {}): Promise<Crowd> {
  const all: WebSocketConnection[] = [];
  const server = await bench.serve(
    {
      ...handlers,
      open(ws, event) {
        all.push(ws);
        return handlers.open?.(ws, event);
      },
    },
    options,
  );
  const received: (string | Uint8Array)[][] = [];
  const clients: WebSocketConnection[] = [];
  for (let n = 0; n < count; n++) {
    const mine: (string | Uint8Array)[] = [];
    received.push(mine);
    const client = bench.connect(server.url, { message: (_, data) => void mine.push(data) });
    await client.opened;
    await until(() => all.length === n + 1);
    clients.push(client);
  }
  return { server, all, clients, received };
}

const sizes = (received: readonly unknown[][]): number[] => received.map(({ length }) => length);

test('a member gets what is sent to the group, others do not', async (bench) => {
  const { server, all, received } = await crowd(bench, 4);
  const [a, b, c] = all as [WebSocketConnection, WebSocketConnection, WebSocketConnection];
  const tea = server.group('tea');
  for (const ws of [a, b]) assert.is(tea.join(ws), true);
  assert.is(server.group('coffee').join(c), true);
  assert.equal([tea.size, server.group('tea').size, server.group('coffee').size], [2, 2, 1]);
  assert.equal(tea.send('hello'), { sent: 2, skipped: 0, closed: 0 });
  assert.equal(tea.send(Uint8Array.of(1), { except: a }), { sent: 1, skipped: 0, closed: 0 });
  assert.equal(tea.send(Uint8Array.of(0x61), { except: [a, c], text: true }), { sent: 1, skipped: 0, closed: 0 });
  assert.equal(tea.send('nobody', { except: tea }), { sent: 0, skipped: 0, closed: 0 });
  await until(() => received[1]?.length === 3);
  await soon();
  assert.equal(
    received.map((mine) => mine.map((data) => (typeof data === 'string' ? data : [...data]))),
    [['hello'], ['hello', [1], 'a'], [], []],
  );
});

test('join, leave, has, iteration and size agree; a second join or leave changes nothing', async (bench) => {
  const { server, all } = await crowd(bench, 3);
  const group = server.group('x');
  const [a, b, c] = all as [WebSocketConnection, WebSocketConnection, WebSocketConnection];
  assert.equal([group.name, group.size, [...group], group.has(a), group.leave(a)], ['x', 0, [], false, false]);
  assert.equal(
    [a, b, c, a].map((ws) => group.join(ws)),
    [true, true, true, false],
  );
  assert.equal(
    [...server.group('x')].map((ws) => all.indexOf(ws)),
    [0, 1, 2],
  );
  assert.equal([group.leave(b), group.leave(b), group.has(b), group.size], [true, false, false, 2]);
  const met: number[] = [];
  for (const ws of group) {
    met.push(all.indexOf(ws));
    group.leave(c);
  }
  assert.equal(met, [0]);
});

test('a connection leaves all its groups when it ends, before `end` is called, and joins none afterwards', async (bench) => {
  const seen: unknown[] = [];
  const ended = deferred<void>();
  const { server, all, clients } = await crowd(bench, 2, {
    end(ws) {
      seen.push([...groups].map((group) => group.has(ws)));
      seen.push([...groups].map((group) => group.join(ws)));
      ended.resolve();
    },
  });
  const groups: Group[] = [server.group('a'), server.group('b')];
  for (const ws of all) for (const group of groups) group.join(ws);
  clients[0]?.terminate();
  await ended.promise;
  assert.equal(seen, [
    [false, false],
    [false, false],
  ]);
  assert.equal(
    groups.map(({ size }) => size),
    [1, 1],
  );
});

test('groups that nobody is in any more take no memory', async (bench) => {
  const groups = new Groups();
  const { all, clients } = await crowd(bench, 2);
  const [a, b] = all as [WebSocketConnection, WebSocketConnection];
  await collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 20_000; n++) {
    groups.group(`room ${n}`).join(a);
    groups.group(`room ${n}`).send('x', { except: a });
    groups.group(`room ${n}`).leave(a);
    groups.group(`nobody ${n}`);
  }
  assert.is(groups.size, 0);
  for (let n = 0; n < 1000; n++) groups.group(`room ${n}`).join(b);
  assert.is(groups.size, 1000);
  clients[1]?.terminate();
  await b.closed;
  assert.is(groups.size, 0);
  await collectGarbage();
  const more = process.memoryUsage().heapUsed - before;
  assert.ok(more < 2 * MB, `${more} bytes more`);
});

test('broadcast reaches all that are open, and none that is closing or undecided', async (bench) => {
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

test('whoever opens is among those that are open while its handler runs; whoever is closed by its peer is not', async (bench) => {
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

test('a member that is not open is left out, and one that is sending fragments', async (bench) => {
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
async function full(bench: Bench, count: number, handlers: Handlers = {}) {
  const { server, all, received } = await crowd(bench, 1, handlers, { maxQueuedBytes: 2 * MB });
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

test("slow: 'close' fails members that are full with 1013, and the others get it", async (bench) => {
  const ends: unknown[] = [];
  const { group, received } = await full(bench, 2, {
    end: (_, { explanation }) => void ends.push(explanation.sent?.code, explanation.error?.rule),
  });
  assert.equal(group.send(new Uint8Array(MB)), { sent: 1, skipped: 0, closed: 2 });
  await until(() => received[0]?.length === 1);
  // They are not open any more.
  assert.equal(group.send('x'), { sent: 1, skipped: 2, closed: 0 });
  await until(() => ends.length === 4);
  assert.equal(ends, [1013, 'reader-too-slow', 1013, 'reader-too-slow']);
  assert.is(group.size, 1);
});

test("slow: 'skip' leaves members out that are full", async (bench) => {
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

test('slow: a function decides for each member that is full, and is asked of no other', async (bench) => {
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

test('slow: what it throws, or answers that is neither, fails its member alone with 1011', async (bench) => {
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

test('one message that is longer than maxQueuedBytes goes to whoever has nothing waiting', async (bench) => {
  const { server, received } = await crowd(bench, 2, {}, { maxQueuedBytes: 100_000 });
  assert.equal(server.broadcast(new Uint8Array(5 * MB)), { sent: 2, skipped: 0, closed: 0 });
  await until(() => sizes(received).every((count) => count === 1));
});

test('many messages in one turn arrive in order, in a few writes', async (bench) => {
  const { server, received } = await crowd(bench, 3);
  for (let n = 0; n < 100; n++) server.broadcast(String(n));
  await until(() => sizes(received).every((count) => count === 100));
  for (const mine of received)
    assert.equal(
      mine,
      Array.from({ length: 100 }, (_, n) => String(n)),
    );
});

test('handlers that broadcast what they get: each member gets all, in the order in which it was sent', async (bench) => {
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

test('a prepared message goes to groups and to single connections; its options are its own', async (bench) => {
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

test('compressed for connections with and without context takeover', async (bench) => {
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
  }
});

test('find gives all open connections with a key', async (bench) => {
  const { server, clients, all } = await crowd(bench, 0, {
    request: (_, { path }) => accept({ key: path === '/none' ? undefined : path }),
  });
  for (const path of ['/a', '/b', '/a', '/none']) {
    const client = bench.connect(server.url + path);
    clients.push(client);
    await client.opened;
    await until(() => all.length === clients.length);
  }
  const found = (key: unknown): number[] => server.find(key).map((ws) => all.indexOf(ws));
  assert.equal([found('/a'), found('/b'), found('/c'), found(undefined)], [[0, 2], [1], [], []]);
  assert.equal(
    all.map(({ key }) => key),
    ['/a', '/b', '/a', undefined],
  );
  all[0]?.close();
  assert.equal(found('/a'), [2]);
  clients[2]?.terminate();
  await all[2]?.closed;
  assert.equal(found('/a'), []);
});

test('groups of connections of your own, clients among them', async (bench) => {
  const { all, clients, server } = await crowd(bench, 2);
  const groups = new Groups();
  const mixed = groups.group('mixed');
  for (const ws of [...all, ...clients]) mixed.join(ws);
  const got = deferred<unknown>();
  const client = bench.connect(server.url, { message: (_, data) => got.resolve(data) });
  mixed.join(client);
  assert.equal(mixed.send('early'), { sent: 4, skipped: 1, closed: 0 });
  await client.opened;
  assert.equal(mixed.send('late'), { sent: 5, skipped: 0, closed: 0 });
  await until(() => server.open.size === 3);
  server.broadcast('to you');
  assert.is(await got.promise, 'to you');
});

test('misuse is said before anything is sent', async (bench) => {
  const { server, all, received } = await crowd(bench, 1);
  const group = server.group('x');
  group.join(all[0] as WebSocketConnection);
  for (const [call, message] of [
    [() => group.send(5 as never), /a string, an ArrayBuffer or a view/],
    [() => group.send('x', { slow: 'drop' as never }), /slow: 'close', 'skip' or a function, not drop/],
    [() => group.send('x', { exept: all[0] } as never), /exept: there is no such option; did you mean except\?/],
    [() => group.send('x', { except: 'me' as never }), /except: a connection, or several/],
    [() => group.send('x', { except: 5 as never }), /except: a connection, or several/],
    [() => group.send(Uint8Array.of(255), { text: true }), /valid UTF-8/],
    [() => group.join({} as never), /what joins a group is a connection/],
    [() => server.group(undefined as never), /the name of a group is a string, not undefined/],
    [() => server.broadcast(undefined as never), /a string, an ArrayBuffer or a view/],
  ] as const) {
    assert.match(thrown(TypeError, call).message, message);
  }
  await soon();
  assert.equal(received, [[]]);
});

test('a member whose random source fails is reported, and the others get it', async (bench) => {
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
