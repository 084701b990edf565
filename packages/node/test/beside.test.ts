// An HTTP server of one's own: its connections, other libraries beside sockless, and work before the upgrade.
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import * as assert from 'uvu/assert';
import { WebSocketServer } from 'ws';
import { guard, upgrade, upgrader } from '../src/index.ts';
import { dial, rawClient, request } from './raw.ts';
import { deferred, delay, recorder, soon, suite, thrown, until } from './support.ts';

const test = suite('beside');

test("upgrader knows the connections of a server of one's own, and closes them", async (bench) => {
  const { log, handlers } = recorder();
  const chat = upgrader({ maxMessageSize: 1000 }, handlers);
  const server = createServer();
  server.on('upgrade', chat.upgrade);
  const port = await bench.listen(server);
  const ws = bench.connect(`ws://127.0.0.1:${port}`);
  await ws.opened;
  const [first] = chat.connections;
  assert.is(chat.connections.size, 1);
  first?.send('hello');
  assert.is((await ws[Symbol.asyncIterator]().next()).value, 'hello');
  const closing = chat.close({ code: 1012, reason: 'restart' });
  // Who comes now is refused.
  const { explanation } = await bench.connect(`ws://127.0.0.1:${port}`).closed;
  assert.match(explanation.summary, /503/);
  const end = await ws.closed;
  await closing;
  assert.equal([end.code, end.reason, chat.connections.size], [1012, 'restart', 0]);
  assert.equal(log, ['open', 'close 1012', 'end 1012 clean']);
  assert.match(String(await chat.close({ code: 5 }).catch((reason: unknown) => reason)), /RangeError/);
});

test('upgrader throws for unknown options, and close destroys connections that do not answer', async (bench) => {
  thrown(TypeError, () => upgrader({ maxPayload: 5 } as object));
  thrown(TypeError, () => upgrader({}, { onmessage() {} } as object));
  const chat = upgrader();
  const server = createServer();
  server.on('upgrade', chat.upgrade);
  const wire = await rawClient(bench, await bench.listen(server));
  wire.socket.pause();
  await until(() => [...chat.connections][0]?.state === 'open');
  await chat.close({ timeout: 10 });
  assert.is(chat.connections.size, 0);
  await chat[Symbol.asyncDispose]();
});

// Other libraries on other paths.

test('ws works beside sockless on another path of the same server', async (bench) => {
  const server = createServer();
  const others = new WebSocketServer({ noServer: true });
  bench.after(() => others.close());
  others.on('connection', (ws) => ws.on('message', (data) => ws.send(`ws: ${data}`)));
  const chat = upgrader({}, { message: (ws, data) => void ws.send(`sockless: ${data}`) });
  server.on('upgrade', (req, socket, head) => {
    if (req.url === '/ours') chat.upgrade(req, socket, head);
    else others.handleUpgrade(req, socket, head, (ws) => others.emit('connection', ws, req));
  });
  const port = await bench.listen(server);
  for (const [path, name] of [
    ['ours', 'sockless'],
    ['theirs', 'ws'],
  ]) {
    const ws = bench.connect(`ws://127.0.0.1:${port}/${path}`);
    await ws.opened;
    ws.send('hello');
    assert.is((await ws[Symbol.asyncIterator]().next()).value, `${name}: hello`);
  }
});

/** As @fastify/websocket does it: every upgrade is routed, and its socket belongs to the response. */
function takesAll(server: ReturnType<typeof createServer>, seen: string[]): void {
  server.on('upgrade', (req: IncomingMessage, socket: Duplex) => {
    seen.push(req.url ?? '');
    const response = new ServerResponse(req);
    response.assignSocket(socket as Socket);
    response.writeHead(404, { Connection: 'close' }).end('no such route');
  });
}

test('a library that takes all upgrades gets the requests that are not ours, and no others', async (bench) => {
  const server = createServer();
  const seen: string[] = [];
  takesAll(server, seen);
  // The recipe of the page.
  const others = server.listeners('upgrade');
  server.removeAllListeners('upgrade');
  const chat = upgrader();
  server.on('upgrade', (req, socket, head) => {
    if (req.url === '/ours') chat.upgrade(req, socket, head);
    else for (const listener of others) listener.call(server, req, socket, head);
  });
  const port = await bench.listen(server);
  await bench.connect(`ws://127.0.0.1:${port}/ours`).opened;
  assert.match((await bench.connect(`ws://127.0.0.1:${port}/theirs`).closed).explanation.summary, /404/);
  assert.equal(seen, ['/theirs']);
});

test('taking over a socket for the second time throws', async (bench) => {
  const server = createServer();
  const errors: unknown[] = [];
  server.on('upgrade', (req, socket, head) => {
    upgrade(req, socket, head);
    for (const again of [() => upgrade(req, socket, head), () => upgrader().upgrade(req, socket, head)]) {
      errors.push(thrown(TypeError, again).message);
    }
  });
  const ws = bench.connect(`ws://127.0.0.1:${await bench.listen(server)}`);
  await ws.opened;
  assert.equal(errors, Array(2).fill('upgrade: this socket has been taken over already'));
});

// Work before upgrade.

for (const how of ['resets', 'ends', 'stays'] as const) {
  test(`with a guarded socket, a client that ${how} before upgrade does no harm`, async (bench) => {
    const uncaught = bench.uncaught();
    const { log, handlers } = recorder();
    const arrived = deferred<void>();
    const goOn = deferred<void>();
    const server = createServer();
    server.on('upgrade', async (req, socket, head) => {
      guard(socket);
      arrived.resolve();
      await goOn.promise;
      upgrade(req, socket, head, {}, handlers);
    });
    const wire = await dial(bench, await bench.listen(server));
    wire.write(request());
    await arrived.promise;
    if (how === 'resets') wire.socket.resetAndDestroy();
    if (how === 'ends') wire.socket.end();
    await delay(10);
    goOn.resolve();
    await until(() => log.length > 0);
    await soon();
    assert.equal(uncaught, []);
    if (how === 'stays') assert.equal(log, ['open']);
    if (how === 'resets') assert.equal(log, ['fail handshake-interrupted', 'end 1006']);
    if (how === 'ends') assert.is(log.at(-1), 'end 1006');
  });
}

test.run();
