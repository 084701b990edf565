// Every wait of a server has a deadline, from the first moment of a socket on. These tests are about Node's HTTP server.
import { get as httpGet } from 'node:http';
import { Agent, get as httpsGet } from 'node:https';
import { connect as tlsConnect } from 'node:tls';
import { VirtualClock } from '@sockless/adapter/testing';
import * as assert from 'uvu/assert';
import type { ServeOptions, Server } from '../src/index.ts';
import { CERTIFICATE, KEY } from './certificate.ts';
import { dial, frame, request, type Wire } from './raw.ts';
import { type Bench, delay, soon, suite, until } from './support.ts';

const test = suite('waits', 10_000);

const TLS = { key: KEY, cert: CERTIFICATE };

/** Tells whether the socket ends after what was sent, and nothing more happens. */
async function goneAt(wire: Wire, clock: VirtualClock, time: number): Promise<string> {
  await soon();
  clock.advance(time - 1);
  await soon();
  assert.not(wire.ended);
  clock.advance(2);
  const said = await wire.end();
  return said;
}

async function serve(bench: Bench, options: ServeOptions = {}): Promise<{ server: Server; clock: VirtualClock }> {
  const clock = new VirtualClock();
  return { clock, server: await bench.serve({}, { handshakeTimeout: 2000, clock, ...options }) };
}

for (const [title, bytes, said] of [
  ['never sends a head', '', ''],
  ['sends half of a head', request().slice(0, 40), 'HTTP/1.1 408 '],
  ['sends half of a line', 'GET', 'HTTP/1.1 408 '],
] as const) {
  test(`a client that ${title} is gone after handshakeTimeout`, async (bench) => {
    const { server, clock } = await serve(bench);
    const wire = await dial(bench, server.port);
    if (bytes !== '') wire.write(bytes);
    assert.ok((await goneAt(wire, clock, 2000)).startsWith(said));
  });
}

test('a client that trickles its head is gone after handshakeTimeout', async (bench) => {
  const { server, clock } = await serve(bench);
  const wire = await dial(bench, server.port);
  for (const byte of request().slice(0, 19)) {
    wire.write(byte);
    await delay(1);
    clock.advance(100);
    assert.not(wire.ended);
  }
  await goneAt(wire, clock, 100);
});

test('a TCP client that is silent before the TLS handshake is gone after handshakeTimeout', async (bench) => {
  const { server, clock } = await serve(bench, { tls: TLS });
  await goneAt(await dial(bench, server.port), clock, 2000);
});

test('a client that trickles the TLS handshake is gone after handshakeTimeout', async (bench) => {
  const { server, clock } = await serve(bench, { tls: TLS });
  const wire = await dial(bench, server.port);
  for (const byte of [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]) {
    wire.write(Buffer.of(byte));
    await delay(1);
    clock.advance(200);
    assert.not(wire.ended);
  }
  await goneAt(wire, clock, 200);
});

for (const bytes of ['', request().slice(0, 40)]) {
  test(`a client that sends ${bytes === '' ? 'nothing' : 'half of a head'} after the TLS handshake is gone as well`, async (bench) => {
    const { server, clock } = await serve(bench, { tls: TLS });
    const socket = tlsConnect({ port: server.port, host: '127.0.0.1', ca: CERTIFICATE });
    bench.after(() => socket.destroy());
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.write(bytes);
    await soon();
    clock.advance(2001);
    await new Promise((resolve) => socket.once('close', resolve));
  });
}

test('handshakeTimeout covers the wait for the head and for the decision together', async (bench) => {
  const clock = new VirtualClock();
  const server = await bench.serve({ request: () => new Promise(() => {}) }, { handshakeTimeout: 2000, clock });
  const wire = await dial(bench, server.port);
  await soon();
  clock.advance(1500);
  wire.write(request());
  await until(() => server.connections.size === 1);
  assert.match(await goneAt(wire, clock, 500), /^HTTP\/1.1 408 /);
});

