// Errors that handlers throw or reject with: their own connection fails, no other notices, and the application is told.
import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import { ConnectionEndedError, type Handlers, type WebSocketConnection } from '../src/index.ts';
import { closing, dial, frame, openServer, rawClient, request } from './raw.ts';
import { type Bench, deferred, delay, recorder, soon, suite, until } from './support.ts';

const test = suite('handler errors');

interface Told {
  readonly errors: unknown[];
  readonly of: (WebSocketConnection | undefined)[];
  readonly error: NonNullable<Handlers['error']>;
}

function told(): Told {
  const errors: unknown[] = [];
  const of: (WebSocketConnection | undefined)[] = [];
  return {
    errors,
    of,
    error: (ws, error) => {
      errors.push(error);
      of.push(ws);
    },
  };
}

/** Records what is written to the console, until the end of the test. */
function consoleErrors(bench: Bench): unknown[][] {
  const lines: unknown[][] = [];
  const { error } = console;
  console.error = (...values) => void lines.push(values);
  bench.after(() => {
    console.error = error;
  });
  return lines;
}

const oops = new Error('oops');

const ways: Record<string, () => unknown> = {
  throws: () => {
    throw oops;
  },
  'rejects at once': () => Promise.reject(oops),
  'rejects later': () => delay(5).then(() => Promise.reject(oops)),
  'rejects with a promise of another kind': () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    then: (_: unknown, reject: (error: unknown) => void) => void setTimeout(reject, 5, oops),
  }),
};

for (const name of ['open', 'message', 'ping', 'pong', 'close', 'end'] as const) {
  for (const [how, fail] of Object.entries(ways)) {
    test(`when ${name} ${how}, the error goes to \`error\`, and the connection ends`, async (bench) => {
      const { errors, of, error } = told();
      const ends: EndEvent[] = [];
      // A later rejection happens before the next test.
      bench.after(soon);
      const host = await bench.serve({
        error,
        end: (_, event) => {
          ends.push(event);
          return name === 'end' ? fail() : undefined;
        },
        ...(name !== 'end' && { [name]: fail }),
      });
      const other = bench.connect(host.url);
      await other.opened;
      const errorsOfOther = errors.length;
      const wire = await rawClient(bench, host.port);
      wire.write(frame('client', 0x81, 'x'), frame('client', 0x89), frame('client', 0x8a));
      if (name === 'close' || name === 'end') wire.write(frame('client', 0x88, closing(1000)));
      await until(() => errors.length > errorsOfOther || wire.ended);
      wire.socket.end();
      const text = await wire.end();
      await until(() => ends.length > 0 && errors.length > errorsOfOther);
      assert.ok(errors.every((it) => it === oops));
      assert.ok(of.every((ws) => ws !== undefined));
      if (name === 'message' || name === 'ping' || name === 'pong') {
        assert.ok(text.includes('handler-failed'), text);
        assert.equal([ends[0]?.explanation.sent?.code, ends[0]?.explanation.error?.rule], [1011, 'handler-failed']);
        assert.is(ends[0]?.explanation.error?.cause, oops);
        // The other connection noticed nothing.
        assert.is(other.state, 'open');
      }
    });
  }
}

test('without an `error` handler the error goes to the console, with its stack', async (bench) => {
  const lines = consoleErrors(bench);
  const host = await bench.serve({
    message() {
      throw oops;
    },
  });
  const wire = await rawClient(bench, host.port);
  wire.write(frame('client', 0x81, 'x'));
  await wire.frames(1);
  assert.equal(
    lines.map((values) => values.at(-1)),
    [oops],
  );
});

for (const [how, fail] of Object.entries(ways)) {
  test(`an \`error\` handler that ${how} hides no error`, async (bench) => {
    const lines = consoleErrors(bench);
    const first = new Error('first');
    const host = await bench.serve({
      message() {
        throw first;
      },
      error: fail,
    });
    const wire = await rawClient(bench, host.port);
    wire.write(frame('client', 0x81, 'x'));
    const [close] = await wire.frames(1);
    assert.is(close?.payload.readUInt16BE(0), 1011);
    await until(() => lines.length === 2);
    assert.equal(
      lines.map((values) => values.at(-1)),
      [first, oops],
    );
  });
}

test('messages that a handler sent before it threw are transmitted, and later incoming ones are not delivered', async (bench) => {
  const { errors, error } = told();
  const { log, handlers } = recorder();
  const host = await bench.serve({
    ...handlers,
    error,
    message(ws, data) {
      handlers.message(ws, data);
      ws.send(`echo ${data}`);
      if (data === '1') throw oops;
    },
  });
  const wire = await rawClient(bench, host.port);
  wire.write(...['1', '2'].map((text) => frame('client', 0x81, text)), frame('client', 0x88, closing(1000)));
  const frames = await wire.frames(2);
  assert.equal(
    frames.map(({ first, payload }) => [first, payload.toString('latin1')]),
    [
      [0x81, 'echo 1'],
      [0x88, '\x03\xf3handler-failed'],
    ],
  );
  await wire.end();
  wire.socket.end();
  await until(() => log.includes('end 1006') || log.some((line) => line.startsWith('end')));
  assert.equal(log.slice(0, 3), ['open', 'text 1', 'fail handler-failed']);
  assert.equal(errors, [oops]);
});

