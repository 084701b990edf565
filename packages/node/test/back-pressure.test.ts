// Back-pressure in both directions, and memory that stays bounded whatever a peer does.
import * as assert from 'uvu/assert';
import type { WebSocketConnection } from '../src/index.ts';
import { slowClient } from './pairs.ts';
import { closing, frame, openServer, rawClient, type Wire } from './raw.ts';
import { isPaused } from './sockets.ts';
import { type Bench, deferred, delay, recorder, soon, suite, until } from './support.ts';

const test = suite('back-pressure', 20_000);

const MB = 1024 * 1024;

test('a client sends 10^5 pings and does not read: at most 4 KiB of pongs and one more are queued', async (bench) => {
  let pings = 0;
  const { ws, wire } = await slowClient(bench, { ping: () => void pings++ });
  // Fills all buffers, so that no pong can be written.
  while (ws.queuedBytes < MB) {
    ws.send(new Uint8Array(MB));
    await new Promise(setImmediate);
  }
  const before = ws.queuedBytes;
  const chunk = Buffer.concat(Array.from({ length: 1000 }, () => frame('client', 0x89, 'x'.repeat(125))));
  for (let i = 0; i < 100; i++) {
    if (!wire.socket.write(chunk)) await new Promise((resolve) => wire.socket.once('drain', resolve));
  }
  await until(() => pings === 100_000);
  assert.ok(ws.queuedBytes <= before + 4096 + 127, `${ws.queuedBytes - before} bytes more wait`);
});

// Receiving.

test('a paused connection reads nothing: the peer must wait until resume', async (bench) => {
  let got = 0;
  const accepted = deferred<WebSocketConnection>();
  const server = await bench.serve({
    open(ws) {
      ws.pause();
      accepted.resolve(ws);
    },
    message: () => void got++,
  });
  const wire = await rawClient(bench, server.port);
  const ws = await accepted.promise;
  const message = frame('client', 0x82, new Uint8Array(100_000));
  let written = 0;
  const pump = (): void => {
    while (written < 300) {
      written++;
      if (!wire.socket.write(message)) return void wire.socket.once('drain', pump);
    }
  };
  pump();
  await delay(50);
  assert.is(got, 0);
  assert.ok(written < 250, `${written} messages of 100 kB were taken`);
  assert.ok(await isPaused(ws));
  ws.resume();
  await until(() => got === 300);
});

/** A server that pauses at every message, and a client of it. */
async function pausing(bench: Bench) {
  const { log, handlers } = recorder();
  const accepted = deferred<WebSocketConnection>();
  const server = await bench.serve({
    ...handlers,
    open: (ws) => accepted.resolve(ws),
    message(ws, data) {
      handlers.message(ws, data);
      ws.pause();
    },
  });
  return { log, server, accepted: accepted.promise, wire: await rawClient(bench, server.port) };
}

test('pause in the message handler takes effect at once, within the chunk', async (bench) => {
  const { log, accepted, wire } = await pausing(bench);
  wire.write(...['1', '2', '3'].map((value) => frame('client', 0x81, value)), frame('client', 0x88, closing(1000)));
  const ws = await accepted;
  for (const expected of [['text 1'], ['text 1', 'text 2'], ['text 1', 'text 2', 'text 3']]) {
    await soon();
    assert.equal(log, expected);
    assert.is(ws.state, 'open');
    ws.resume();
  }
  wire.socket.end();
  await ws.closed;
  assert.equal(log, ['text 1', 'text 2', 'text 3', 'close 1000', 'end 1000 clean']);
});

for (const paused of [true, false]) {
  test(`heartbeat, idle and message timeouts ${paused ? 'spare' : 'end'} a connection that is ${paused ? '' : 'not '}paused`, async (bench) => {
    const { log, handlers } = recorder();
    const accepted = deferred<WebSocketConnection>();
    const server = await bench.serve(
      {
        ...handlers,
        open(ws) {
          if (paused) ws.pause();
          accepted.resolve(ws);
        },
      },
      { heartbeat: { interval: 20, timeout: 20 }, idleTimeout: 50, messageProgress: { bytes: 10, within: 50 } },
    );
    const wire = await rawClient(bench, server.port);
    wire.write(frame('client', 0x01, 'half')); // the rest never comes
    const ws = await accepted.promise;
    if (!paused) return until(() => ws.state !== 'open');
    await delay(150);
    assert.equal([ws.state, log], ['open', []]);
    ws.resume();
    wire.write(frame('client', 0x80, ' and half'));
    await until(() => log.length === 1);
    assert.equal(log, ['text half and half']);
    // From here on the peer must answer pings again.
    await until(() => ws.state !== 'open');
  });
}

