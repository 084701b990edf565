// Misuse throws before anything has changed: unknown names, and values of another type.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { permessageDeflate } from '../src/deflate/index.ts';
import { request, respond } from '../src/handshake/index.ts';
import { Connection, resolveOptions, resolveServerOptions } from '../src/index.ts';
import { checkNames, decided } from '../src/misuse.ts';
import { requestHead } from './handshake/heads.ts';
import { ascii, ZEROS } from './support.ts';

const test = suite('misuse');

const throwsTypeError = (call: () => unknown, message: string): void => {
  try {
    call();
  } catch (error) {
    assert.is(String(error), `TypeError: ${message}`);
    return;
  }
  assert.unreachable(`no error: ${message}`);
};

const NO_OPTION = 'there is no such option';
const engine = { createDeflater: () => undefined, createInflater: () => undefined } as never;

for (const [name, hint] of [
  // What ws calls it.
  ['maxPayload', '; here it is maxMessageSize'],
  ['perMessageDeflate', '; here it is compression'],
  ['clientTracking', '; a server always knows its connections'],
  ['verifyClient', '; decide in the handler or event `request`, or use the option origins'],
  ['handleProtocols', '; use the option subprotocols, or choose one when you accept the request'],
  ['skipUTF8Validation', '; text is always validated (RFC 6455 section 8.1)'],
  ['pingInterval', '; here it is heartbeat'],
  // What is misspelt.
  ['maxMesageSize', '; did you mean maxMessageSize?'],
  ['MaxMessageSize', '; did you mean maxMessageSize?'],
  ['maxmessagesize', '; did you mean maxMessageSize?'],
  ['heartBeat', '; did you mean heartbeat?'],
  ['idletimeout', '; did you mean idleTimeout?'],
  ['orgins', '; did you mean origins?'],
  ['myrandom', '; did you mean random?'],
  // What is neither.
  ['colour', ''],
  ['x', ''],
  ['constructor', ''],
  ['__proto__', ''],
  ['toString', ''],
  ['hasOwnProperty', ''],
  ['', ''],
  ['x'.repeat(1000), ''],
] as const) {
  test(`an unknown option throws and is named: ${name.slice(0, 40)}${hint}`, () => {
    // As JSON.parse makes it, so that __proto__ is a name like others.
    for (const value of ['5', 'true', 'null']) {
      const options = JSON.parse(`{ "maxHeadSize": 100, ${JSON.stringify(name)}: ${value} }`);
      const shown = name.length > 200 ? `${name.slice(0, 200)}…` : name;
      throwsTypeError(() => Connection.server(options), `${shown}: ${NO_OPTION}${hint}`);
      throwsTypeError(() => resolveServerOptions(options), `${shown}: ${NO_OPTION}${hint}`);
    }
  });
}

