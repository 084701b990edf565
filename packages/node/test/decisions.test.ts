// What an application decides about a request, when, and what if the client has gone by then.
import * as assert from 'uvu/assert';
import type { Decision, WebSocketConnection } from '../src/index.ts';
import { closing, dial, frame, request, type Wire } from './raw.ts';
import { upgrading } from './sockets.ts';
import { deferred, delay, recorder, suite, until } from './support.ts';

const test = suite('decisions');

const accepted = { subprotocol: 'b', headers: { 'Set-Cookie': 'a=1' } };
const decisions: { title: string; decide: () => unknown; status: number; has?: RegExp }[] = [
  { title: 'nothing accepts', decide: () => undefined, status: 101 },
  { title: 'options accept', decide: () => accepted, status: 101, has: /Sec-WebSocket-Protocol: b\r\nSet-Cookie: a=1/ },
  {
    title: 'a status refuses',
    decide: () => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic' }, body: 'who?' }),
    status: 401,
    has: /Content-Length: 4\r\nWWW-Authenticate: Basic\r\n\r\nwho\?$/,
  },
  {
    title: 'a redirect is a status like others',
    decide: () => ({ status: 302, headers: { Location: '/' } }),
    status: 302,
  },
];

/** A promise that is none of the engine's own: Bluebird's, say. */
const thenable = (value: unknown) => ({
  // biome-ignore lint/suspicious/noThenProperty: that is what is tested
  then: (resolve: (value: unknown) => void) => void setTimeout(resolve, 5, value),
});

const later: Record<string, (value: unknown) => unknown> = {
  'at once': (value) => value,
  'in a microtask': (value) => Promise.resolve(value),
  later: (value) => delay(5, value),
  'by a promise of another kind': thenable,
};

for (const { title, decide, status, has } of decisions) {
  for (const [when, wrap] of Object.entries(later)) {
    test(`${title}, ${when}`, async (bench) => {
      const { log, handlers } = recorder();
      const port = await upgrading(bench, { ...handlers, request: () => wrap(decide()) as Decision });
      const wire = await dial(bench, port);
      wire.write(request('/', ['Sec-WebSocket-Protocol: a, b']));
      const head = await wire.head();
      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
      if (status === 101) {
        wire.write(frame('client', 0x88, closing(1000)));
        await wire.frames(1);
      }
      const all = head + (await wire.end());
      if (has !== undefined) assert.match(all, has);
      wire.socket.end();
      await until(() => log.some((line) => line.startsWith('end')));
      const [first] = log;
      assert.is(first, status === 101 ? `open ${has === undefined ? '' : 'b'}`.trim() : 'fail handshake-rejected');
    });
  }
}

const mistakes: { title: string; decide: () => unknown; message: RegExp }[] = [
  {
    title: 'that throws',
    decide: () => {
      throw new Error('no database');
    },
    message: /no database/,
  },
  { title: 'that rejects', decide: () => delay(5).then(() => Promise.reject(new Error('gone'))), message: /gone/ },
  { title: 'for an impossible status', decide: () => ({ status: 101 }), message: /200 to 599/ },
  { title: 'for an impossible status, later', decide: () => delay(5, { status: 1 }), message: /200 to 599/ },
  { title: 'for a subprotocol not offered, later', decide: () => delay(5, { subprotocol: 'z' }), message: /offer/ },
  { title: 'with a bad header', decide: () => ({ headers: { 'X-A': 'a\r\nb' } }), message: /X-A/i },
  { title: 'with a bad header, later', decide: () => delay(5, { headers: { 'X-A': 'a\r\nb' } }), message: /X-A/i },
  { title: 'that is false', decide: () => false, message: /./ },
  { title: 'that is null, later', decide: () => delay(5, null), message: /./ },
];

for (const { title, decide, message } of mistakes) {
  test(`a decision ${title}: 500 for the client at once, and the error reaches the process`, async (bench) => {
    const errors = bench.uncaught();
    const { log, handlers } = recorder();
    const port = await upgrading(bench, { ...handlers, request: decide as () => Decision });
    const wire = await dial(bench, port);
    wire.write(request());
    assert.match(await wire.end(), /^HTTP\/1.1 500 \r\n/);
    wire.socket.end();
    await until(() => log.length === 2);
    assert.equal(log, ['fail handshake-rejected', 'end 1006']);
    assert.is(errors.length, 1);
    assert.match((errors[0] as Error).message, message);
  });
}

// The client goes while the application is deciding.

const leave: Record<string, (wire: Wire) => void> = {
  resets: (wire) => void wire.socket.resetAndDestroy(),
  'ends its half': (wire) => void wire.socket.end(),
};

for (const [how, go] of Object.entries(leave)) {
  for (const [what, decide] of Object.entries({
    accepts: undefined,
    refuses: { status: 403 },
    fails: new Error('x'),
  })) {
    test(`a client that ${how} before the application ${what}`, async (bench) => {
      const errors = bench.uncaught();
      const decision = deferred<void>();
      const { log, handlers } = recorder();
      const asked = deferred<WebSocketConnection>();
      const port = await upgrading(bench, {
        ...handlers,
        async request(ws) {
          asked.resolve(ws);
          await decision.promise;
          if (decide instanceof Error) throw decide;
          return decide;
        },
      });
      const wire = await dial(bench, port);
      wire.write(request());
      const ws = await asked.promise;
      go(wire);
      const { explanation } = await ws.closed;
      decision.resolve();
      await delay(10);
      assert.is(explanation.error?.rule, 'handshake-interrupted');
      assert.equal(log, ['fail handshake-interrupted', 'end 1006']);
      assert.is(errors.length, decide instanceof Error ? 1 : 0);
    });
  }
}

for (const command of ['close', 'terminate'] as const) {
  test(`${command}() while the application decides`, async (bench) => {
    const { log, handlers } = recorder();
    const port = await upgrading(bench, {
      ...handlers,
      request(ws) {
        ws[command]();
        return delay(5);
      },
    });
    const wire = await dial(bench, port);
    wire.write(request());
    await wire.end();
    wire.socket.end();
    await until(() => log.length === 2);
    await delay(10);
    assert.equal(log, [`fail handshake-${command === 'close' ? 'abandoned' : 'interrupted'}`, 'end 1006']);
  });
}

test.run();
