// Groups: their members, what they are sent, and that empty groups take no memory.
import * as assert from 'uvu/assert';
import { accept, type Group, Groups, type WebSocketConnection } from '../src/index.ts';
import { crowd } from './crowd.ts';
import { collectGarbage, deferred, soon, suite, thrown, until } from './support.ts';

const test = suite('groups', 20_000);

const MB = 1024 * 1024;

test('members get the messages sent to the group, other connections do not', async (bench) => {
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

test('join, leave, has, iteration and size agree, and a second join or leave changes nothing', async (bench) => {
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

test('groups without members take no memory', async (bench) => {
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

test('find returns all open connections with a key', async (bench) => {
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

test('groups of your own may contain clients as well as server connections', async (bench) => {
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

test('misuse throws before anything is sent', async (bench) => {
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
    [() => group.join({} as never), /only a WebSocketConnection can join a group/],
    [() => server.group(undefined as never), /the name of a group is a string, not undefined/],
    [() => server.broadcast(undefined as never), /a string, an ArrayBuffer or a view/],
  ] as const) {
    assert.match(thrown(TypeError, call).message, message);
  }
  await soon();
  assert.equal(received, [[]]);
});

test.run();
