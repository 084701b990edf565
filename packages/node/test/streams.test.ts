// ws.readable and ws.writable: messages as Web Streams, with back-pressure both ways.
import * as assert from 'uvu/assert';
import { ConnectionEndedError } from '../src/index.ts';
import { FAST, reset, scripted } from './reconnect.ts';
import { type Bench, deferred, recorder, soon, suite, until } from './support.ts';

const test = suite('streams');

const echo = {
  message: (ws: { send(data: string | Uint8Array): boolean }, data: string | Uint8Array) => void ws.send(data),
};

async function all(readable: ReadableStream): Promise<unknown[]> {
  const chunks: unknown[] = [];
  const reader = readable.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
  return chunks;
}

test('written messages come back, text as strings and binary as bytes, and each stream is made once', async (bench) => {
  const server = await bench.serve(echo);
  const ws = bench.connect(server.url);
  assert.is(ws.readable, ws.readable);
  assert.is(ws.writable, ws.writable);
  // It is written to before there is a connection.
  const writer = ws.writable.getWriter();
  await writer.write('text');
  await writer.write(Uint8Array.of(1, 2, 3));
  const reader = ws.readable.getReader();
  assert.equal([(await reader.read()).value, (await reader.read()).value], ['text', Uint8Array.of(1, 2, 3)]);
  await writer.close();
  assert.equal([(await reader.read()).done, (await ws.closed).code], [true, 1000]);
});

test('a server can pipe its readable through a transform into its writable', async (bench) => {
  const server = await bench.serve({
    open: (ws) => {
      const upper = new TransformStream({ transform: (text, to) => to.enqueue(String(text).toUpperCase()) });
      return ws.readable.pipeThrough(upper).pipeTo(ws.writable);
    },
  });
  const ws = bench.connect(server.url);
  await ws.opened;
  for (const text of ['a', 'b', 'c']) ws.send(text);
  const chunks: unknown[] = [];
  for await (const message of ws) {
    chunks.push(message);
    if (chunks.length === 3) ws.close(1000);
  }
  assert.equal(chunks, ['A', 'B', 'C']);
  assert.ok((await ws.closed).clean);
});

test('while a stream is not read the rest waits at the sender, and later all of it arrives', async (bench) => {
  const chunk = new Uint8Array(65_536);
  const sent = deferred<number>();
  const { client, server } = await bench.pair({ client: { message: undefined as never } });
  const reader = client.readable.getReader();
  void (async () => {
    const writer = server.writable.getWriter();
    for (let n = 0; n < 400; n++) {
      await writer.write(chunk);
      if (n % 50 === 49) sent.resolve(n);
    }
    await writer.close();
  })();
  await until(() => server.queuedBytes > 65_536);
  await soon();
  // What waits on this side, in the sockets and over there is not all by far.
  const waiting = server.queuedBytes;
  assert.ok(waiting < 200_000, String(waiting));
  let received = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) received += next.value.length;
  assert.is(received, 400 * chunk.length);
});

for (const [how, end, name] of [
  ['with 4000', (ws: Peer) => ws.close(4000), 'ConnectionEndedError'],
  ['by terminating', (ws: Peer) => ws.terminate(), 'ConnectionEndedError'],
  ['with 1000', (ws: Peer) => ws.close(1000), undefined],
] as const) {
  test(`when the peer ends ${how}, the readable ${name ? 'fails' : 'closes'} and the writable fails with that end`, async (bench) => {
    const { client, server } = await bench.pair({ client: { message: undefined as never } });
    const { readable, writable } = client;
    const writer = writable.getWriter();
    server.send('last');
    end(server);
    const reading = all(readable).catch((error: Error) => error.name);
    assert.equal(await reading, name ?? ['last']);
    const error = await writer.closed.catch((reason: unknown) => reason);
    assert.instance(error, ConnectionEndedError);
    assert.is((error as ConnectionEndedError).end, client.endEvent);
    assert.instance(await writer.write('x').catch((reason: unknown) => reason), ConnectionEndedError);
  });
}

type Peer = Awaited<ReturnType<Bench['pair']>>['server'];

test('cancelling the readable closes with 1000, aborting the writable with 1011', async (bench) => {
  for (const [stop, code] of [
    [(ws: Peer) => ws.readable.cancel(), 1000],
    [(ws: Peer) => ws.writable.abort(new Error('enough')), 1011],
  ] as const) {
    const { client, server } = await bench.pair({ client: { message: undefined as never } });
    await client.opened;
    await stop(client);
    const { explanation } = await server.closed;
    assert.is(explanation.received?.code, code);
  }
});

test('closing the writable fails when the closing handshake does', async (bench) => {
  const { client, server } = await bench.pair();
  const writer = client.writable.getWriter();
  server.pause();
  const closed = writer.close().catch((reason: unknown) => reason);
  await soon();
  server.terminate();
  assert.instance(await closed, ConnectionEndedError);
});

test('a connection that never opens fails both streams', async (bench) => {
  const ws = bench.connect('ws://127.0.0.1:1');
  const reading = all(ws.readable).catch((error: unknown) => error);
  const writing = ws.writable
    .getWriter()
    .write('x')
    .catch((error: unknown) => error);
  assert.instance(await reading, ConnectionEndedError);
  assert.instance(await writing, ConnectionEndedError);
});

test('a client that reconnects keeps its streams', async (bench) => {
  const { url, wires } = await scripted(bench, [reset, () => undefined]);
  const ws = bench.connect(url, {}, { reconnect: { ...FAST, messages: 'drop' } });
  const writer = ws.writable.getWriter();
  await until(() => wires.length === 2);
  await writer.write('here');
  const [frame] = (await wires[1]?.frames(1)) ?? [];
  assert.is(frame?.payload.toString(), 'here');
});

test('asking for a stream after messages were dropped throws', async (bench) => {
  const { handlers } = recorder();
  const { server, client } = await bench.pair({ server: { end: handlers.end } });
  await client.opened;
  client.send('nobody asks');
  await until(() => server.droppedMessages === 1);
  assert.throws(() => server.readable, /dropped/);
});

test.run();