for (const [call, message, where = ''] of [
  [() => Connection.server('ws://x' as never), 'options: an object, not "ws://x" (a string)'],
  [() => Connection.server(null as never), 'options: an object, not null'],
  [() => Connection.server([] as never), 'options: an object, not a list'],
  [() => Connection.client('ws://x', 'chat' as never), 'options: an object, not "chat" (a string)'],
  [() => Connection.client(5 as never), 'a WebSocket URI is a string, not 5'],
  [
    () => Connection.client('ws://x', { protocols: ['a'] } as never),
    `protocols: ${NO_OPTION}; here it is subprotocols`,
  ],
  [() => Connection.client('ws://x', { origins: 'any' } as never), `origins: ${NO_OPTION}; did you mean origin?`],
  [() => Connection.opened('servr' as never), "role: 'client' or 'server', not \"servr\" (a string)"],
  [() => Connection.opened({} as never), "role: 'client' or 'server', not an object"],
  [() => Connection.opened('server', 'chat' as never), 'negotiated: an object, not "chat" (a string)'],
  [() => Connection.opened('server', {}, { origins: 'any' } as never), `origins: ${NO_OPTION}`],
  [
    () => Connection.opened('server', {}, { maxPayload: 5 } as never),
    `maxPayload: ${NO_OPTION}; here it is maxMessageSize`,
  ],
  [() => resolveOptions(5 as never), 'options: an object, not 5'],
  [() => respond({} as never, { origin: 'any' } as never), `policy.origin: ${NO_OPTION}; did you mean origins?`],
  [() => respond({} as never, { maxHeadSize: 5 } as never), `policy.maxHeadSize: ${NO_OPTION}`],
  [
    () => respond({} as never, { compression: true } as never),
    'compression: what permessageDeflate(…) of @sockless/core/deflate returns, not true',
    ' (respond)',
  ],
  [() => request('ws://x', { maxHeadSize: 5 } as never, ZEROS), `maxHeadSize: ${NO_OPTION}`],
  [
    () => request('ws://x', { compression: true } as never, ZEROS),
    'compression: what permessageDeflate(…) of @sockless/core/deflate returns, not true',
    ' (request)',
  ],
  [
    () => permessageDeflate(undefined as never),
    'permessageDeflate: an engine, such as pako of @sockless/deflate, not undefined',
  ],
  [
    () => permessageDeflate({ level: 5 } as never),
    'permessageDeflate: an engine, such as pako of @sockless/deflate, not an object',
  ],
  [() => permessageDeflate(engine, { levl: 5 } as never), `compression.levl: ${NO_OPTION}; did you mean level?`],
  [() => permessageDeflate(engine, true as never), 'compression: an object, not true'],
  [
    () => permessageDeflate(engine, { serverNoContextTakeover: 'no' } as never),
    'serverNoContextTakeover: true or false, not "no" (a string)',
  ],
] as [() => unknown, string, where?: string][]) {
  test(`a wrong type or name throws a TypeError: ${message}${where}`, () => throwsTypeError(call, message));
}

test('an unknown option of accept throws, and the request still waits', () => {
  const server = Connection.server();
  server.receive(ascii(requestHead())).poll();
  throwsTypeError(() => server.accept({ protocol: 'chat' } as never), `protocol: ${NO_OPTION}; here it is subprotocol`);
  throwsTypeError(() => server.accept('chat' as never), 'options: an object, not "chat" (a string)');
  assert.is(server.state, 'connecting');
  server.accept();
  assert.is(server.state, 'open');
});

test('resolved options, and objects that inherit their options, are accepted', () => {
  assert.is(Connection.client('ws://x', resolveOptions({ random: ZEROS })).state, 'connecting');
  assert.is(Connection.server(resolveOptions({})).state, 'connecting');
  const inherited = Object.create({ maxMessageSize: 5, whatever: 1 });
  assert.is(resolveOptions(inherited).maxMessageSize, 5);
  assert.is(Connection.opened('server', { subprotocol: 'a' }, resolveServerOptions({ origins: 'any' })).state, 'open');
});

test('the error suggests the most similar name', () => {
  const known = { open: true, opened: true, pen: true } as const;
  throwsTypeError(() => checkNames({ opend: 1 }, known), `opend: ${NO_OPTION}; did you mean open?`);
  throwsTypeError(() => checkNames({ openedd: 1 }, known), `openedd: ${NO_OPTION}; did you mean opened?`);
  // Of eight characters, two may differ.
  throwsTypeError(() => checkNames({ compraZZ: 1 }, { compress: true }), `compraZZ: ${NO_OPTION}`);
  throwsTypeError(
    () => checkNames({ comprazs: 1 }, { compress: true }),
    `comprazs: ${NO_OPTION}; did you mean compress?`,
  );
  throwsTypeError(
    () => checkNames({ 'a\u202e\n': 1 }, known, 'handlers', 'handler'),
    'handlers.a\\u{202e}\\u{a}: there is no such handler',
  );
  throwsTypeError(
    () => checkNames({ close: 1 }, { end: true }, 'handlers', 'handler'),
    'handlers.close: there is no such handler; here it is end',
  );
});

test('functions that decide must return true or false; anything else throws', async () => {
  assert.is(decided('x', true), true);
  assert.is(decided('x', false), false);
  for (const [answer, shown] of [
    [undefined, 'undefined'],
    [1, '1'],
    ['', '"" (a string)'],
    [null, 'null'],
    [{}, 'an object'],
    [Promise.resolve(true), 'a promise'],
    // It would be an unhandled rejection, which ends the process.
    [Promise.reject(new Error('no')), 'a promise'],
  ] as const) {
    throwsTypeError(() => decided('x', answer), `x returns true or false, not ${shown}`);
  }
  await Promise.resolve();
});

test.run();
