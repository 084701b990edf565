// RFC 7692 5 and 7.1 through whole opening handshakes: header fields, the `open` event, and messages behind it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { type DeflateEngine, type DeflateOptions, permessageDeflate } from '../../src/deflate/index.ts';
import {
  type Extension,
  formatExtensions,
  formatRequestHead,
  formatResponse,
  parseRequestHead,
  parseResponseHead,
  request,
  respond,
  verify,
} from '../../src/handshake/index.ts';
import { type ClientOptions, Connection, type ServerOptions } from '../../src/index.ts';
import { rule, sentText } from '../connection/tools.ts';
import { requestHead, responseHead } from '../handshake/heads.ts';
import { Pair } from '../pair.ts';
import { decodeFrames } from '../reference.ts';
import { join, latin1, utf8, ZEROS } from '../support.ts';
import { NO_ENGINE } from './tools.ts';

const test = suite('RFC 7692 5 deflate/negotiation');

const deflate = (options: DeflateOptions = {}) => permessageDeflate(pako, options);
const URL = 'ws://example.com/';
const FIELD = 'Sec-WebSocket-Extensions';

/** The values of the header field in a head. */
const field = (head: string): string | undefined => /^Sec-WebSocket-Extensions: (.*)\r$/m.exec(head)?.[1];

/** What a server answers. */
function answer(offers: string | readonly string[] | undefined, options: ServerOptions): string | undefined {
  const server = Connection.server(options);
  server.receive(utf8(requestHead({ [FIELD]: offers })));
  assert.is(server.poll()?.type, 'request');
  server.accept();
  const event = server.poll();
  const head = sentText(server);
  assert.match(head, /^HTTP\/1.1 101 /);
  // The event has what the response says.
  assert.is(event?.type === 'open' ? formatExtensions(event.extensions) : undefined, field(head) ?? '');
  return field(head);
}

/** What a client makes of an answer: the extensions of its `open` event, or the rule that is broken. */
function judge(value: string | readonly string[] | undefined, options: ClientOptions): string | undefined {
  const client = Connection.client(URL, { random: ZEROS, ...options });
  const events = [...client.receive(utf8(responseHead({ [FIELD]: value })))];
  const [event] = events;
  return event?.type === 'open' ? formatExtensions(event.extensions) : rule(events);
}

test('5.1 a client offers its extension, or nothing', () => {
  const head = (options: ClientOptions) => field(sentText(Connection.client(URL, { random: ZEROS, ...options })));
  assert.is(head({}), undefined);
  assert.is(head({ compression: undefined }), undefined);
  assert.is(head({ compression: deflate() }), 'permessage-deflate; client_max_window_bits');
  assert.is(
    head({ compression: deflate({ serverNoContextTakeover: true, serverMaxWindowBits: 10, clientMaxWindowBits: 9 }) }),
    'permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9',
  );
});

const ANSWERS: [offers: string | readonly string[] | undefined, options: DeflateOptions, answer: string | undefined][] =
  [
    [undefined, {}, undefined],
    ['permessage-deflate', {}, 'permessage-deflate; server_max_window_bits=12'],
    ['permessage-deflate', { serverMaxWindowBits: 15 }, 'permessage-deflate'],
    ['permessage-deflate; client_max_window_bits', {}, 'permessage-deflate; server_max_window_bits=12'],
    [
      'x, permessage-deflate; x, permessage-deflate; client_max_window_bits=10; server_max_window_bits=9',
      {},
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits=10',
    ],
    [
      ['x', 'permessage-deflate; client_no_context_takeover'],
      {},
      'permessage-deflate; client_no_context_takeover; server_max_window_bits=12',
    ],
    // It declines in silence: the connection is open all the same.
    ['permessage-deflate; x', {}, undefined],
    ['permessage-deflate; server_max_window_bits=08', {}, undefined],
    ['permessage-bzip2', {}, undefined],
    ['__proto__, constructor; toString', {}, undefined],
  ];

