// Details of the driver that no connection shows: when it asks for a callback, which error it keeps, what it reads from unknown
// sockets.
import { EventEmitter, once } from 'node:events';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { Scope } from '@sockless/adapter';
import { Connection } from '@sockless/core';
import * as assert from 'uvu/assert';
import { Arrivals } from '../src/arrivals.ts';
import { comesWithout, serverContext } from '../src/context.ts';
import { type AdapterOptions, attach, upgrade } from '../src/index.ts';
import { CERTIFICATE, KEY } from './certificate.ts';
import { openConnection } from './pairs.ts';
import { frame, rawClient } from './raw.ts';
import { soon, suite } from './support.ts';

const test = suite('socket driver');

/** A stream that takes every write at once, and records whether a callback was given. */
class Sink extends Duplex {
  readonly writes: { readonly length: number; readonly callback: unknown }[] = [];
  received = '';

  override write(chunk: unknown, ...rest: unknown[]): boolean {
    const bytes = chunk as Uint8Array;
    this.writes.push({ length: bytes.length, callback: rest.find((it) => typeof it === 'function') });
    return super.write(chunk, ...(rest as []));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.received += chunk.toString('latin1');
    done();
  }
}

/** The most that the socket holds. */
const MOST = 262_144;

/** Returns the payload of a server's frame of `length` bytes, for more than 125. */
const payloadOf = (length: number): Uint8Array => new Uint8Array(length - (length - 4 < 65_536 ? 4 : 10));

for (const [highWaterMark, bound] of [
  [undefined, 65_536],
  [1_000_000, MOST - 1],
  [1000, 1000],
] as const) {
  test(`a write of at most ${bound} bytes gets no callback (highWaterMark: ${highWaterMark})`, async () => {
    const options: AdapterOptions = highWaterMark === undefined ? {} : { highWaterMark };
    for (const [total, watched] of [
      [bound, false],
      [bound + 1, true],
    ] as const) {
      const sink = new Sink();
      const ws = attach(sink, Connection.opened('server'), {}, options);
      ws.send(payloadOf(total));
      await soon();
      const asked = sink.writes.filter(({ length }) => length > 0);
      assert.is(
        asked.reduce((sum, { length }) => sum + length, 0),
        total,
      );
      assert.is(
        asked.some(({ callback }) => callback !== undefined),
        watched,
        `${total} bytes`,
      );
      ws.terminate();
    }
  });
}

test('messages of any length arrive at a plain socket as they were sent', async (bench) => {
  const server = await bench.serve({ message: (ws, data) => void ws.send(data) });
  const client = await rawClient(bench, server.port);
  for (const length of [
    0, 1, 62, 63, 125, 16_380, 65_526, 65_527, 65_535, 65_536, 98_294, 98_295, 262_134, 262_135, 600_000,
  ]) {
    const data = new Uint8Array(length).map((_, at) => at);
    client.write(frame('client', 0x82, data));
    const [echo] = await client.frames(1);
    assert.is(Buffer.compare(echo?.payload ?? Buffer.of(1), data), 0, `${length} bytes`);
  }
});

test('if an application replaces the `write` of a socket and keeps the bytes, their memory is not used again', async (bench) => {
  const kept: Uint8Array[] = [];
  const { ws } = await openConnection(bench);
  const plain = ws.socket as Socket;
  plain.write = (chunk: unknown, written: unknown) => {
    kept.push(chunk as Uint8Array);
    if (typeof written === 'function') setImmediate(() => written());
    return true;
  };
  const lengths = [100, 20_000, 98_304, 300_000];
  for (const byte of [1, 2]) {
    for (const length of lengths) {
      ws.send(new Uint8Array(length).fill(byte));
      await ws.written;
    }
  }
  const bytes = Buffer.concat(kept);
  const sent = [1, 2].flatMap((byte) =>
    lengths.map((length) => frame('server', 0x82, new Uint8Array(length).fill(byte))),
  );
  assert.is(Buffer.compare(bytes, Buffer.concat(sent)), 0);
});

test('a long message that waits for a full socket is written in the end, and drain is called, even if highWaterMark is above what a socket holds', async (bench) => {
  let drains = 0;
  const options = { highWaterMark: 280_000, heartbeat: false } as const;
  const { ws, wire } = await openConnection(bench, { drain: () => void drains++ }, options);
  const plain = ws.socket as Socket;
  plain.cork();
  ws.send(new Uint8Array(300_000));
  await soon();
  assert.ok(ws.queuedBytes >= 262_144);
  plain.uncork();
  await ws.drained;
  const [echo] = await wire.frames(1);
  assert.is(echo?.payload.length, 300_000);
  assert.is(drains, 1);
});

