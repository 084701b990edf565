import { createServer } from 'node:http';
import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import { accept, type Decision, type Handlers, upgrade, type WebSocketConnection } from '../src/index.ts';
import { closing, dial, frame, openServer, rawClient, rawServer, request, type Wire } from './raw.ts';
import { cut, isGone, RESET } from './sockets.ts';
import { type Bench, deferred, delay, recorder, soon, suite, until } from './support.ts';

const test = suite('errors', 10_000);

/** A connection in some state, its peer, and a record of its handlers' calls. */
interface Scene {
  readonly ws: WebSocketConnection;
  readonly wire: Wire;
  readonly log: string[];
  readonly ends: EndEvent[];
}

type Setting = (scene: Scene, role: 'client' | 'server') => void | Promise<void>;

/** The states of a connection. */
const settings: Record<string, Setting> = {
  connecting: () => undefined,
  open: async ({ ws }) => void (await ws.opened),
  'in a frame': async ({ ws, wire }, role) => {
    await ws.opened;
    wire.write(frame(role === 'client' ? 'server' : 'client', 0x81, 'whole').subarray(0, -1));
  },
  'in a header': async ({ ws, wire }) => {
    await ws.opened;
    wire.write(Buffer.of(0x82));
  },
  'closing, since we sent Close': async ({ ws, wire }) => {
    await ws.opened;
    ws.close(1000);
    await wire.frames(1);
  },
  'closing, since the peer sent Close': async ({ ws, wire, log }, role) => {
    await ws.opened;
    wire.write(frame(role === 'client' ? 'server' : 'client', 0x88, closing(1000)));
    await until(() => log.includes('close 1000'));
  },
  'closing, since the peer broke a rule': async ({ ws, wire, log }) => {
    await ws.opened;
    wire.write(Buffer.of(0xff, 0xff));
    await until(() => log.some((line) => line.startsWith('fail')));
  },
};

const disasters: Record<string, (scene: Scene) => void> = {
  'the peer resets': ({ wire }) => void wire.socket.resetAndDestroy(),
  'the peer ends': ({ wire }) => void wire.socket.end(),
  'the peer is destroyed': ({ wire }) => void wire.socket.destroy(),
  'the socket errors': ({ ws }) => cut(ws, new Error('cable cut')),
  'the socket is destroyed': ({ ws }) => cut(ws),
  'terminate() is called': ({ ws }) => ws.terminate(),
  'terminate(), then close() is called': ({ ws }) => {
    ws.terminate();
    ws.close();
  },
  'close(), then terminate() is called': ({ ws }) => {
    ws.close();
    ws.terminate();
  },
};

function recorded(): { handlers: Handlers; log: string[]; ends: EndEvent[] } {
  const { log, handlers } = recorder();
  const ends: EndEvent[] = [];
  return {
    log,
    ends,
    handlers: {
      ...handlers,
      end(ws, event) {
        handlers.end(ws, event);
        ends.push(event);
      },
    },
  };
}

async function clientScene(bench: Bench, connecting: boolean, closeTimeout = 3000): Promise<Scene> {
  const peer = deferred<Wire>();
  const record = recorded();
  const url = await (connecting ? rawServer : openServer)(bench, (wire: Wire) => peer.resolve(wire));
  const ws = bench.connect(url, record.handlers, { closeTimeout });
  return { ...record, ws, wire: await peer.promise };
}

async function serverScene(bench: Bench, connecting: boolean, closeTimeout = 3000): Promise<Scene> {
  const accepted = deferred<WebSocketConnection>();
  const record = recorded();
  const server = await bench.serve(
    {
      ...record.handlers,
      request(ws) {
        accepted.resolve(ws);
        return connecting ? new Promise<Decision>(() => {}) : accept();
      },
    },
    { closeTimeout },
  );
  const wire = await dial(bench, server.port);
  wire.write(request());
  if (!connecting) await wire.head();
  return { ...record, ws: await accepted.promise, wire };
}

for (const role of ['client', 'server'] as const) {
  for (const [state, set] of Object.entries(settings)) {
    for (const [what, strike] of Object.entries(disasters)) {
      test(`${role}, ${state}: when ${what}, there is one end and no socket is left`, async (bench) => {
        const scene = await (role === 'client' ? clientScene : serverScene)(bench, state === 'connecting');
        await set(scene, role);
        await delay(3);
        strike(scene);
        const { ws, log, ends } = scene;
        const end = await ws.closed;
        await soon();
        assert.is(ws.state, 'closed');
        assert.equal(ends, [end]);
        assert.is(log.at(-1), `end ${end.code}${end.clean ? ' clean' : ''}`);
        assert.is(
          log.filter((line) => line.startsWith('fail')).length,
          state.includes('broke') || state === 'connecting' ? 1 : 0,
        );
        const { summary, cause } = end.explanation;
        assert.ok(summary.length > 20, summary);
        if (what === 'the socket errors') {
          assert.is((cause as Error).message, 'cable cut');
          if (state === 'open' || state === 'connecting') assert.match(summary, /cable cut/);
        }
        if (what === 'the peer resets' && state !== 'closing, since the peer sent Close') {
          assert.match(String(cause), RESET);
        }
        if (what === 'terminate() is called' && state === 'open') assert.match(summary, /terminate/);
        await until(() => isGone(ws));
        assert.is(ws.send('x'), false);
      });
    }
  }
}

// Before the connection is open.

