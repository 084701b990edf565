// connect with `reconnect`: messages sent or received while there is no connection.
import * as assert from 'uvu/assert';
import type { Handlers } from '../src/index.ts';
import { closing, frame, openServer, type Wire } from './raw.ts';
import { client, FAST, fractions, refusing, reset, say, scripted } from './reconnect.ts';
import { suite, until } from './support.ts';

const test = suite('reconnect: messages');

test('messages sent without a connection are sent in order once there is one', async (bench) => {
  const got: string[] = [];
  const url = await openServer(bench, async (wire) => {
    for (const { payload } of await wire.frames(4)) got.push(payload.toString());
  });
  const ws = client(bench, url, FAST, { open: (connection) => void connection.send('from open') });
  const bytes = Buffer.from('two');
  assert.is(ws.send('one'), true);
  ws.send(bytes);
  bytes.fill(0);
  ws.send(Uint8Array.from([51]).buffer);
  await until(() => got.length === 4);
  assert.equal(got, ['from open', 'one', 'two', '3']);
  await until(() => ws.queuedBytes === 0);
});

test('messages sent while one connection closes and the next is awaited are sent in order too', async (bench) => {
  const got: string[] = [];
  const { url } = await scripted(bench, [
    say(1001),
    async (wire) => {
      for (const { payload } of await wire.frames(3)) got.push(payload.toString());
    },
  ]);
  let ends = 0;
  client(
    bench,
    url,
    { ...FAST, onRetry: () => void 0 },
    {
      close: (ws) => void ws.send('in close'),
      end(ws) {
        if (++ends > 1) return;
        ws.send('in end');
        setImmediate(() => ws.send('later'));
      },
    },
  );
  await until(() => got.length === 3);
  assert.equal(got, ['in close', 'in end', 'later']);
});

test("with messages: 'drop', messages sent without a connection are dropped", async (bench) => {
  const got: string[] = [];
  const url = await openServer(bench, async (wire) => {
    for (const { payload } of await wire.frames(1)) got.push(payload.toString());
  });
  const ws = client(bench, url, { ...FAST, messages: 'drop' }, {});
  const before = ws.queuedBytes;
  assert.equal([ws.send('lost'), ws.queuedBytes], [false, before]);
  await ws.opened;
  ws.send('sent');
  await until(() => got.length === 1);
  assert.equal(got, ['sent']);
});

for (const [what, message] of [
  ['ASCII', 'x'.repeat(90)],
  ['three bytes a character', '漢'.repeat(30)],
  ['empty messages', ''],
  ['bytes', new Uint8Array(90)],
] as const) {
  test(`kept messages are bounded by maxQueuedBytes, and all of them are sent (${what})`, async (bench) => {
    const url = await openServer(bench);
    const ws = client(bench, url, FAST, {}, { maxQueuedBytes: 1000 });
    let kept = 0;
    while (kept < 10_000 && ws.send(message)) kept++;
    const size = 14 + Buffer.byteLength(message);
    assert.is(kept, Math.ceil(1000 / size));
    assert.ok(ws.queuedBytes >= 1000 && ws.queuedBytes < 1000 + size + 200);
    await ws.opened;
    ws.send('room again');
    await until(() => ws.queuedBytes === 0);
    assert.is(ws.state, 'open');
  });
}

test('kept messages are dropped when the client gives up', async (bench) => {
  const { url } = await refusing(bench, 503);
  const ws = client(bench, url, { ...FAST, attempts: 1 }, {});
  ws.send('x');
  await ws.closed;
  assert.is(ws.send('x'), false);
  assert.is(ws.queuedBytes, 0);
});

test('fragments, pings and pongs need a connection', async (bench) => {
  const { url } = await scripted(bench, [reset]);
  const ws = client(bench, url, { base: 60_000 }, {}, { random: fractions(0.9) });
  await ws.opened;
  await until(() => ws.state === 'connecting');
  for (const call of [() => ws.sendFragment('x', true), () => ws.ping(), () => ws.pong()]) {
    assert.is(call(), false);
  }
});

test('kept messages that could not be masked are sent on the next connection', async (bench) => {
  const got: unknown[] = [];
  const server = await bench.serve({ message: (_, data) => void got.push(data) });
  let pools = 0;
  const random = (bytes: Uint8Array<ArrayBuffer>): void => {
    // Masking keys are drawn many at a time.
    if (bytes.length > 16 && ++pools === 1) throw new Error('no random bytes');
    crypto.getRandomValues(bytes);
  };
  const errors: unknown[] = [];
  const ws = client(bench, server.url, FAST, { error: (_, error) => void errors.push(error) }, { random });
  for (const text of ['1', '2', '3']) ws.send(text);
  await until(() => got.length === 3);
  assert.equal(got, ['1', '2', '3']);
  assert.match(String(errors[0]), /no random bytes/);
});

test('one loop spans all connections', async (bench) => {
  const hello = (text: string) => (wire: Wire) => void wire.socket.end(frame('server', 0x81, text));
  const { url } = await scripted(bench, [
    hello('1'),
    hello('2'),
    (wire) => void wire.socket.end(Buffer.concat([frame('server', 0x81, '3'), frame('server', 0x88, closing(1000))])),
  ]);
  const ws = bench.connect(url, {}, { reconnect: FAST });
  const got: unknown[] = [];
  for await (const message of ws) got.push(message);
  assert.equal(got, ['1', '2', '3']);
});

test('kept messages are sent even when `open` throws', async (bench) => {
  const { url, got } = await (async () => {
    const got: unknown[] = [];
    const server = await bench.serve({ message: (_, data) => void got.push(data) });
    return { url: server.url, got };
  })();
  const faults: unknown[] = [];
  const sent: unknown[] = [];
  const handlers: Handlers = {
    open() {
      throw new Error('of the application');
    },
    error: (_, error) => void faults.push(error),
    end: (_, { explanation }) => void sent.push(explanation.sent?.code),
  };
  const ws = bench.connect(url, handlers, { reconnect: true });
  ws.send('kept');
  await until(() => got.length === 1);
  assert.equal(got, ['kept']);
  assert.match(String(faults[0]), /of the application/);
  await until(() => sent.length > 0);
  assert.is(sent[0], 1011);
});

test.run();
