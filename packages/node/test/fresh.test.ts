// connect with functions for `url`, `headers` and `subprotocols`: called for each attempt, and bound by its time and signal.
import { connect as connectTcp } from 'node:net';
import { VirtualClock } from '@sockless/adapter/testing';
import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import { type ConnectOptions, connect, type Handlers, type ReconnectPolicy } from '../src/index.ts';
import { openServer, rawServer } from './raw.ts';
import { FAST, fractions, reset } from './reconnect.ts';
import { type Bench, deferred, delay, recorder, soon, suite, thrown, until } from './support.ts';

const test = suite('fresh');

const oops = new Error('no token today');

/** A server that loses its first connections, and the heads of the requests. */
async function losing(bench: Bench, losses: number): Promise<{ url: string; heads: string[] }> {
  const heads: string[] = [];
  const url = await openServer(bench, (wire, head) => {
    heads.push(head);
    if (heads.length <= losses) reset(wire);
  });
  return { url, heads };
}

for (const [how, wrap] of [
  ['at once', <T>(value: T): T => value],
  ['by a promise', <T>(value: T): Promise<T> => delay(2, value)],
] as const) {
  test(`each attempt calls the functions for URL, header fields and subprotocols, whose results come ${how}`, async (bench) => {
    const { url, heads } = await losing(bench, 2);
    let attempts = 0;
    bench.connect(
      () => wrap(`${url}try?n=${++attempts}`),
      { message() {} },
      {
        headers: () => wrap({ Authorization: `Bearer ${attempts}` }),
        subprotocols: () => wrap([`v${attempts}`]),
        reconnect: FAST,
      },
    );
    await until(() => heads.length === 3);
    for (const [index, head] of heads.entries()) {
      assert.match(head, `GET /try?n=${index + 1} HTTP/1.1`);
      assert.match(head, `Authorization: Bearer ${index + 1}`);
      assert.match(head, `Sec-WebSocket-Protocol: v${index + 1}`);
    }
  });
}

test('functions and values may be mixed, and undefined stands for none', async (bench) => {
  const { url, heads } = await losing(bench, 0);
  const ws = bench.connect(new URL(url), {}, { headers: () => undefined, subprotocols: async () => undefined });
  await ws.opened;
  assert.not.match(heads[0] ?? '', /Protocol/);
  await bench.connect(() => new URL(url.replace('//', '//me:secret@'))).opened;
  assert.match(heads[1] ?? '', `Authorization: Basic ${btoa('me:secret')}`);
});

test('the functions are not called if an option is not valid', () => {
  let asked = 0;
  const headers = (): undefined => void asked++;
  thrown(RangeError, () => connect(() => 'ws://localhost', { headers, maxMessageSize: -1 }));
  thrown(SyntaxError, () => connect('localhost', { headers }));
  thrown(TypeError, () => connect('ws://localhost', { headers, reconnect: { refusals: [500] } }));
  assert.is(asked, 0);
});

const failures: Record<string, () => never | Promise<never>> = {
  throws: () => {
    throw oops;
  },
  rejects: () => Promise.reject(oops),
  'rejects later': () => delay(3).then(() => Promise.reject(oops)),
};

for (const [how, fail] of Object.entries(failures)) {
  for (const part of ['url', 'headers', 'subprotocols'] as const) {
    test(`when the function for ${part} ${how}, the attempt ends with this cause, and the next attempt calls it again`, async (bench) => {
      const { url, heads } = await losing(bench, 0);
      let attempts = 0;
      const ends: EndEvent[] = [];
      const { log, handlers } = recorder();
      const ask = <T>(mine: string, value: T) => {
        if (part !== mine) return value;
        return () => (++attempts === 1 ? fail() : value);
      };
      const ws = bench.connect(
        ask('url', url),
        {
          ...handlers,
          end(it, event) {
            ends.push(event);
            handlers.end(it, event);
          },
        },
        { headers: ask('headers', { 'X-A': '1' }), subprotocols: ask('subprotocols', []), reconnect: FAST },
      );
      assert.equal([ws.state, log], ['connecting', []]);
      await ws.opened;
      assert.equal([attempts, heads.length, ends.length], [2, 1, 1]);
      assert.is(ends[0]?.explanation.cause, oops);
      assert.match(ends[0]?.explanation.summary ?? '', /no token today/);
      assert.equal(log, ['fail handshake-interrupted', 'end 1006', 'open']);
    });
  }
}