test('bytes whose write fails at once do not count as written', async () => {
  class Broken extends Sink {
    override _write(_chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
      done(new Error('EPIPE'));
    }
  }
  const ws = attach(new Broken(), Connection.opened('server'));
  ws.send('x');
  const { explanation } = await ws.closed;
  assert.is(explanation.unsentBytes, 3);
});

test('all writes of a connection share one callback', async () => {
  const sink = new Sink();
  const ws = attach(sink, Connection.opened('server'));
  for (let count = 0; count < 2; count++) {
    ws.send(new Uint8Array(70_000));
    await soon();
  }
  const callbacks = sink.writes.flatMap(({ callback }) => (callback === undefined ? [] : [callback]));
  assert.ok(callbacks.length >= 2);
  assert.is(new Set(callbacks).size, 1);
  ws.terminate();
});

test('`written` resolves even if only a single byte was waiting', async () => {
  let left = 1;
  const sink = Object.defineProperty(new Sink(), 'writableLength', { get: () => left });
  const ws = attach(sink, Connection.opened('server'));
  ws.send('');
  await soon();
  assert.is(ws.queuedBytes, 1);
  const { written } = ws;
  left = 0;
  await written;
  ws.terminate();
});

test('of two errors of a socket the first is the cause of the end', async () => {
  const sink = new Sink();
  const ws = attach(sink, Connection.opened('server'));
  const first = new Error('first');
  sink.emit('error', first);
  sink.emit('error', new Error('second'));
  sink.destroy();
  assert.is((await ws.closed).explanation.cause, first);
});

test('a request that did not come from a Node server is upgraded as well', async () => {
  const sink = new Sink();
  const rawHeaders = [
    ['Host', 'server.example.com'],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['Sec-WebSocket-Version', '13'],
  ].flat();
  const head = { method: 'GET', url: '/', rawHeaders, httpVersionMajor: 1, httpVersionMinor: 1 };
  const ws = upgrade(head as unknown as IncomingMessage, sink, new Uint8Array(0));
  await ws.opened;
  assert.match(sink.received, /^HTTP\/1\.1 101 /);
  ws.terminate();
});

test('with an `error` handler, garbage over TLS gets 400 and is reported to the handler', async (bench) => {
  const errors: unknown[] = [];
  const error = (_: unknown, reason: unknown): unknown => errors.push(reason);
  const { port } = await bench.serve({ error }, { tls: { key: KEY, cert: CERTIFICATE } });
  const socket = connectTls({ port, host: '127.0.0.1', ca: CERTIFICATE, servername: 'localhost' });
  bench.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  socket.write('garbage\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.is(errors.length, 1);
});

for (const secure of [false, true]) {
  test(`a closing server drops clients that have sent nothing${secure ? ', or nothing but a TLS handshake' : ''}`, () => {
    const http = new EventEmitter();
    const arrivals = new Arrivals(http as HttpServer, new Scope<never>({}), 1000, secure);
    const sockets = [0, 1, 2].map((bytesRead) => Object.assign(new Sink(), { bytesRead }));
    for (const socket of sockets) http.emit('connection', socket);
    arrivals.arrived(sockets[2] as Sink);
    arrivals.close();
    assert.equal(
      sockets.map(({ destroyed }) => destroyed),
      [true, secure, false],
    );
    for (const socket of sockets) socket.destroy();
  });
}

test("up to Node 23 a server's sockets inherit its async context", () => {
  assert.equal(['20.19.0', '22.1.0', '23.9.9', '24.0.0', '26.10.0'].map(comesWithout), [
    false,
    false,
    false,
    true,
    true,
  ]);
  assert.is(serverContext(new EventEmitter() as HttpServer).inherited, !comesWithout(process.versions.node));
  for (const version of ['23.9.9', '24.0.0']) {
    assert.is(serverContext(new EventEmitter() as HttpServer, version).inherited, !comesWithout(version));
  }
});

test('a closed server has a keepAliveTimeout of 1 ms', async (bench) => {
  const server = await bench.serve();
  await server.close();
  assert.is(server.http.keepAliveTimeout, 1);
});

test.run();
