/** The driver of the page on embedding, over real sockets that are full, slow or dead. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Connection, type ConnectionEvent, type EndEvent, type ServerOptions } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deferred, until, within } from '../../tools/testing.ts';
import { load } from './support.ts';

type Drive = (socket: Socket, connection: Connection, handle: (event: ConnectionEvent) => void) => () => void;

const MIB = 1024 * 1024;
const page = '../embedding.md';
const { drive } = await load<{ drive: Drive }>(page, 'export function drive(');
const { trySend } = await load<{
  trySend(connection: Connection, maxQueuedBytes: number, data: string | Uint8Array): boolean;
}>(page, 'export function trySend(');

interface Pair {
  readonly server: Connection;
  /** Call it after a call to `server` outside a handler. */
  readonly work: () => void;
  readonly client: Connection;
  /** The same for `client`. */
  readonly workClient: () => void;
  /** The client's socket. */
  readonly socket: Socket;
  readonly ends: { readonly server: Promise<EndEvent>; readonly client: Promise<EndEvent> };
  close(): void;
}

/** Returns both endpoints over TCP, each with the driver of the page, once they are open. */
async function pair(
  options: ServerOptions,
  handle: { server?: (event: ConnectionEvent) => void; client?: (event: ConnectionEvent) => void } = {},
): Promise<Pair> {
  const listener: Server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [accepted] = (await once(listener, 'connection')) as [Socket];
  const [server, client] = [Connection.server(options), Connection.client('ws://127.0.0.1/')];
  const [serverEnd, clientEnd, opened] = [deferred<EndEvent>(), deferred<EndEvent>(), deferred<void>()];
  const work = drive(accepted, server, (event) => {
    if (event.type === 'request') server.accept();
    if (event.type === 'end') serverEnd.resolve(event);
    handle.server?.(event);
  });
  const workClient = drive(socket, client, (event) => {
    if (event.type === 'open') opened.resolve();
    if (event.type === 'end') clientEnd.resolve(event);
    handle.client?.(event);
  });
  await opened.promise;
  const ends = { server: serverEnd.promise, client: clientEnd.promise };
  return { server, work, client, workClient, socket, ends, close: () => listener.close() };
}

/** Sends 12 MiB to a client that does not read, and waits until the socket takes no more. */
async function fill({ server, work, socket }: Pair): Promise<void> {
  socket.pause();
  for (let n = 0; n < 12; n++) server.send(new Uint8Array(MIB).fill(n));
  work();
  await until(() => server.queuedBytes > 4 * MIB);
  for (let last = Infinity; last !== server.queuedBytes; await new Promise((resolve) => setTimeout(resolve, 50))) {
    last = server.queuedBytes;
  }
}

const test = suite('embedding: the driver');

test('if we close while 12 MiB wait for a full socket, all bytes arrive, and both ends are clean', async () => {
  const received: number[] = [];
  const both = await pair(
    {},
    { client: (event) => event.type === 'binary' && received.push((event.data[0] as number) + event.data.length) },
  );
  await fill(both);
  both.server.close(1000, 'that was all');
  both.work();
  assert.is(both.server.transport, 'open', 'bytes wait');
  both.socket.resume();
  const end = await within(20_000, 'the client ends', both.ends.client);
  assert.equal(
    received,
    Array.from({ length: 12 }, (_, n) => n + MIB),
  );
  assert.equal([end.code, end.reason, end.clean], [1000, 'that was all', true]);
  assert.is((await both.ends.server).clean, true);
  both.close();
});

test('if the peer closes while 12 MiB wait, all bytes are sent before our Close frame, and both ends are clean', async () => {
  const both = await pair({});
  await fill(both);
  both.client.close(1000);
  both.workClient();
  both.socket.pause();
  await until(() => both.server.state === 'closing');
  assert.is(both.server.transport, 'open', 'bytes wait');
  assert.ok(both.server.queuedBytes > 4 * MIB);
  both.socket.resume();
  assert.is((await within(20_000, 'the server ends', both.ends.server)).clean, true);
  assert.is((await both.ends.client).clean, true);
  assert.ok(both.socket.bytesRead > 12 * MIB);
  both.close();
});

test('a peer that stops reading is disconnected after stallTimeout', async () => {
  const both = await pair({ stallTimeout: 300 });
  await fill(both);
  const { explanation } = await within(20_000, 'the server ends', both.ends.server);
  assert.match(explanation.summary, 'stall-timeout');
  both.socket.destroy();
  both.close();
});

test('a silent peer is disconnected after handshakeTimeout', async () => {
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const silent = connect((listener.address() as { port: number }).port, '127.0.0.1');
  const [socket] = (await once(listener, 'connection')) as [Socket];
  const events: ConnectionEvent[] = [];
  drive(socket, Connection.server({ handshakeTimeout: 100 }), (event) => events.push(event));
  silent.resume();
  await within(10_000, 'the socket is closed', once(silent, 'close'));
  await until(() => events.length === 2);
  assert.equal(
    events.map(({ type }) => type),
    ['fail', 'end'],
  );
  listener.close();
});

test('a reset leads to one end with its cause, and a handler that throws to one end with 1011', async () => {
  const reset = await pair({});
  reset.socket.resetAndDestroy();
  assert.match((await reset.ends.server).explanation.summary, 'ECONNRESET');
  reset.close();

  const errors: unknown[] = [];
  const { error } = console;
  console.error = (text) => errors.push(text);
  const thrown = new Error('a handler throws');
  const throwing = await pair(
    {},
    {
      server(event) {
        if (event.type === 'text') throw thrown;
      },
    },
  );
  throwing.client.send('hello');
  throwing.workClient();
  assert.is((await within(10_000, 'the client ends', throwing.ends.client)).code, 1011);
  console.error = error;
  assert.equal(errors, [thrown]);
  throwing.close();
});

test('a socket that ended before drive() gets one end event at once', async () => {
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const gone = connect((listener.address() as { port: number }).port, '127.0.0.1');
  const [socket] = (await once(listener, 'connection')) as [Socket];
  gone.destroy();
  socket.resume();
  await once(socket, 'end');
  const events: string[] = [];
  drive(socket, Connection.server(), ({ type }) => events.push(type));
  assert.equal(events, ['fail', 'end']);
  await within(
    10_000,
    'the socket is closed',
    until(() => socket.destroyed),
  );
  listener.close();
});

test('trySend returns true, then false for a slow reader, then false after the end', async () => {
  const both = await pair({ maxQueuedBytes: MIB });
  both.socket.pause();
  let sent = 0;
  while (trySend(both.server, MIB, new Uint8Array(64 * 1024))) {
    sent++;
    both.work();
  }
  assert.ok(sent >= 16);
  both.work();
  assert.is(trySend(both.server, MIB, 'more'), false);
  both.socket.resume();
  const { explanation } = await within(10_000, 'the server ends', both.ends.server);
  assert.match(explanation.summary, 'reader-too-slow');
  assert.is(explanation.sent?.code, 1013);
  both.close();
});

test.run();