test('resets before, within and right after the request do not harm the server', async (bench) => {
  const server = await bench.serve({ message: (ws, data) => void ws.send(data) });
  for (const bytes of ['', 'GET / HT', request().slice(0, -2), request(), request() + frame('client', 0x81, 'x')]) {
    for (let i = 0; i < 5; i++) {
      const wire = await dial(bench, server.port);
      if (bytes !== '') wire.write(bytes);
      if (i % 2 === 0) await new Promise(setImmediate);
      wire.socket.resetAndDestroy();
    }
  }
  await until(() => server.connections.size === 0);
  const ws = bench.connect(server.url);
  await ws.opened;
  ws.send('still there');
  assert.is((await ws[Symbol.asyncIterator]().next()).value, 'still there');
});

test('a socket that errors in the same turn as upgrade ends the connection with the error as its cause', async (bench) => {
  const ended = deferred<EndEvent>();
  const server = createServer();
  server.on('upgrade', (req, socket, head) => {
    upgrade(req, socket, head, {}, { end: (_, event) => ended.resolve(event) });
    socket.destroy(new Error('at once'));
  });
  const wire = await dial(bench, await bench.listen(server));
  wire.write(request());
  assert.match((await ended.promise).explanation.summary, /at once/);
});

test('upgrade with a socket that is destroyed already ends the connection with 1006', async (bench) => {
  const ended = deferred<EndEvent>();
  const server = createServer();
  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => {});
    socket.destroy();
    setTimeout(() => upgrade(req, socket, head, {}, { end: (_, event) => ended.resolve(event) }), 10);
  });
  const wire = await dial(bench, await bench.listen(server));
  wire.write(request());
  assert.is((await ended.promise).code, 1006);
});

// Half-open.

test('a peer that ends its side after a message still gets the answer', async (bench) => {
  const { log, handlers } = recorder();
  const server = await bench.serve({
    ...handlers,
    message(ws, data) {
      handlers.message(ws, data);
      ws.send(`${data}!`);
    },
  });
  const wire = await rawClient(bench, server.port);
  wire.socket.end(frame('client', 0x81, '1'));
  const [answer] = await wire.frames(1);
  assert.is(answer?.payload.toString(), '1!');
  await wire.end();
  await until(() => log.length === 3);
  assert.equal(log, ['open', 'text 1', 'end 1006']);
});

test('a peer that ends its side and never reads is disconnected at closeTimeout', async (bench) => {
  const accepted = deferred<WebSocketConnection>();
  const server = await bench.serve({ open: (ws) => accepted.resolve(ws) }, { closeTimeout: 50 });
  const wire = await rawClient(bench, server.port);
  wire.socket.pause();
  const ws = await accepted.promise;
  ws.send(new Uint8Array(15_000_000));
  wire.socket.end();
  await ws.closed;
  await until(() => isGone(ws));
});

for (const role of ['client', 'server'] as const) {
  test(`a peer that never answers Close is disconnected at closeTimeout (${role})`, async (bench) => {
    const { ws, wire } = await (role === 'client' ? clientScene : serverScene)(bench, false, 50);
    await ws.opened;
    ws.close(1000);
    const [close] = await wire.frames(1);
    assert.equal(close?.payload, closing(1000));
    const { clean, code, explanation } = await ws.closed;
    assert.equal([clean, code], [false, 1006]);
    assert.match(explanation.summary, /sent 1000, but closeTimeout passed before the peer answered/);
    assert.ok(isGone(ws));
  });
}

test('if a server answers Close and never ends, the client ends after closeTimeout', async (bench) => {
  const { ws, wire } = await clientScene(bench, false, 200);
  await ws.opened;
  ws.close(1000);
  await wire.frames(1);
  wire.write(frame('server', 0x88, closing(1000)));
  const { clean, code } = await ws.closed;
  assert.equal([clean, code], [true, 1000]);
  assert.ok(isGone(ws));
});

test('garbage after a Close frame, and a Close frame after garbage, each lead to one end', async (bench) => {
  for (const parts of [
    [frame('client', 0x88, closing(1000)), Buffer.alloc(100_000, 0xff)],
    [Buffer.of(0xff, 0xff), frame('client', 0x88, closing(1000)), Buffer.alloc(100_000)],
  ]) {
    const { ws, wire, ends } = await serverScene(bench, false);
    wire.write(...parts);
    await wire.end().catch(() => undefined);
    wire.socket.end();
    await ws.closed;
    await soon();
    assert.is(ends.length, 1);
  }
});

// Rules that peers break, over a socket. (Core's own tests cover all of them.)

const faults: [title: string, bytes: Buffer, rule: string, code: number][] = [
  ['an unmasked frame', frame('server', 0x81, 'x'), 'unmasked-frame', 1002],
  ['a reserved bit', frame('client', 0xc1, 'x'), 'reserved-bits', 1002],
  ['text that is not UTF-8', frame('client', 0x81, Buffer.of(0xff)), 'invalid-utf8', 1007],
  ['a message too big', frame('client', 0x82, Buffer.alloc(1001)), 'frame-too-big', 1009],
  ['a lone continuation', frame('client', 0x80, 'x'), 'continuation-without-message', 1002],
  ['a close code that may not be sent', frame('client', 0x88, closing(1006)), 'close-code', 1002],
];

for (const [title, bytes, rule, code] of faults) {
  test(`${title}: earlier messages are delivered, then Close ${code} and the end`, async (bench) => {
    const { log, handlers } = recorder();
    const server = await bench.serve(handlers, { maxMessageSize: 1000 });
    const wire = await rawClient(bench, server.port);
    wire.write(frame('client', 0x81, 'before'), bytes, frame('client', 0x81, 'after'));
    const [close] = await wire.frames(1);
    assert.equal([close?.first, close?.payload.readUInt16BE(0)], [0x88, code]);
    await wire.end();
    wire.socket.end();
    await until(() => log.length === 4);
    assert.equal(log, ['open', 'text before', `fail ${rule}`, 'end 1006']);
  });
}

test.run();