test('there is no time limit for an open connection or a response of the http listener', async (bench) => {
  const { server, clock } = await serve(bench, {
    http: (_, response) => void setTimeout(() => response.end('late'), 50),
  });
  const wire = await dial(bench, server.port);
  wire.write(request());
  await wire.head();
  const answered = new Promise<number | undefined>((resolve) => {
    httpGet({ port: server.port, host: '127.0.0.1' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
  });
  await soon();
  clock.advance(10_000);
  await soon();
  assert.not(wire.ended);
  assert.is(await answered, 200);
});

test('a second request on a socket gets the whole time again', async (bench) => {
  const { server, clock } = await serve(bench, { http: (_, response) => response.end('x') });
  const wire = await dial(bench, server.port);
  wire.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await wire.head();
  clock.advance(3000);
  wire.received = Buffer.alloc(0);
  wire.write(request());
  await until(() => server.connections.size === 1);
  await soon();
  assert.equal([...server.connections][0]?.state, 'open');
});

test('handshakeTimeout: Infinity waits', async (bench) => {
  const { server, clock } = await serve(bench, { handshakeTimeout: Infinity });
  const wire = await dial(bench, server.port);
  await soon();
  clock.advance(1e9);
  await soon();
  assert.not(wire.ended);
});

const silences: Record<string, (bench: Bench, port: number) => Promise<void>> = {
  'before the TLS handshake': async (bench: Bench, port: number) => void (await dial(bench, port)),
  'after the TLS handshake': async (bench: Bench, port: number) => {
    const socket = tlsConnect({ port, host: '127.0.0.1', ca: CERTIFICATE });
    bench.after(() => socket.destroy());
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('secureConnect', resolve));
  },
  'between two requests': (_: Bench, port: number) =>
    new Promise<void>((resolve) => {
      const agent = new Agent({ keepAlive: true });
      httpsGet({ port, host: '127.0.0.1', ca: CERTIFICATE, agent }, (response) => {
        response.resume().on('end', resolve);
      });
    }),
};

for (const [title, arrive] of Object.entries(silences)) {
  test(`close does not wait for a client that is silent ${title}`, async (bench) => {
    const server = await bench.serve({}, { tls: TLS });
    await arrive(bench, server.port);
    await soon();
    const late = delay(4000, 'late', { ref: false });
    assert.is(await Promise.race([server.close({ timeout: 60_000 }), late]), undefined);
  });
}

test('invalid requests, and failures before a request, go to `error` without a connection', async (bench) => {
  const told: unknown[] = [];
  for (const tls of [undefined, TLS]) {
    const server = await bench.serve({ error: (ws, error) => void told.push([ws, (error as Error).name]) }, { tls });
    const wire = await dial(bench, server.port);
    wire.write('this is no HTTP\r\n\r\n');
    const said = await wire.end();
    if (tls === undefined) assert.match(said, /^HTTP\/1.1 400 Bad Request\r\n/);
    await until(() => told.length > 0);
    assert.equal(told.splice(0), [[undefined, 'Error']]);
  }
  const server = await bench.serve({ error: (ws, error) => void told.push([ws, error]) });
  const wire = await dial(bench, server.port);
  wire.write(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  assert.match(await wire.end(), /^HTTP\/1.1 431 /);
  const oops = new Error('accept EMFILE');
  told.length = 0;
  server.http.emit('error', oops);
  assert.equal(told, [[undefined, oops]]);
  // The server goes on.
  const ws = bench.connect(server.url);
  await ws.opened;
});

test('without an `error` handler strangers cannot fill the console', async (bench) => {
  const { error } = console;
  const lines: unknown[] = [];
  console.error = (...values) => void lines.push(values);
  bench.after(() => {
    console.error = error;
  });
  const server = await bench.serve();
  const wire = await dial(bench, server.port);
  wire.write('this is no HTTP\r\n\r\n', frame('client', 0x81));
  assert.match(await wire.end(), /^HTTP\/1.1 400 /);
  assert.equal(lines, []);
  // An error of the listening socket has nothing to do with any client.
  const oops = new Error('accept EMFILE');
  server.http.emit('error', oops);
  assert.is((lines[0] as unknown[]).at(-1), oops);
});

test('when an invalid request arrives after the head of a response, no 400 is sent: the client would read it as the body of that response', async (bench) => {
  const { port } = await bench.serve({}, { http: (_, response) => void response.writeHead(200).write('a part') });
  const wire = await dial(bench, port);
  wire.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => wire.received.includes('a part'));
  wire.write('this is no HTTP\r\n\r\n');
  const said = await wire.end();
  assert.match(said, /^HTTP\/1.1 200 OK\r\n/);
  assert.not.match(said, / 400 /);
});

test.run();
