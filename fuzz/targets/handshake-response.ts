/** The client's side of the opening handshake (RFC 6455 4.1), with any bytes for a response. */
import { type ClientOptions, Connection } from '../../packages/core/src/index.ts';
import { HandshakeError } from '../../packages/core/src/rules.ts';
import { responseHead } from '../../packages/core/test/handshake/heads.ts';
import { ZEROS } from '../../packages/core/test/support.ts';
import { bytesOf, latin1 } from '../src/input.ts';
import { holds } from '../src/target.ts';
import { describeScript, type Opening, open, readHead, readScript, sameOpening, scripts } from './support/opening.ts';

export const name = 'handshake-response';
export const description =
  'Any response, however it is cut, opens the connection if it answers the request, and otherwise fails it and reports the response.';

/** The Sec-WebSocket-Accept for the key of a client whose random bytes are zeros. */
const ACCEPT = 'ICX+Yqv66kxgM0FcWaLWlFLwTAI=';

export function fuzz(data: Uint8Array): void {
  const { flags, options: common, bytes, pieces } = readScript(data);
  const options: ClientOptions = {
    ...common,
    random: ZEROS,
  };
  const play = (pieces: readonly Uint8Array[]): Opening =>
    open(Connection.client('ws://example.com/', options), pieces);
  const whole = play([bytes.slice()]);
  const cut = play(pieces);
  sameOpening(['whole', whole], ['cut', cut]);

  const fail = whole.events.find((event) => event.type === 'fail')?.error;
  const opened = whole.events.find((event) => event.type === 'open');
  if (opened === undefined) {
    holds('an opening handshake fails with a HandshakeError', fail instanceof HandshakeError);
    holds('a client does not answer a response', whole.sent.length === 0);
    holds('the kept body of a refusal is bounded', (fail.response?.body.length ?? 0) <= 64);
    return;
  }
  const { subprotocol, extensions } = opened;
  const offered = (flags & 1) > 0 ? ['', 'chat', 'superchat'] : [''];
  holds('4.1: a subprotocol is one of those offered', offered.includes(subprotocol), () => subprotocol);
  holds('4.1: an extension is one of those offered', extensions.length === 0 || (flags & 2) > 0);
  checkResponse(latin1(bytes));
}

/** Checks that the response that opened the connection, perhaps the last of several, conforms. */
function checkResponse(text: string): void {
  let rest = text;
  let head = readHead(rest, true);
  while (head !== undefined && /^HTTP\/1\.\d 1(?!01)/.test(head.line)) {
    rest = rest.slice(head.length);
    head = readHead(rest, true);
  }
  holds('the response that opens a connection is a whole head', head !== undefined);
  const { line, fields } = head;
  const all = (field: string): string => (fields.get(field) ?? []).join(', ');
  const rules: Record<string, boolean> = {
    '4.1: the status is 101': /^HTTP\/1\.\d 101( |$)/.test(line),
    '4.1: Upgrade': all('upgrade').toLowerCase() === 'websocket',
    '4.1: Connection': all('connection')
      .toLowerCase()
      .split(',')
      .some((part) => part.trim() === 'upgrade'),
    '4.1: the accept key': all('sec-websocket-accept') === ACCEPT,
  };
  for (const [rule, kept] of Object.entries(rules))
    holds(`the response that opens a connection conforms to ${rule}`, kept, () => text);
}

export function* seeds(): Iterable<Uint8Array> {
  const heads = [
    `${responseHead()}\x81\x05Hello\x88\0`,
    responseHead({ 'Sec-WebSocket-Protocol': 'chat', 'Set-Cookie': ['a=b', 'c=d'] }),
    `${responseHead({ 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=10' })}\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0`,
    `${responseHead().replaceAll(': ', ':\r\n ')}`,
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${responseHead()}`,
    responseHead({ 'Sec-WebSocket-Accept': 'x' }),
    `${responseHead({ 'Content-Length': '5' }, 'HTTP/1.1 404 Not Found')}Hello, more`,
    `${responseHead({ 'Transfer-Encoding': 'chunked' }, 'HTTP/1.1 503')}5;a=b\r\nHello\r\n3\r\nabc\r\n0\r\n\r\n`,
    `${responseHead({}, 'HTTP/1.0 302 Found')}until the end`,
    ...['HTTP/1.1 101\r\n\r\n', 'HTTP/1.1 204 \r\n\r\n', 'HTTP/2 200\r\n\r\n', 'HTTP/1.1 101 A\n\n', '\r\n\r\n'],
  ];
  for (const [at, head] of heads.entries()) {
    yield* scripts(head, at, [0, 3]);
  }
}

export const dictionary = [
  ...[
    '\r\n',
    ': ',
    ',',
    'HTTP/1.1 101 \r\n',
    'HTTP/1.1 100 \r\n\r\n',
    'Upgrade: websocket\r\n',
    'Connection: Upgrade\r\n',
  ],
  ...[`Sec-WebSocket-Accept: ${ACCEPT}\r\n`, 'Sec-WebSocket-Protocol: chat\r\n', 'Content-Length: 3\r\n', '0\r\n\r\n'],
  ...['Sec-WebSocket-Extensions: permessage-deflate\r\n', 'Transfer-Encoding: chunked\r\n', '200', '404', '204'],
].map(bytesOf);

export const describe = (data: Uint8Array): string => describeScript('a client', data);
