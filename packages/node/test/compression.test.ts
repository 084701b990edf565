// The option `compression` of serve, upgrade and connect, and the cost of a decompression bomb.
import { spawnSync } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { OpenEvent } from '@sockless/core';
import { permessageDeflate } from '@sockless/core/deflate';
import { pako } from '@sockless/deflate';
import * as assert from 'uvu/assert';
import { type Compression, connect, serve, type WebSocketConnection } from '../src/index.ts';
import { frame, openServer } from './raw.ts';
import { client, FAST } from './reconnect.ts';
import { upgrading } from './sockets.ts';
import { type Bench, deferred, suite, thrown, until } from './support.ts';

const test = suite('compression', 20_000);

const TEXT = '{"id":1,"user":"somebody","room":"lobby"} '.repeat(100);

/** Returns the extensions in use, as a header field. */
const spoken = ({ extensions }: OpenEvent): string =>
  extensions
    .map(({ name, parameters }) =>
      [name, ...parameters.map(([key, value]) => (value === undefined ? key : `${key}=${value}`))].join('; '),
    )
    .join(', ');

const DEFAULT = 'permessage-deflate; server_max_window_bits=12';
const own = permessageDeflate(pako, { level: 1 });

const TABLE: [client: Compression, server: Compression, agreed: string][] = [
  [undefined, undefined, ''],
  [false, false, ''],
  [true, undefined, ''],
  [undefined, true, ''],
  [false, {}, ''],
  [true, true, DEFAULT],
  [{}, true, DEFAULT],
  [own, own, DEFAULT],
  [{ level: 9, memLevel: 9 }, { level: 0, threshold: 0 }, DEFAULT],
  [true, { serverMaxWindowBits: 15 }, 'permessage-deflate'],
  [true, { serverMaxWindowBits: 8 }, 'permessage-deflate; server_max_window_bits=8'],
  [{ serverMaxWindowBits: 9 }, true, 'permessage-deflate; server_max_window_bits=9'],
  [{ serverMaxWindowBits: 15 }, true, DEFAULT],
  [{ clientMaxWindowBits: 10 }, true, `${DEFAULT}; client_max_window_bits=10`],
  [{ clientNoContextTakeover: true }, true, `permessage-deflate; client_no_context_takeover; ${DEFAULT.slice(20)}`],
  [{ serverNoContextTakeover: true }, own, `permessage-deflate; server_no_context_takeover; ${DEFAULT.slice(20)}`],
];

const name = (compression: Compression): string =>
  compression === own ? 'an extension' : (JSON.stringify(compression) ?? 'none');

/** Echoes in both directions, and returns the agreed extensions. */
async function exchange(ws: WebSocketConnection, received: unknown[]): Promise<string> {
  const event = await ws.opened;
  for (const data of [TEXT, TEXT, '', Buffer.from(TEXT), 'short']) {
    received.length = 0;
    ws.send(data);
    await until(() => received.length > 0);
    assert.equal(received[0], typeof data === 'string' ? data : new Uint8Array(data));
  }
  return spoken(event);
}

for (const [ours, theirs, agreed] of TABLE) {
  test(`client ${name(ours)}, server ${name(theirs)}: ${agreed || 'none'}`, async (bench) => {
    const received: unknown[] = [];
    const message = (_: unknown, data: unknown): void => void received.push(data);
    const echo = (ws: WebSocketConnection, data: string | Uint8Array): void => void ws.send(data);
    const events: OpenEvent[] = [];
    const open = (_: unknown, event: OpenEvent): void => void events.push(event);
    const server = await bench.serve({ message: echo, open }, { compression: theirs });
    assert.is(await exchange(bench.connect(server.url, { message }, { compression: ours }), received), agreed);

    const url = `ws://127.0.0.1:${await upgrading(bench, { message: echo, open }, { compression: theirs })}`;
    assert.is(await exchange(bench.connect(url, { message }, { compression: ours }), received), agreed);
    assert.equal(events.map(spoken), [agreed, agreed]);
  });
}

for (const options of [{ level: 10 }, { memLevel: 0 }, { threshold: -1 }, { serverMaxWindowBits: 16 }]) {
  test(`${JSON.stringify(options)} is refused`, async () => {
    thrown(RangeError, () => connect('ws://127.0.0.1:1', { compression: options }));
    const error = await serve({ compression: options }).catch((reason: unknown) => reason);
    assert.instance(error, RangeError);
  });
}

/** Returns how many bytes a call writes to the socket of a client whose server answers every message. */
async function cost(bench: Bench, compression: Compression, send: (ws: WebSocketConnection) => unknown) {
  const answer = deferred<unknown>();
  const { client: ws } = await bench.pair({
    client: { message: (_, data) => answer.resolve(data) },
    server: { message: (ws, data) => void ws.send(data) },
    clientOptions: { compression },
    serverOptions: { compression: true },
  });
  const socket = ws.socket as Socket;
  await ws.opened;
  const before = socket.bytesWritten;
  send(ws);
  assert.equal(await answer.promise, TEXT);
  return socket.bytesWritten - before;
}