test('when a peer ends its side of a paused connection, the end is reported after its messages', async (bench) => {
  const { log, handlers } = recorder();
  const accepted = deferred<WebSocketConnection>();
  const server = await bench.serve({
    ...handlers,
    open(ws) {
      ws.pause();
      accepted.resolve(ws);
    },
  });
  const wire = await rawClient(bench, server.port);
  const ws = await accepted.promise;
  wire.write(frame('client', 0x81, '1'));
  wire.socket.end();
  await soon();
  assert.equal([log, ws.state], [[], 'open']);
  ws.resume();
  await ws.closed;
  assert.equal(log, ['text 1', 'end 1006']);
});

test('terminate ends a paused connection, and no more messages are delivered', async (bench) => {
  const { log, server, accepted, wire } = await pausing(bench);
  wire.write(frame('client', 0x81, '1'), frame('client', 0x81, '2'), frame('client', 0x88, closing(1000)));
  const ws = await accepted;
  await until(() => log.length === 1);
  ws.terminate();
  await ws.closed;
  assert.equal(log, ['text 1', 'end 1006']);
  assert.is(server.connections.size, 0);
});

// Memory.

const bytesInUse = (): number => {
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + Math.max(arrayBuffers, external);
};

test('a message of 256 MiB passes through in fragments, in flat memory', async (bench) => {
  const SIZE = 256 * MB;
  let received = 0;
  let final = 0;
  let most = 0;
  let pieces = 0;
  const done = deferred<void>();
  const server = await bench.serve(
    {
      fragment(_, { data, final: last }) {
        received += data.length;
        if (++pieces % 256 === 0) most = Math.max(most, bytesInUse());
        if (!last) return;
        final++;
        done.resolve();
      },
    },
    { messages: 'fragments', maxMessageSize: 2 * SIZE },
  );
  const wire = await rawClient(bench, server.port);
  const before = bytesInUse();
  const piece = Buffer.alloc(64 * 1024);
  // A single frame. With a key of zeros its masked bytes are the payload itself.
  const header = Buffer.alloc(14);
  header.set([0x82, 0xff]);
  header.writeBigUInt64BE(BigInt(SIZE), 2);
  wire.socket.write(header);
  for (let sent = 0; sent < SIZE; sent += piece.length) {
    if (!wire.socket.write(piece)) await new Promise((resolve) => wire.socket.once('drain', resolve));
  }
  await done.promise;
  assert.equal([received, final], [SIZE, 1]);
  // V8 collects memory outside its heap only after about 64 MiB of growth; kept messages would add up to all of the payload.
  assert.ok(most - before < SIZE / 2, `${Math.round((most - before) / MB)} MiB more in use`);
});

test('an announced length takes no memory before its bytes arrive', async (bench) => {
  const server = await bench.serve({}, { maxMessageSize: Infinity });
  const wires: Wire[] = [];
  const before = bytesInUse();
  for (let i = 0; i < 20; i++) {
    const wire = await rawClient(bench, server.port);
    wire.write(Buffer.of(0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0xff)); // 2^40 bytes, and one of them
    wires.push(wire);
  }
  await soon();
  assert.is(server.connections.size, 20);
  assert.ok(bytesInUse() - before < 20 * MB);
});

test("messages that arrive before a client's loop wait for it, in order", async (bench) => {
  const peer = deferred<Wire>();
  const ws = bench.connect(await openServer(bench, peer.resolve), {}, { messages: 'whole' });
  await ws.opened;
  const wire = await peer.promise;
  wire.write(...Array.from({ length: 20 }, (_, i) => frame('server', 0x81, String(i))));
  await soon();
  const iterator = ws[Symbol.asyncIterator]();
  for (let i = 0; i < 20; i++) assert.is((await iterator.next()).value, String(i));
});

test.run();
