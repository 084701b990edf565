// Misuse of the adapter is reported before anything has changed: options, handlers, transports that contradict their options.
import { Duplex } from 'node:stream';
import { Connection, resolveServerOptions } from '@sockless/core';
import * as assert from 'uvu/assert';
import { attach, connect, serve, upgrade, upgrader } from '../src/index.ts';
import { suite, thrown } from './support.ts';

const test = suite('misuse');

const URL = 'ws://127.0.0.1:9';
const NO = 'there is no such option';
const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });

const options: [options: object, message: string, where: ('serve' | 'connect' | 'upgrade' | 'attach')[]][] = [
  [{ maxPayload: 5 }, `maxPayload: ${NO}; here it is maxMessageSize`, ['serve', 'connect', 'upgrade']],
  [{ perMessageDeflate: true }, `perMessageDeflate: ${NO}; here it is compression`, ['serve', 'connect', 'upgrade']],
  [{ clientTracking: true }, `clientTracking: ${NO}; a server always knows its connections`, ['serve']],
  [{ prot: 5 }, `prot: ${NO}; did you mean port?`, ['serve']],
  [{ cert: 'x', key: 'y' }, `cert: ${NO}; here it is tls`, ['serve', 'connect']],
  [{ rejectUnauthorized: false }, `rejectUnauthorized: ${NO}; here it is tls`, ['connect']],
  [{ agent: {} }, `agent: ${NO}; here it is createSocket`, ['connect']],
  [{ protocols: ['a'] }, `protocols: ${NO}; here it is subprotocols`, ['serve', 'connect', 'upgrade']],
  [
    { highWatermark: 5 },
    `highWatermark: ${NO}; did you mean highWaterMark?`,
    ['serve', 'connect', 'upgrade', 'attach'],
  ],
  [{ maxMessageSize: 5 }, `maxMessageSize: ${NO}`, ['attach']],
  [JSON.parse('{ "__proto__": 5 }'), `__proto__: ${NO}`, ['serve', 'connect', 'upgrade', 'attach']],
  [{ constructor: 5 }, `constructor: ${NO}`, ['serve', 'connect', 'upgrade', 'attach']],
  [{ compression: { levl: 5 } }, `compression.levl: ${NO}; did you mean level?`, ['serve', 'connect', 'upgrade']],
  [{ compression: 5 }, 'compression: an object, not 5', ['serve', 'connect', 'upgrade']],
  [{ compression: null }, 'compression: an object, not null', ['serve', 'connect', 'upgrade']],
  [
    { maxMessageSize: '5' },
    'maxMessageSize: a whole number of bytes from 0, or Infinity, not "5" (a string)',
    ['serve', 'connect', 'upgrade'],
  ],
  [{ subprotocols: 'a' }, 'subprotocols: a list of tokens, not "a" (a string)', ['serve', 'connect', 'upgrade']],
  [{ heartbeat: { intervall: 5 } }, `heartbeat.intervall: ${NO}; did you mean interval?`, ['serve', 'connect']],
  [{ rateLimits: { byte: {} } }, 'rateLimits.byte: there is no such limit; did you mean bytes?', ['serve', 'connect']],
  [{ reconnect: { retries: 5 } }, `reconnect.retries: ${NO}`, ['connect']],
  [{ reconnect: { attempt: 5 } }, `reconnect.attempt: ${NO}; did you mean attempts?`, ['connect']],
  [{ reconnect: 5 }, 'reconnect: an object, not 5', ['connect']],
  [{ reconnect: { when: true } }, 'reconnect.when: a function, not boolean', ['connect']],
  [{ reconnect: { messages: 'store' } }, "reconnect.messages: 'keep' or 'drop'", ['connect']],
  [{ reconnect: { refusals: 403 } }, 'reconnect.refusals: a list of statuses from 400 to 499', ['connect']],
  [{ reconnect: { refusals: [403, 503] } }, 'reconnect.refusals: a list of statuses from 400 to 499', ['connect']],
  [
    { reconnect: { refusals: [403], when: () => true } },
    'reconnect.refusals: not together with `when`, which decides alone',
    ['connect'],
  ],
  [{ reconnect: { refusal: [403] } }, `reconnect.refusal: ${NO}; did you mean refusals?`, ['connect']],
  [{ insecure: true }, 'insecure: only with createSocket; `tls` has rejectUnauthorized', ['connect']],
  [{ insecure: 'yes' }, 'insecure: true or false', ['connect']],
  [{ createSocket: socket }, 'createSocket: a function', ['connect']],
  [{ createSocket: () => socket, tls: {} }, 'tls: createSocket makes the transport, and its TLS', ['connect']],
  [{ createSocket: () => socket, socketPath: '/x' }, 'socketPath: createSocket makes the transport', ['connect']],
  [{ tls: {} }, 'tls: the URL is ws:, which has no TLS', ['connect']],
];

