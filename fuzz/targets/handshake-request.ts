/** The server's side of the opening handshake (RFC 6455 4.2), with any bytes for a request. */
import { createHash } from 'node:crypto';
import { HeadReader, parseRequestHead, parseResponseHead, respond } from '../../packages/core/src/handshake/index.ts';
import { Connection, type ServerOptions } from '../../packages/core/src/index.ts';
import { HandshakeError } from '../../packages/core/src/rules.ts';
import { requestHead } from '../../packages/core/test/handshake/heads.ts';
import { bytesOf, latin1 } from '../src/input.ts';
import { holds, same, typed } from '../src/target.ts';
import { describeScript, type Opening, open, readHead, readScript, sameOpening, scripts } from './support/opening.ts';

export const name = 'handshake-request';
export const description =
  'Any request, however it is cut, is accepted if it conforms, and otherwise answered once, with the status of the rule.';

export function fuzz(data: Uint8Array): void {
  const { flags, options: common, bytes, pieces } = readScript(data);
  const options: ServerOptions = {
    ...common,
    ...((flags & 4) > 0 ? { origins: ['https://*.example.com'], requireOrigin: true } : { origins: 'any' }),
  };
  const play = (pieces: readonly Uint8Array[]): Opening => {
    const connection = Connection.server(options);
    return open(connection, pieces, () => ((flags & 8) > 0 ? connection.reject(503, {}, 'no') : connection.accept()));
  };
  const whole = play([bytes.slice()]);
  const cut = play(pieces);
  sameOpening(['whole', whole], ['cut', cut]);
  checkAnswer(whole, latin1(bytes));
  checkPure(bytes, whole, options);
}

/** Checks that there is one response with the status that the events imply, and that an accepted request conforms. */
function checkAnswer({ events, sent }: Opening, text: string): void {
  const fail = events.find((event) => event.type === 'fail')?.error;
  const isOpen = events.some(({ type }) => type === 'open');
  const answer = readHead(latin1(sent));
  if (answer === undefined) {
    holds('only whole responses are sent', sent.length === 0);
    holds(
      'a request is answered where there is an answer',
      !(isOpen || (fail instanceof HandshakeError && fail.status > 0)),
    );
    return;
  }
  const { status } = parseResponseHead(latin1(sent).slice(0, answer.length - 4));
  holds('the status is that of the outcome', isOpen ? status === 101 : status >= 400, () => String(status));
  if (fail instanceof HandshakeError && fail.status > 0)
    holds('the status is that of the rule', status === fail.status);
  if (!isOpen) {
    const length = Number(answer.fields.get('content-length'));
    holds('a refusal has the body length that it announces', sent.length === answer.length + length);
    holds('a refusal says Connection: close', answer.fields.get('connection')?.[0]?.startsWith('close') === true);
    return;
  }
  // RFC 9112 2.2: one empty line before it is ignored.
  const request = readHead(text.replace(/^\r\n/, ''));
  holds('an accepted request is a whole head', request !== undefined);
  const { line, fields } = request;
  const one = (field: string): string => (fields.get(field)?.length === 1 ? String(fields.get(field)) : '');
  const list = (field: string): string[] =>
    (fields.get(field) ?? [])
      .join(',')
      .toLowerCase()
      .split(',')
      .map((part) => part.trim());
  const key = one('sec-websocket-key');
  const rules: Record<string, boolean> = {
    '4.2.1: a GET of HTTP/1.1 or higher': /^GET (\/|https?:\/\/[^ /?])[^ ]* HTTP\/1\.[1-9]$/i.test(line),
    'RFC 9112 3.2.2: a target that names no other host than Host': sameHost(line, one('host')),
    '4.2.1: one Host': one('host') !== '',
    '4.2.1: Upgrade': list('upgrade').includes('websocket'),
    '4.2.1: Connection': list('connection').includes('upgrade'),
    '4.2.1: a key of 16 bytes': /^[A-Za-z0-9+/]{22}==$/.test(key),
    '4.2.1: version 13': one('sec-websocket-version') === '13',
    '4.1: no body': !fields.has('transfer-encoding') && ['', '0'].includes((fields.get('content-length') ?? []).join()),
  };
  for (const [rule, kept] of Object.entries(rules)) holds(`what is accepted conforms to ${rule}`, kept, () => text);
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  same('4.2.2: the accept key', ['actual', answer.fields.get('sec-websocket-accept')], ['expected', [accept]]);
  const chosen = answer.fields.get('sec-websocket-protocol');
  holds(
    '4.2.2: a subprotocol is one of those offered',
    chosen === undefined || list('sec-websocket-protocol').includes(String(chosen)),
  );
  const agreed = answer.fields.has('sec-websocket-extensions');
  holds('9.1: an extension is one of those offered', !agreed || fields.has('sec-websocket-extensions'));
}