test('an invalid result of a function ends the attempt with the reason', async (bench) => {
  for (const [url, options, said] of [
    [() => 'ftp://h', {}, /SyntaxError: .* is not a WebSocket URI/],
    [() => undefined as never, {}, /SyntaxError/],
    ['ws://h', { headers: () => ({ Host: 'x' }) }, /RangeError: .*Host/],
    ['ws://h', { headers: () => 5 as never }, /TypeError: headers/],
    ['ws://h', { subprotocols: () => ['a b'] }, /TypeError: subprotocols/],
  ] as const) {
    const { explanation } = await bench.connect(url, {}, options as ConnectOptions).closed;
    assert.match(explanation.summary, said);
  }
});

test('handshakeTimeout includes the time of the functions', async (bench) => {
  const server = await rawServer(bench, () => undefined);
  const clock = new VirtualClock();
  const options = { clock, handshakeTimeout: 1000 };
  const signals: AbortSignal[] = [];
  const never = bench.connect(
    (signal) => {
      signals.push(signal);
      return new Promise(() => {});
    },
    {},
    options,
  );
  const token = deferred<Record<string, string>>();
  const late = bench.connect(server, {}, { ...options, headers: () => token.promise });
  clock.advance(600);
  token.resolve({});
  await soon();
  clock.advance(399);
  assert.equal([never.state, late.state, signals[0]?.aborted], ['connecting', 'connecting', false]);
  clock.advance(3);
  assert.is((await never.closed).explanation.error?.rule, 'handshake-timeout');
  assert.is((await late.closed).explanation.error?.rule, 'handshake-timeout');
  assert.is(signals[0]?.aborted, true);
  assert.is(clock.timers, 0);
});

const giveUps: Record<string, (ws: ReturnType<Bench['connect']>, controller: AbortController) => void> = {
  'close()': (ws) => ws.close(),
  'terminate()': (ws) => ws.terminate(),
  abort: (_, controller) => controller.abort(oops),
};

for (const [how, giveUp] of Object.entries(giveUps)) {
  test(`${how} while functions are pending ends the client at once, aborts their signal, and dials nothing later`, async (bench) => {
    let dialled = 0;
    const url = await rawServer(bench, () => void dialled++);
    const controller = new AbortController();
    const answer = deferred<string>();
    const signals: AbortSignal[] = [];
    const { log, handlers } = recorder();
    const ws = bench.connect(
      (signal) => {
        signals.push(signal);
        return answer.promise;
      },
      handlers,
      { signal: controller.signal, reconnect: true },
    );
    await soon();
    giveUp(ws, controller);
    const { explanation } = await ws.closed;
    assert.equal(log, [`fail handshake-${how === 'terminate()' ? 'interrupted' : 'abandoned'}`, 'end 1006']);
    assert.is(signals[0]?.aborted, true);
    if (how === 'abort') assert.equal([signals[0]?.reason, explanation.cause], [oops, oops]);
    answer.resolve(url);
    await soon();
    assert.equal([dialled, log.length, signals.length], [0, 2, 1]);
  });
}

