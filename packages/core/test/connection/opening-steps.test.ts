// RFC 6455 4: the opening handshake in both roles, step by step. What a connection makes of them is in connection/opening.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ClientOpening, ServerOpening, type Step } from '../../src/connection/opening.ts';
import type { ConnectionOptions } from '../../src/connection/options.ts';
import { resolveOptions, resolveServerOptions } from '../../src/connection/resolved-options.ts';
import { parseRequestHead } from '../../src/handshake/http1.ts';
import { request } from '../../src/handshake/index.ts';
import { HandshakeError } from '../../src/rules.ts';
import { requestHead, responseHead } from '../handshake/heads.ts';
import { ZEROS } from '../support.ts';
import { ascii } from './tools.ts';

const test = suite('RFC 6455 4 opening');

const server = (options: ConnectionOptions = {}) => new ServerOpening(resolveServerOptions(options));
const client = (options: ConnectionOptions = {}) =>
  new ClientOpening(resolveOptions(options), request('ws://example.com/', {}, ZEROS));

const requestOf = (step: Step | undefined) => (step?.type === 'request' ? step.request : undefined);
const openedBy = (step: Step | undefined) => (step?.type === 'open' ? step : undefined);

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** The error that a step throws. */
function failure(step: () => unknown): HandshakeError {
  try {
    step();
  } catch (error) {
    if (error instanceof HandshakeError) return error;
  }
  throw new Error('no HandshakeError');
}

test('4.2.1: a server gives the request once, and the bytes behind it', () => {
  const opening = server();
  assert.is(opening.step(false), undefined);
  opening.receive(ascii(requestHead()));
  opening.receive(ascii('early'));
  assert.is(requestOf(opening.step(false))?.resource, '/');
  assert.is(opening.step(false), undefined);
  assert.is(opening.accept?.({}).response.status, 101);
  assert.is(text(opening.rest()), 'early');
});

test('4.2.1: a server takes a head that somebody else has read, with the bytes behind it', () => {
  const opening = server();
  const head = parseRequestHead(requestHead().slice(0, -4));
  assert.equal([opening.receiveRequest(head), opening.receiveRequest(head)], [true, false]);
  opening.receive(ascii('early'));
  assert.is(requestOf(opening.step(false))?.resource, '/');
  assert.is(text(opening.rest()), 'early');
});

test('4.1: a server keeps maxEarlyBytes, and refuses more', () => {
  const opening = server({ maxEarlyBytes: 5 });
  opening.receive(ascii(`${requestHead()}early`));
  assert.ok(opening.step(false));
  assert.is(opening.step(false), undefined);
  opening.receive(ascii('!'));
  assert.is(failure(() => opening.step(false)).rule, 'early-data');
});

test('4.1: a client gives what was negotiated, and the bytes behind the response', () => {
  const opening = client();
  assert.is(opening.step(false), undefined);
  opening.receive(ascii(`${responseHead()}frames`));
  const { agreed, headers } = openedBy(opening.step(false)) ?? {};
  assert.equal([agreed?.subprotocol, agreed?.extensions, headers?.length], ['', [], 3]);
  assert.is(text(opening.rest()), 'frames');
});

test('RFC 9110 15.2: a client passes over 8 responses of 1xx, not 9', () => {
  const informational = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
  for (const [count, expected] of [
    [8, 3],
    [9, 'response-malformed'],
  ] as const) {
    const opening = client();
    opening.receive(ascii(informational.repeat(count) + responseHead()));
    const outcome =
      count === 8 ? openedBy(opening.step(false))?.headers.length : failure(() => opening.step(false)).rule;
    assert.is(outcome, expected);
  }
});

test('RFC 9110 15.2: 101 with a body of its own has none: frames follow', () => {
  const opening = client();
  opening.receive(ascii(`${responseHead({ 'Content-Length': '3' })}abc`));
  assert.ok(opening.step(false));
  assert.is(text(opening.rest()), 'abc');
});

for (const [name, head, pieces, body] of [
  ['with Content-Length', 'Content-Length: 5\r\n', ['Hel', 'lo'], 'Hello'],
  ['chunked', 'Transfer-Encoding: chunked\r\n', ['3\r\nHel\r\n', '2\r\nlo\r\n0\r\n'], 'Hello'],
  ['to the end', '', ['Hel', 'lo', undefined], 'Hello'],
  ['truncated', 'Content-Length: 5\r\n', ['Hel', undefined], 'Hel'],
  ['as long as maxEarlyBytes', '', ['Hello, wonderful ', 'world'], 'Hello, wonderful wor'],
] as const) {
  test(`4.1: a client waits for the body of a refusal ${name}`, () => {
    const opening = client({ maxEarlyBytes: 20 });
    opening.receive(ascii(`HTTP/1.1 403 Forbidden\r\n${head}\r\n`));
    for (const piece of pieces.slice(0, -1)) {
      opening.receive(ascii(piece ?? ''));
      assert.is(opening.step(false), undefined);
    }
    const last = pieces.at(-1);
    opening.receive(ascii(last ?? ''));
    const { response } = failure(() => opening.step(last === undefined));
    assert.is(response?.status, 403);
    assert.is(text(response?.body ?? new Uint8Array(0)), body);
  });
}

test('4.1: the body of a refusal is its own memory', () => {
  const opening = client();
  const bytes = ascii('HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nHello');
  opening.receive(bytes);
  const { response } = failure(() => opening.step(false));
  bytes.fill(0);
  assert.is(text(response?.body ?? bytes), 'Hello');
});

test.run();