for (const [offers, options, expected] of ANSWERS) {
  test(`5.1 offered "${offers}", a server answers "${expected}"`, () => {
    assert.is(answer(offers, { compression: deflate(options) }), expected);
    assert.is(answer(offers, {}), undefined);
  });
}

const JUDGEMENTS: [answer: string | readonly string[] | undefined, expected: string][] = [
  [undefined, ''],
  ['permessage-deflate', 'permessage-deflate'],
  ['permessage-deflate; server_max_window_bits="8"', 'permessage-deflate; server_max_window_bits=8'],
  ['permessage-deflate, permessage-deflate', 'response-extensions'],
  [['permessage-deflate', 'permessage-deflate'], 'response-extensions'],
  ['permessage-deflate; x', 'response-extensions'],
  ['permessage-deflate; client_max_window_bits', 'response-extensions'],
  ['permessage-deflate; client_max_window_bits=16', 'response-extensions'],
  ['permessage-bzip2', 'response-extensions'],
  ['', 'response-extensions'],
  ['permessage-deflate; client_max_window_bits=" 8"', 'response-extensions'],
];

for (const [value, expected] of JUDGEMENTS) {
  test(`5.1 a client that gets "${value}": ${expected}`, () => {
    assert.is(judge(value, { compression: deflate() }), expected);
    // Who did not offer it accepts nothing.
    assert.is(judge(value, {}), value === undefined ? '' : 'response-extensions');
  });
}

test("5.1 the error of an application's extension reaches the application", () => {
  const confirm = (): never => {
    throw new RangeError('confirm');
  };
  const client = Connection.client(URL, { random: ZEROS, compression: { ...deflate(), confirm } });
  client.receive(utf8(responseHead()));
  assert.throws(() => client.poll(), /^confirm$/);
});

test('5.1 the pure functions negotiate as connections do', () => {
  const compression = deflate();
  const { request: head, ...offer } = request(URL, { compression }, ZEROS);
  const read = parseRequestHead(latin1(formatRequestHead(head)));
  const answer = respond(read, { compression });
  if (!answer.accepted) throw answer.error;
  const expected = 'permessage-deflate; server_max_window_bits=12';
  assert.is(formatExtensions(answer.extensions), expected);
  const response = parseResponseHead(latin1(formatResponse(answer.response)));
  const agreed = verify({ request: head, ...offer }, response);
  assert.is(formatExtensions(agreed.extensions), expected);
  // What one compresses the other understands.
  agreed.transform?.write((answer.transform?.compress(utf8('hello'), true) ?? utf8('')).slice());
  assert.is(latin1(agreed.transform?.read() ?? utf8('')), 'hello');
  // Who does not speak it declines.
  const declined = respond(read);
  assert.equal(declined.accepted && [declined.extensions, declined.transform], [[], undefined]);
});

test('5.1 a client fails when the answer does not satisfy its request', () => {
  const compression = deflate({ serverNoContextTakeover: true });
  assert.is(judge('permessage-deflate', { compression }), 'response-extensions');
  assert.is(
    judge('permessage-deflate; server_no_context_takeover', { compression }),
    'permessage-deflate; server_no_context_takeover',
  );
});

/** Options of a client and of a server, the answer, and which of an empty, a short and a long message each compresses. */
const PAIRS: [client: DeflateOptions | undefined, server: DeflateOptions | undefined, answer: string, rsv: string][] = [
  [{}, {}, 'permessage-deflate; server_max_window_bits=12', '444/444'],
  [undefined, {}, '', '000/000'],
  [{}, undefined, '', '000/000'],
  [undefined, undefined, '', '000/000'],
  // The threshold is 1,024 where the window is not kept.
  [
    { serverNoContextTakeover: true },
    { serverMaxWindowBits: 15 },
    'permessage-deflate; server_no_context_takeover',
    '444/004',
  ],
  [
    {},
    { serverMaxWindowBits: 15, clientNoContextTakeover: true },
    'permessage-deflate; client_no_context_takeover',
    '004/444',
  ],
  [{ threshold: 10_000 }, { serverMaxWindowBits: 15 }, 'permessage-deflate', '000/444'],
  [{ level: 0 }, { level: 9, memLevel: 9, threshold: 1 }, 'permessage-deflate; server_max_window_bits=12', '444/044'],
  [
    { serverMaxWindowBits: 8, clientMaxWindowBits: 8 },
    {},
    'permessage-deflate; server_max_window_bits=8; client_max_window_bits=8',
    '444/444',
  ],
];