test('a client that disappears without a Close frame while an async `open` loops is not reported as a handler error', async (bench) => {
  const lines = consoleErrors(bench);
  const { errors, error } = told();
  const ends: EndEvent[] = [];
  const handlers: Handlers = {
    async open(ws) {
      for await (const message of ws) ws.send(message);
    },
    end: (_, event) => void ends.push(event),
  };
  for (const host of [await bench.serve({ ...handlers, error }), await bench.serve(handlers)]) {
    const wire = await rawClient(bench, host.port);
    wire.write(frame('client', 0x81, 'x'));
    await wire.frames(1);
    wire.socket.resetAndDestroy();
  }
  await until(() => ends.length === 2);
  await soon();
  assert.equal([errors, lines], [[], []]);
});

test('the ConnectionEndedError of another connection, thrown in a handler, is an error', async (bench) => {
  const { errors, error } = told();
  const url = await openServer(bench, (wire) => void setTimeout(() => wire.socket.resetAndDestroy(), 5));
  const upstream = bench.connect(url);
  const host = await bench.serve({
    error,
    async open() {
      for await (const _ of upstream);
    },
  });
  const wire = await rawClient(bench, host.port);
  await wire.frames(1);
  assert.instance(errors[0], ConnectionEndedError);
});

test('an error in drain fails the connection', async (bench) => {
  const { errors, error } = told();
  const host = await bench.serve({
    error,
    open: (ws) => ws.send(new Uint8Array(100_000)),
    drain() {
      throw oops;
    },
  });
  const wire = await rawClient(bench, host.port);
  const [, close] = await wire.frames(2);
  assert.is(close?.payload.readUInt16BE(0), 1011);
  assert.equal(errors, [oops]);
});

test('errors thrown by `message` for messages left over from a loop go to `error`', async (bench) => {
  const { errors, error } = told();
  const peer = deferred<import('./raw.ts').Wire>();
  const message = (): never => {
    throw oops;
  };
  const ws = bench.connect(await openServer(bench, peer.resolve), { error, message });
  await ws.opened;
  const iterator = ws[Symbol.asyncIterator]();
  (await peer.promise).write(frame('server', 0x81, '1'), frame('server', 0x81, '2'), frame('server', 0x81, '3'));
  await iterator.next();
  await iterator.return?.();
  assert.equal(errors, [oops, oops]);
  assert.is(ws.state, 'closing');
});

for (const name of ['when', 'onRetry'] as const) {
  for (const [how, fail] of Object.entries(ways)) {
    test(`when ${name} of a reconnecting client ${how}, \`error\` is called once`, async (bench) => {
      const { errors, error } = told();
      const url = await openServer(bench, (wire) => wire.socket.resetAndDestroy());
      const reconnect = { base: 2, attempts: 1, [name]: fail };
      const ws = bench.connect(url, { error }, { reconnect });
      await ws.closed;
      await delay(20);
      assert.is(errors.length, 1);
      // A promise is not an answer to this question: it would always be truthy.
      if (name === 'when' && how !== 'throws')
        assert.match(String(errors[0]), /TypeError: reconnect.when: .* not a promise/);
      else assert.is(errors[0], oops);
    });
  }
}

test('a `request` handler whose promise rejects is answered with 500, and `error` gets the reason', async (bench) => {
  const { errors, of, error } = told();
  const host = await bench.serve({ error, request: () => Promise.reject(oops) });
  const wire = await dial(bench, host.port);
  wire.write(request());
  assert.match(await wire.end(), /^HTTP\/1.1 500 /);
  assert.equal(errors, [oops]);
  assert.is(of[0]?.state === 'closed' || of[0]?.state === 'closing', true);
});

/** Events that make a client mask a frame of its own. */
const masks: Record<string, (server: WebSocketConnection) => unknown> = {
  'a Ping frame must be answered': (server) => server.ping(),
  'a handler throws': (server) => server.send('throw'),
  'a heartbeat is due': () => undefined,
};
for (const [when, act] of Object.entries(masks)) {
  test(`if the source of random bytes fails when ${when}, the connection ends, and no error is uncaught`, async (bench) => {
    const uncaught = bench.uncaught();
    const errors: unknown[] = [];
    let broken = false;
    const random = (bytes: Uint8Array<ArrayBuffer>): void => {
      if (broken) throw new Error('no random bytes');
      crypto.getRandomValues(bytes);
    };
    const heartbeat = when.startsWith('a heartbeat') && { interval: 20, timeout: 10_000 };
    const { client, server } = await bench.pair({
      client: {
        message() {
          throw new Error('a mishap');
        },
        error: (_, error) => void errors.push(error),
      },
      clientOptions: { random, heartbeat },
    });
    broken = true;
    act(server);
    assert.is((await client.closed).code, 1006);
    await server.closed;
    assert.match(String(errors[0]), /no random bytes|a mishap/);
    assert.equal(uncaught, []);
  });
}

test.run();
