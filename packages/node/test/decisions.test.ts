// What an application may decide about a request, when, and what happens if the client has gone by then.
import * as assert from 'uvu/assert';
import { accept, type Decision, type Handlers, reject, type WebSocketConnection } from '../src/index.ts';
import { closing, dial, frame, request, type Wire } from './raw.ts';
import { upgrading } from './sockets.ts';
import { deferred, delay, recorder, suite, until } from './support.ts';

const test = suite('decisions');

const accepted = accept({ subprotocol: 'b', headers: { 'Set-Cookie': 'a=1' } });
const decisions: { title: string; decide: () => unknown; status: number; has?: RegExp }[] = [
  { title: 'accept() accepts', decide: () => accept(), status: 101 },
  {
    title: 'accept() takes options',
    decide: () => accepted,
    status: 101,
    has: /Sec-WebSocket-Protocol: b\r\nSet-Cookie: a=1/,
  },
  {
    title: 'reject() refuses',
    decide: () => reject(401, { 'WWW-Authenticate': 'Basic' }, 'who?'),
    status: 401,
    has: /Content-Length: 4\r\nWWW-Authenticate: Basic\r\n\r\nwho\?$/,
  },
  {
    title: 'a redirect is a status like others',
    decide: () => reject(302, { Location: '/' }),
    status: 302,
  },
];

/** A promise that is not the engine's own, such as Bluebird's. */
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
  { title: 'for an impossible status', decide: () => reject(101), message: /200 to 599/ },
  { title: 'for an impossible status, later', decide: () => delay(5, reject(1)), message: /200 to 599/ },
  {
    title: 'for a subprotocol not offered, later',
    decide: () => delay(5, accept({ subprotocol: 'z' })),
    message: /offer/,
  },
  { title: 'with a bad header', decide: () => accept({ headers: { 'X-A': 'a\r\nb' } }), message: /X-A/i },
  {
    title: 'with a bad header, later',
    decide: () => delay(5, accept({ headers: { 'X-A': 'a\r\nb' } })),
    message: /X-A/i,
  },
  { title: 'that is missing', decide: () => undefined, message: /not undefined: is a "return" missing\?/ },
  { title: 'that is missing, later', decide: () => delay(5), message: /not undefined: is a "return" missing\?/ },
  {
    title: 'that is a bare object',
    decide: () => ({ status: 403 }),
    message: /accept\(\) or reject\(\).*an object with status/,
  },
  { title: 'that is an empty object, later', decide: () => delay(5, {}), message: /an object with nothing/ },
  { title: 'that is true', decide: () => true, message: /not true/ },
  { title: 'that is false', decide: () => false, message: /not false/ },
  { title: 'that is null, later', decide: () => delay(5, null), message: /not null/ },
  { title: 'that is accept itself', decide: () => accept, message: /accept\(\)/ },
];

for (const { title, decide, message } of mistakes) {
  test(`a decision ${title}: 500 for the client, and the error goes to \`error\``, async (bench) => {
    const errors: unknown[] = [];
    const { log, handlers } = recorder();
    const error: Handlers['error'] = (_, reason) => void errors.push(reason);
    const port = await upgrading(bench, { ...handlers, error, request: decide as () => Decision });
    const wire = await dial(bench, port);
    wire.write(request());
    assert.match(await wire.end(), /^HTTP\/1.1 500 \r\n/);
    wire.socket.end();
    await until(() => log.length === 2);
    assert.equal(log, ['fail handshake-failed', 'end 1006']);
    assert.is(errors.length, 1);
    assert.match((errors[0] as Error).message, message);
  });
}

// Types refuse these.

export const forgotten: Handlers[] = [
  {
    // @ts-expect-error a forgotten return
    request: () => {
      reject(403);
    },
  },
  // @ts-expect-error a bare object
  { request: () => ({ status: 403 }) },
  // @ts-expect-error a promise of nothing
  { request: async () => void accept() },
];

// The client goes while the application is deciding.

const leave: Record<string, (wire: Wire) => void> = {
  resets: (wire) => void wire.socket.resetAndDestroy(),
  'ends its side': (wire) => void wire.socket.end(),
};

for (const [how, go] of Object.entries(leave)) {
  for (const [what, decide] of Object.entries({
    accepts: accept(),
    refuses: reject(403),
    fails: new Error('x'),
  })) {
    test(`when a client ${how} before the application ${what}, the connection ends once, with handshake-interrupted`, async (bench) => {
      const errors: unknown[] = [];
      const decision = deferred<void>();
      const { log, handlers } = recorder();
      const asked = deferred<WebSocketConnection>();
      const port = await upgrading(bench, {
        ...handlers,
        error: (_, reason) => void errors.push(reason),
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
  test(`${command}() fails the handshake if the application is still deciding, with one end`, async (bench) => {
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