for (const [client, server, expected, rsv] of PAIRS) {
  test(`5.1 a client with ${JSON.stringify(client)} and a server with ${JSON.stringify(server)} agree on ${expected}`, () => {
    const pair = new Pair({
      client: client === undefined ? {} : { compression: deflate(client) },
      server: server === undefined ? {} : { compression: deflate(server) },
    }).run();
    const ends = [pair.client, pair.server];
    const texts = ['', 'hello', 'x'.repeat(2000)];
    const seen = ends.map(({ connection, events, out }) => {
      const open = events.find((event) => event.type === 'open');
      assert.is(open?.type === 'open' ? formatExtensions(open.extensions) : undefined, expected);
      const before = out.written.length;
      for (const text of texts) connection.send(text);
      pair.run();
      return decodeFrames(join(out.written.slice(before)))
        .frames.map((of) => of.rsv)
        .join('');
    });
    assert.is(seen.join('/'), rsv);
    for (const { events } of ends) {
      assert.equal(
        events.flatMap((event) => (event.type === 'text' ? [event.data] : [])),
        texts,
      );
    }
  });
}

test('7.2.1 by default a client compresses with memLevel 8 and a server with 5, both at level 6', () => {
  const told = { level: 3, memLevel: 7 };
  for (const [options, expected] of [
    [{}, ['6/8', '6/5']],
    [told, ['3/7', '3/7']],
  ] as const) {
    const asked: string[] = [];
    const engine: DeflateEngine = {
      ...pako,
      createDeflater(of) {
        asked.push(`${of.level}/${of.memLevel}`);
        return pako.createDeflater(of);
      },
    };
    const compression = permessageDeflate(engine, options);
    const pair = new Pair({ client: { compression }, server: { compression } }).run();
    for (const { connection } of [pair.client, pair.server]) connection.send('hello');
    assert.equal(asked, [...expected]);
  }
});

test('5.1 frames directly after the response are decompressed', () => {
  const client = Connection.client(URL, { random: ZEROS, compression: deflate() });
  const head = utf8(responseHead({ [FIELD]: 'permessage-deflate' }));
  const events = [...client.receive(join([head, Uint8Array.of(0xc1, 7, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0)]))];
  assert.equal(
    events.map((event) => (event.type === 'text' ? event.data : event.type)),
    ['open', 'Hello'],
  );
});

test('Connection.opened accepts a transform that was negotiated elsewhere', () => {
  const offers: Extension[] = [{ name: 'permessage-deflate', parameters: [] }];
  const accepted = deflate({ serverMaxWindowBits: 15 }).accept(offers);
  assert.ok(accepted !== undefined);
  const { extension, transform } = accepted;
  const server = Connection.opened('server', { extensions: [extension], transform }, { heartbeat: false });
  const open = server.poll();
  assert.is(open?.type === 'open' ? formatExtensions(open.extensions) : undefined, 'permessage-deflate');
  server.send('Hello');
  assert.equal([...(server.transmit() ?? [])], [0xc1, 7, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0]);
});

test('5.1 a connection that does not compress creates no engine', () => {
  const compression = permessageDeflate(NO_ENGINE);
  const pair = new Pair({ client: { compression }, server: { compression } }).run();
  pair.client.connection.send('plain', { compress: false });
  pair.run();
  pair.client.connection.close(1000);
  pair.run();
  assert.equal(pair.server.types, ['request', 'open', 'text', 'close', 'end']);
});

test.run();
