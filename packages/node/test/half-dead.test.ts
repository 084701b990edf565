// Sockets that arrive in any state: `end` comes exactly once, with the reason, and nothing is sent to a peer that is gone.
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Connection, type EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import { attach, type Handlers, upgrade } from '../src/index.ts';
import { dial, frame, request, type Wire } from './raw.ts';
import { type Bench, deferred, delay, recorder, soon, suite, until } from './support.ts';

const test = suite('half-dead sockets');

interface State {
  readonly title: string;
  /** Brings the socket of a server into this state. */
  readonly set: (socket: Socket, wire: Wire) => unknown;
  /** How `end` explains it. */
  readonly cause: RegExp;
}

/** Unlike `once` of node:events it does not reject on an error. */
const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => void socket.once('close', resolve));

const dead: State[] = [
  { title: 'was destroyed just now', set: (socket) => void socket.destroy(), cause: /destroyed before/ },
  {
    title: 'was destroyed long ago',
    set: async (socket) => {
      socket.destroy();
      await closed(socket);
    },
    cause: /destroyed before/,
  },
  {
    title: 'was destroyed with an error just now',
    set: (socket) => {
      socket.once('error', () => undefined);
      socket.destroy(new Error('cable cut'));
    },
    cause: /cable cut/,
  },
  {
    title: 'errored before it had a listener',
    set: async (socket) => {
      socket.once('error', () => undefined);
      socket.destroy(new Error('cable cut'));
      await closed(socket);
    },
    cause: /cable cut/,
  },
  {
    title: 'was reset by the peer',
    set: async (socket, wire) => {
      socket.once('error', () => undefined);
      socket.resume();
      wire.socket.resetAndDestroy();
      await closed(socket);
    },
    cause: /ECONNRESET/,
  },
  {
    title: 'was ended by the peer',
    set: async (socket, wire) => {
      wire.socket.end();
      socket.resume();
      await until(() => socket.readableEnded);
    },
    cause: /the peer had ended/,
  },
  {
    title: 'was ended by us',
    set: (socket) => void socket.end(),
    cause: /writable side/,
  },
  {
    title: 'was ended by both',
    set: async (socket, wire) => {
      wire.socket.end();
      socket.resume();
      await until(() => socket.readableEnded);
      socket.end();
    },
    cause: /destroyed before|the peer had ended/,
  },
];

/** A socket of a server that keeps its side open, and its peer. */
async function accepted(bench: Bench): Promise<{ socket: Socket; wire: Wire }> {
  const arrived = deferred<Socket>();
  const server = createTcpServer({ allowHalfOpen: true }, arrived.resolve);
  const wire = await dial(bench, await bench.listen(server));
  const socket = await arrived.promise;
  bench.after(() => socket.destroy());
  return { socket, wire };
}

for (const { title, set, cause } of dead) {
  for (const role of ['client', 'server', 'opened'] as const) {
    test(`attach (${role}) to a socket that ${title}: no open, one end`, async (bench) => {
      const { socket, wire } = await accepted(bench);
      await set(socket, wire);
      const { log, handlers } = recorder();
      const connection =
        role === 'client'
          ? Connection.client('ws://localhost/')
          : role === 'server'
            ? Connection.server()
            : Connection.opened('server');
      const ws = attach(socket, connection, handlers);
      const { explanation } = await ws.closed;
      await soon();
      assert.equal(log, role === 'opened' ? ['end 1006'] : ['fail handshake-interrupted', 'end 1006']);
      assert.match(String(explanation.cause), cause);
      assert.equal([ws.state, socket.destroyed, ws.send('x')], ['closed', true, false]);
      assert.is(wire.received.length, 0);
    });
  }

  test(`upgrade of a socket that ${title}: no request, no 101, no open, one end`, async (bench) => {
    const { log, handlers } = recorder();
    const ended = deferred<EndEvent>();
    let asked = 0;
    const both: Handlers = {
      ...handlers,
      request: () => {
        asked++;
        throw new Error('there is no client to decide about');
      },
      end: (ws, event) => {
        handlers.end(ws, event);
        ended.resolve(event);
      },
    };
    const server = createServer();
    const dialled = deferred<Wire>();
    server.on('upgrade', async (req, socket, head) => {
      await set(socket as Socket, await dialled.promise);
      upgrade(req, socket, head, {}, both);
    });
    const wire = await dial(bench, await bench.listen(server));
    wire.write(request());
    dialled.resolve(wire);
    const { explanation } = await ended.promise;
    await soon();
    assert.equal([log, asked], [['fail handshake-interrupted', 'end 1006'], 0]);
    assert.match(String(explanation.cause), cause);
    assert.is(wire.received.length, 0);
  });

  test(`if createSocket returns a socket that ${title}, the connection ends after connect has returned`, async (bench) => {
    for (const later of [false, true]) {
      const { socket, wire } = await accepted(bench);
      await set(socket, wire);
      const { log, handlers } = recorder();
      const createSocket = (): Duplex | Promise<Duplex> => (later ? delay(5, socket) : socket);
      const ws = bench.connect('ws://localhost', handlers, { createSocket });
      assert.equal(log, []);
      const { explanation } = await ws.closed;
      await soon();
      assert.equal(log, ['fail handshake-interrupted', 'end 1006']);
      assert.match(String(explanation.cause), cause);
      assert.is(wire.received.length, 0);
    }
  });
}

