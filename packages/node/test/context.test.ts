// Handlers run in the AsyncLocalStorage context in which their connection was made.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import { connect as netConnect } from 'node:net';
import type { Duplex } from 'node:stream';
import { VirtualClock } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import * as assert from 'uvu/assert';
import { accept, attach, type Handlers, upgrade, type WebSocketConnection } from '../src/index.ts';
import { closing, dial, frame, openServer, rawClient, rawServer, request, type Wire } from './raw.ts';
import { deferred, delay, soon, suite, until } from './support.ts';

const test = suite('context');

const tenant = new AsyncLocalStorage<string>();

/** Returns handlers that record the context in which they were called. */
function watching(): { seen: Record<string, Set<string | undefined>>; handlers: Handlers } {
  const seen: Record<string, Set<string | undefined>> = {};
  const note = (name: string): void => {
    seen[name] ??= new Set();
    seen[name].add(tenant.getStore());
  };
  const names = ['open', 'message', 'ping', 'pong', 'close', 'fail', 'end', 'drain', 'error'];
  const handlers = Object.fromEntries(names.map((name) => [name, () => note(name)]));
  const decide: Handlers['request'] = () => {
    note('request');
    return accept();
  };
  return { seen, handlers: { ...handlers, request: decide } };
}

const all = (seen: Record<string, Set<string | undefined>>): unknown[] => [
  ...new Set(Object.values(seen).flatMap((set) => [...set])),
];

test('when the deadlines of three clients pass at once, the handlers of each run in the context of its connect', async (bench) => {
  const url = await rawServer(bench, () => undefined);
  const clock = new VirtualClock();
  const seen: [made: string, called: string | undefined][] = [];
  for (const [name, handshakeTimeout] of [
    ['one', 1000],
    ['two', 1010],
    ['three', 1020],
  ] as const) {
    tenant.run(name, () => {
      const end = (): void => void seen.push([name, tenant.getStore()]);
      bench.connect(url, { fail: end, end }, { handshakeTimeout, clock });
    });
  }
  clock.advance(2000);
  await until(() => seen.length === 6);
  for (const [made, called] of seen) assert.is(called, made);
});

/** What the peer, and code in another context, do to a connection. */
async function live(ws: WebSocketConnection, wire: Wire, role: 'client' | 'server'): Promise<void> {
  const stranger = (call: () => void): void => tenant.run('stranger', call);
  wire.write(frame(role, 0x81, 'x'), frame(role, 0x89), frame(role, 0x8a));
  await soon();
  stranger(() => ws.pause());
  wire.write(frame(role, 0x81, 'y'));
  await soon();
  stranger(() => ws.resume());
  wire.write(frame(role, 0x81, 'z'));
  await soon();
  stranger(() => ws.send(new Uint8Array(100_000)));
  await soon();
  wire.socket.pause();
  stranger(() => ws.send(new Uint8Array(8_000_000)));
  await soon();
  wire.socket.resume();
  await delay(100);
  stranger(() => ws.close(1000));
  await soon();
  wire.socket.end(frame(role, 0x88, closing(1000)));
  await ws.closed;
}

test('connect: every handler runs in the context of the call, even over a socket from another context and in later attempts', async (bench) => {
  for (const how of ['own', 'elsewhere', 'later'] as const) {
    const peer = deferred<Wire>();
    let lost = how === 'later' ? 0 : 1;
    const url = await openServer(bench, (wire) => {
      if (lost++ === 0) wire.socket.resetAndDestroy();
      else peer.resolve(wire);
    });
    const { seen, handlers } = watching();
    const sockets: Duplex[] = [];
    tenant.run('another', () => {
      if (how === 'elsewhere') sockets.push(netConnect(Number(new URL(url).port), '127.0.0.1'));
    });
    const ws = tenant.run('mine', () =>
      bench.connect(url, handlers, {
        reconnect: { base: 2, onRetry: () => handlers.fail?.(undefined as never, undefined as never) },
        ...(how === 'elsewhere' && { createSocket: () => sockets[0] as Duplex }),
      }),
    );
    await live(ws, await peer.promise, 'server');
    assert.equal(all(seen), ['mine'], `${how}: ${JSON.stringify(Object.entries(seen).map(([k, v]) => [k, [...v]]))}`);
    for (const name of ['open', 'message', 'ping', 'pong', 'close', 'end', 'drain']) assert.ok(seen[name], name);
  }
});

test('serve: all handlers run in the async context in which the socket was created, whoever triggers them', async (bench) => {
  const { seen, handlers } = watching();
  const connection = deferred<WebSocketConnection>();
  const open: Handlers['open'] = (ws, event) => {
    connection.resolve(ws);
    handlers.open?.(ws, event);
  };
  const server = await tenant.run('mine', () => bench.serve({ ...handlers, open }));
  const wire = await tenant.run('another', () => rawClient(bench, server.port));
  await live(await connection.promise, wire, 'client');
  const contexts = all(seen);
  assert.is(contexts.length, 1, JSON.stringify(Object.entries(seen).map(([k, v]) => [k, [...v]])));
  assert.ok(contexts[0] === undefined || contexts[0] === 'mine', String(contexts[0]));
});

test('upgrade and attach: handlers run in the context of the call', async (bench) => {
  for (const how of ['upgrade', 'attach'] as const) {
    const { seen, handlers } = watching();
    const connection = deferred<WebSocketConnection>();
    const server = createServer();
    server.on('upgrade', (req, socket, head) => {
      tenant.run('mine', () => {
        if (how === 'upgrade') connection.resolve(upgrade(req, socket, head, {}, handlers));
        else {
          const core = Connection.server();
          core.receiveRequest({
            method: 'GET',
            target: '/',
            version: 11,
            headers: Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
          });
          connection.resolve(attach(socket, core, handlers));
        }
      });
    });
    const wire = await dial(bench, await bench.listen(server));
    wire.write(request());
    await wire.head();
    await live(await connection.promise, wire, 'client');
    assert.equal(all(seen), ['mine'], `${how}: ${JSON.stringify(Object.entries(seen).map(([k, v]) => [k, [...v]]))}`);
  }
});

test.run();