const call = (where: (typeof options)[number][2][number], given: object, handlers: object = {}): unknown => {
  if (where === 'serve') return serve({ host: '127.0.0.1', ...given }, handlers);
  if (where === 'connect') return connect(URL, { ...given }, handlers);
  if (where === 'attach') return attach(socket, Connection.server(), handlers, given);
  return upgrade({} as never, socket, new Uint8Array(0), given, handlers);
};

const failure = async (action: () => unknown): Promise<unknown> => {
  try {
    await action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

const WHERE = ['serve', 'connect', 'upgrade', 'attach'] as const;

for (const [given, message, where] of options) {
  test(`${where.join(', ')}: ${message}`, async () => {
    for (const each of where) assert.is(String(await failure(() => call(each, given))), `TypeError: ${message}`, each);
    assert.is(socket.listenerCount('data'), 0);
  });
}

for (const [handlers, message] of [
  [{ onmessage: () => undefined }, 'handlers.onmessage: there is no such handler; did you mean message?'],
  [{ onclose: () => undefined }, 'handlers.onclose: there is no such handler; here it is end'],
  [{ connection: () => undefined }, 'handlers.connection: there is no such handler; here it is open'],
  [{ mesage: () => undefined }, 'handlers.mesage: there is no such handler; did you mean message?'],
  [{ message: 'x' }, 'handlers.message: a function, not string'],
  [() => undefined, 'handlers: an object, not a function'],
  [[], 'handlers: an object, not a list'],
] as [object, string][]) {
  test(`${message}, wherever handlers are given`, async () => {
    for (const where of WHERE) {
      assert.is(String(await failure(() => call(where, {}, handlers))), `TypeError: ${message}`, where);
    }
  });
}

const FRAGMENTS =
  "TypeError: messages: 'fragments' needs a fragment handler, because a message handler or a loop gets whole messages only";

test(FRAGMENTS, async () => {
  for (const where of ['serve', 'connect', 'upgrade'] as const) {
    for (const handlers of [{}, { message: () => undefined }]) {
      assert.is(String(await failure(() => call(where, { messages: 'fragments' }, handlers))), FRAGMENTS, where);
    }
  }
  const resolved = resolveServerOptions({ messages: 'fragments' });
  assert.is(String(await failure(() => call('upgrade', resolved))), FRAGMENTS);
  assert.is(String(await failure(() => upgrader({ messages: 'fragments' }))), FRAGMENTS);
});

test('handlers may be an instance of a class, with fields of its own', async (bench) => {
  class Chat {
    readonly room = 'tea';
    message(): void {}
  }
  const server = await bench.serve(new Chat() as never);
  await bench.connect(server.url).opened;
});

test('options that are undefined count as not given', async (bench) => {
  const server = await bench.serve(
    {},
    { maxMessageSize: 5, requireOrigin: undefined, highWaterMark: 5, tls: undefined },
  );
  const ws = bench.connect(
    server.url,
    {},
    { reconnect: true, insecure: undefined, tls: undefined, allowEmptyProtocol: true },
  );
  await ws.opened;
});

test('http: and https: URLs mean ws: and wss:', async (bench) => {
  const server = await bench.serve();
  await bench.connect(server.url.replace('ws:', 'http:')).opened;
  assert.is(
    thrown(TypeError, () => connect('http://127.0.0.1:9', { tls: {} })).message,
    'tls: the URL is ws:, which has no TLS',
  );
});

test('the path of a URL may begin with // and contain a bare %, and the request has path and query separately', async (bench) => {
  const paths: unknown[] = [];
  const server = await bench.serve({
    open: ({ request }) => void paths.push([request?.path, request?.query, request?.target]),
  });
  await bench.connect(`${server.url}//evil.example/100%?50%`).opened;
  assert.equal(paths, [['//evil.example/100%', '50%', '//evil.example/100%?50%']]);
});

test('no message contains a password or token from a URL', () => {
  for (const url of [
    'ws://u:secret@h/#x',
    'ws://h:0/?token=secret',
    'ws://u:secret@h:99999',
    'ftp://u:secret@h',
    'ws://h/?secret#x',
  ]) {
    const error = thrown(SyntaxError, () => connect(url));
    assert.not.match(String(error.stack), /secret/, url);
    assert.not.match(String(error.cause ?? ''), /secret/, url);
  }
});

test('a `when` that returns a promise is an error, and no further attempt is made', async (bench) => {
  const errors: unknown[] = [];
  const server = await bench.serve({ open: (ws) => ws.terminate() });
  const when = (async () => true) as never;
  const ws = bench.connect(
    server.url,
    { error: (_, error) => void errors.push(error) },
    { reconnect: { when, base: 1 } },
  );
  await ws.closed;
  assert.is(String(errors[0]), 'TypeError: reconnect.when: returns true or false, not a promise');
});

test.run();