// Sockets that are alive.

test("bytes that wait in a socket are read, and then the peer's FIN ends the connection", async (bench) => {
  const { socket, wire } = await accepted(bench);
  socket.pause();
  wire.socket.end(Buffer.concat([frame('client', 0x81, 'waited'), frame('client', 0x81, 'too')]));
  socket.read(0);
  await until(() => socket.readableLength > 0);
  await soon();
  const { log, handlers } = recorder();
  const ws = attach(socket, Connection.opened('server'), handlers);
  await ws.closed;
  assert.equal(log, ['open', 'text waited', 'text too', 'end 1006']);
});

test('bytes that arrive between a request and its late upgrade are delivered', async (bench) => {
  const { log, handlers } = recorder();
  const server = createServer();
  server.on('upgrade', async (req, socket, head) => {
    await delay(20);
    upgrade(req, socket, head, {}, handlers);
  });
  const wire = await dial(bench, await bench.listen(server));
  wire.write(request());
  await delay(5);
  wire.write(frame('client', 0x81, 'early'));
  await until(() => log.length === 2);
  assert.equal(log, ['open', 'text early']);
});

test('a socket that was paused is read again', async (bench) => {
  const { socket, wire } = await accepted(bench);
  socket.pause();
  const { log, handlers } = recorder();
  attach(socket, Connection.opened('server'), handlers);
  wire.write(frame('client', 0x81, 'x'));
  await until(() => log.length === 2);
});

test('our bytes leave after foreign bytes that wait in the socket', async (bench) => {
  const { socket, wire } = await accepted(bench);
  wire.socket.pause();
  while (socket.writableLength < 1_000_000) {
    socket.write(new Uint8Array(500_000));
    await soon();
  }
  const ws = attach(socket, Connection.opened('server'));
  ws.send('behind');
  await soon();
  wire.socket.resume();
  await until(() => wire.received.subarray(-6).toString() === 'behind');
});

test('if a socket is full of foreign bytes, `drained` waits for them, and drain is called', async (bench) => {
  const { socket, wire } = await accepted(bench);
  wire.socket.pause();
  socket.write(new Uint8Array(12_000_000));
  await soon();
  const drains = deferred<void>();
  const ws = attach(socket, Connection.opened('server'), { drain: () => drains.resolve() });
  const { drained } = ws;
  assert.ok(ws.queuedBytes > 1_000_000);
  wire.socket.resume();
  await Promise.all([drained, drains.promise]);
  assert.is(ws.queuedBytes, 0);
});

for (const when of ['before', 'after'] as const) {
  test(`\`written\` waits for foreign bytes that were written ${when} the connection was attached, even if they are few`, async () => {
    const writes: (() => void)[] = [];
    const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => void writes.push(done) });
    if (when === 'before') stream.write('HTTP/1.1 101\r\n\r\n');
    const ws = attach(stream, Connection.opened('server'));
    if (when === 'after') stream.write('HTTP/1.1 101\r\n\r\n');
    const { written } = ws;
    assert.is(ws.queuedBytes, 16);
    while (writes.length > 0) {
      writes.shift()?.();
      await soon();
    }
    assert.is(ws.queuedBytes, 0);
    await written;
    ws.terminate();
  });
}

test('if foreign bytes wait in a stream and its `write` throws, the connection ends as soon as it sends something', async () => {
  const errors: unknown[] = [];
  const stream = new Duplex({ read() {}, write() {} });
  stream.write('foreign');
  stream.write = () => {
    throw new Error('unusable');
  };
  const ws = attach(stream, Connection.opened('server'), { error: (_, error) => void errors.push(error) });
  await soon();
  assert.equal([ws.state, errors], ['open', []]);
  ws.send('x');
  await ws.closed;
  assert.match(String(errors[0]), /unusable/);
});

test('anything but a stream of bytes is refused at once', async (bench) => {
  const { socket } = await accepted(bench);
  socket.setEncoding('utf8');
  for (const value of [undefined, {}, 'socket', socket]) {
    const error = (() => {
      try {
        attach(value as Duplex, Connection.opened('server'));
      } catch (reason) {
        return reason;
      }
    })();
    assert.instance(error, TypeError);
  }
});

test('a stream whose `write` throws ends its connection, and the error is reported', async (bench) => {
  const errors: unknown[] = [];
  const stream = new Duplex({ read() {}, write: (_, __, done) => done() });
  bench.after(() => stream.destroy());
  stream.write = () => {
    throw new Error('broken pipe');
  };
  const ws = attach(stream, Connection.opened('server'), { error: (_, error) => void errors.push(error) });
  assert.is(ws.send('x'), true);
  assert.is((await ws.closed).code, 1006);
  assert.match(String(errors), /broken pipe/);
});

test.run();