test('the functions of an attempt get one signal, which `close` aborts before the connection is open and not afterwards', async (bench) => {
  const server = await bench.serve();
  const signals: AbortSignal[] = [];
  const ws = bench.connect(
    (signal) => {
      signals.push(signal);
      return server.url;
    },
    {},
    {
      headers: (signal) => void signals.push(signal),
      subprotocols: async (signal) => void signals.push(signal),
      createSocket: (_, signal) => {
        signals.push(signal);
        return connectTcp(server.port, '127.0.0.1');
      },
    },
  );
  await ws.opened;
  ws.close(1000);
  await ws.closed;
  assert.equal([signals.length, new Set(signals).size, signals[0]?.aborted], [4, 1, false]);
  let given: AbortSignal | undefined;
  const pending = bench.connect(
    server.url,
    {},
    {
      createSocket: (_, signal) => {
        given = signal;
        return new Promise(() => {});
      },
    },
  );
  await soon();
  assert.is(given?.aborted, false);
  pending.close();
  assert.is(given?.aborted, true);
});

// What the end tells of an abort.

for (const [when, handler] of [
  ['while it connects', 'request'],
  ['when it is open', 'open'],
] as const) {
  test(`the end has the reason of a signal that is aborted ${when}`, async (bench) => {
    const controller = new AbortController();
    const handlers: Handlers = handler === 'request' ? { request: () => new Promise(() => {}) } : {};
    const server = await bench.serve(handlers);
    const ws = bench.connect(server.url, {}, { signal: controller.signal });
    await (handler === 'request' ? until(() => server.connections.size === 1) : ws.opened);
    controller.abort(oops);
    const { explanation, clean } = await ws.closed;
    assert.is(explanation.cause, oops);
    if (handler === 'open') {
      assert.equal([clean, explanation.sent?.code], [true, 1001]);
      return;
    }
    assert.match(explanation.summary, /no token today/);
    const error = await ws.opened.catch((reason: unknown) => reason);
    assert.is(((error as Error).cause as Error).cause, oops);
  });
}

// Retry-After, and which refusals are retried.

/** A server that refuses with a status and header fields, and how often. */
async function refusing(bench: Bench, status: number, ...fields: string[]): Promise<{ url: string; count(): number }> {
  let count = 0;
  const url = await rawServer(bench, async (wire) => {
    await wire.head();
    count++;
    wire.socket.end([`HTTP/1.1 ${status} No`, ...fields, 'Content-Length: 0', '', ''].join('\r\n'));
  });
  return { url, count: () => count };
}

for (const [title, field, policy, expected] of [
  ['is waited for, and the delay of the policy comes on top', 'Retry-After: 7', {}, 7050],
  ['is bounded', 'Retry-After: 86400', {}, 300_050],
  ['is bounded by the policy', 'Retry-After: 86400', { maxRetryAfter: 1000 }, 1050],
  ['is ignored with maxRetryAfter: 0', 'Retry-After: 86400', { maxRetryAfter: 0 }, 50],
  ['may be longer than a timer takes', `Retry-After: ${'9'.repeat(30)}`, { maxRetryAfter: Infinity }, 2 ** 31 - 1],
  ['that is neither a number nor a date is ignored', 'Retry-After: tomorrow', {}, 50],
] as [string, string, ReconnectPolicy, number][]) {
  test(`Retry-After ${title}`, async (bench) => {
    const { url } = await refusing(bench, 503, field);
    const said = deferred<number>();
    const onRetry = ({ delay: ms }: { delay: number }): void => said.resolve(ms);
    const reconnect = { base: 100, ...policy, onRetry };
    const ws = bench.connect(url, {}, { reconnect, random: fractions(0, 0.5) });
    assert.is(await said.promise, expected);
    ws.close();
  });
}

test('a client connects again after the refusals that its policy names, and after 429, but not after 401', async (bench) => {
  for (const [status, attempts] of [
    [403, 3],
    [404, 3],
    [401, 1],
    [429, 3],
  ] as const) {
    const { url, count } = await refusing(bench, status);
    await bench.connect(url, {}, { reconnect: { ...FAST, attempts: 2, refusals: [403, 404] } }).closed;
    assert.is(count(), attempts, String(status));
  }
});

test.run();