const LONG = 200;
for (const [title, compression, send, long] of [
  ['by default', true, (ws) => ws.send(TEXT), false],
  ['compress: true', { threshold: 1e6 }, (ws) => ws.send(TEXT, { compress: true }), false],
  ['compress: false', true, (ws) => ws.send(TEXT, { compress: false }), true],
  ['below the threshold', { threshold: TEXT.length + 1 }, (ws) => ws.send(TEXT), true],
  ['at the threshold', { threshold: TEXT.length }, (ws) => ws.send(TEXT), false],
  ['compress: true without the extension', false, (ws) => ws.send(TEXT, { compress: true }), true],
] as [string, Compression, (ws: WebSocketConnection) => unknown, boolean][]) {
  test(`a message is ${long ? 'sent as it is' : 'compressed'}: ${title}`, async (bench) => {
    const bytes = await cost(bench, compression, send);
    assert.ok(bytes > 0);
    assert.is(bytes > LONG, long, `${bytes} bytes`);
  });
}

test('a client that reconnects begins with an empty window', async (bench) => {
  const received: unknown[] = [];
  let opened = 0;
  const server = await bench.serve(
    {
      message(ws, data) {
        ws.send(data);
        if (data === 'lose me') ws.terminate();
      },
    },
    { compression: true },
  );
  const handlers = {
    open: () => void opened++,
    message: (_: unknown, data: unknown) => void received.push(data),
  };
  const ws = client(bench, server.url, FAST, handlers, { compression: true });
  for (let round = 1; round <= 3; round++) {
    await until(() => opened === round);
    received.length = 0;
    ws.send(TEXT);
    ws.send(TEXT);
    await until(() => received.length === 2);
    assert.equal(received, [TEXT, TEXT]);
    ws.send('lose me');
  }
});

test('invalid DEFLATE fails the connection with 1007; the server goes on', async (bench) => {
  const rules: string[] = [];
  const server = await bench.serve(
    { message: (ws, data) => void ws.send(data), fail: (_, { rule }) => void rules.push(rule) },
    { compression: true },
  );
  // A client with an extension that sends invalid DEFLATE.
  const bad = permessageDeflate({
    ...pako,
    createDeflater: () => ({ deflate: () => Uint8Array.of(7, 0, 0, 0xff, 0xff), reset() {}, close() {} }),
  });
  const ws = bench.connect(server.url, { message() {} }, { compression: bad });
  await ws.opened;
  ws.send('x');
  assert.is((await ws.closed).code, 1007);
  assert.equal(rules, ['invalid-deflate']);
  const received: unknown[] = [];
  const good = bench.connect(server.url, { message: (_, data) => void received.push(data) }, { compression: true });
  assert.is(await exchange(good, received), DEFAULT);
});

test('a compressed frame that was not negotiated fails with 1002', async (bench) => {
  const url = await openServer(bench, (wire) => wire.write(frame('server', 0xc1, Uint8Array.of(0))));
  const rules: string[] = [];
  const handlers = { message() {}, fail: (_: unknown, { rule }: { rule: string }) => void rules.push(rule) };
  assert.is((await bench.connect(url, handlers, { compression: true, closeTimeout: 50 }).closed).code, 1006);
  assert.equal(rules, ['reserved-bits']);
});

interface Bombed {
  readonly codes: number[];
  readonly rules: string[];
  readonly took: number;
  readonly rss: number;
  readonly external: number;
  readonly heapUsed: number;
}

const MIB = 2 ** 20;
const BOMB = fileURLToPath(new URL('fixtures/bomb.ts', import.meta.url));

for (const engine of ['zlib', 'pako']) {
  for (const shape of ['whole', 'fragments', 'bytes']) {
    test(`${engine}: a bomb of 1 GiB, ${shape}, ends with 1009 at 1 MiB, and memory stays flat`, () => {
      const child = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', BOMB, engine, shape], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      assert.is(child.status, 0, child.stderr);
      const { codes, rules, took, rss, external, heapUsed } = JSON.parse(child.stdout) as Bombed;
      assert.equal(codes, [1009, 1009, 1009]);
      assert.equal(rules, ['message-too-big', 'message-too-big', 'message-too-big']);
      const mib = (bytes: number): string => (bytes / MIB).toFixed(1);
      console.log(
        `\n${engine}, ${shape}: three bombs of 1,024 MiB, limit 1 MiB: ` +
          `peak + ${mib(rss)} MiB RSS, + ${mib(external)} MiB external, + ${mib(heapUsed)} MiB heap; ${took | 0} ms`,
      );
      assert.ok(rss < 48 * MIB && external < 48 * MIB && heapUsed < 48 * MIB);
    });
  }
}

test.run();