/** Tells whether Host names the host of an absolute target, as URL understands both. Returns true if URL cannot parse them. */
function sameHost(line: string, host: string): boolean {
  const [, target = '', scheme = ''] = /^GET ((https?):\S*)/i.exec(line) ?? [];
  if (!(URL.canParse(target) && URL.canParse(`${scheme}://${host}`))) return true;
  return new URL(target).host === new URL(`${scheme}://${host}`).host;
}

/** Checks that the pure functions decide as the connection does. */
function checkPure(bytes: Uint8Array<ArrayBuffer>, { events }: Opening, options: ServerOptions): void {
  const reader = new HeadReader('request', options.maxHeadSize ?? 0, (options.maxHeadSize ?? 0) / 2);
  reader.receive(bytes);
  const head = typed(() => reader.read(), HandshakeError);
  if (typeof head !== 'string') return;
  const read = typed(() => parseRequestHead(head), HandshakeError);
  if (read instanceof HandshakeError) return;
  const answer = typed(() => respond(read, { origins: options.origins, requireOrigin: options.requireOrigin }));
  const asked = events.some(({ type }) => type === 'request');
  holds('respond and the connection accept the same', !(answer instanceof Error) && answer.accepted === asked);
}

export function* seeds(): Iterable<Uint8Array> {
  const frames = '\x81\x85\0\0\0\0Hello\x88\x80\0\0\0\0';
  const heads = [
    requestHead() + frames,
    requestHead({ 'Sec-WebSocket-Protocol': 'superchat, chat', Origin: 'https://www.example.com' }),
    requestHead({ 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }) +
      '\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\0',
    requestHead({ Connection: ['keep-alive', 'Upgrade'], Upgrade: 'WebSocket', Cookie: 'a=b; c' }),
    requestHead({ 'Sec-WebSocket-Version': '8' }),
    requestHead({ 'Content-Length': '1' }),
    requestHead({}, 'POST / HTTP/1.1'),
    requestHead({}, 'GET /a?b=c HTTP/1.0'),
    requestHead({}, 'GET http://example.com/ HTTP/1.1'),
    `\r\n${requestHead({ Host: 'example.com:80' }, 'GET http://EXAMPLE.com/a?b HTTP/1.1')}`,
    requestHead({ Host: 'example.org' }, 'GET http://example.com HTTP/1.1'),
    requestHead({}, 'GET //example.org/% HTTP/1.1'),
    ...['GET', 'GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\nHost: a\n\n', '\r\n\r\n', 'GET / HTTP/1.1\r\n : \r\n\r\n'],
  ];
  for (const [at, head] of heads.entries()) {
    yield* scripts(head, at, [0, 3, 4, 8 + at]);
  }
}

export const dictionary = [
  ...[
    '\r\n',
    ': ',
    ',',
    'Host: a\r\n',
    'Upgrade: websocket\r\n',
    'Connection: Upgrade\r\n',
    'Origin: null\r\n',
    'HTTP/1.1',
    'http://a',
  ],
  ...['Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n', 'Sec-WebSocket-Version: 13\r\n', 'Content-Length: 0\r\n'],
  ...[
    'Sec-WebSocket-Protocol: chat\r\n',
    'Sec-WebSocket-Extensions: permessage-deflate\r\n',
    'Transfer-Encoding: chunked\r\n',
  ],
].map(bytesOf);

export const describe = (data: Uint8Array): string => describeScript('a server', data);
