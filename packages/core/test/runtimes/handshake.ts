/** The opening handshake in every runtime: both roles over bytes, RFC 6455's own examples, and what is refused. */
import { acceptKey } from '../../src/handshake/key.ts';
import { Connection, type ConnectionEvent } from '../../src/index.ts';
import { requestHead, responseHead } from '../handshake/heads.ts';
import { byteByByte, Pair } from '../pair.ts';
import { ascii, drain, hex, split, splitBytes, ZEROS } from '../support.ts';
import { type Expectation, same } from './expectation.ts';

const sent = (connection: Connection): string => String.fromCharCode(...drain(connection));
const types = (events: Iterable<ConnectionEvent>): string => Array.from(events, ({ type }) => type).join(' ');

/** The request of RFC 6455 1.3, with the lines that 1.2 shows. */
const REQUEST = `GET /chat HTTP/1.1
Host: server.example.com
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Origin: http://example.com
Sec-WebSocket-Protocol: chat, superchat
Sec-WebSocket-Version: 13

`.replaceAll('\n', '\r\n');

/** What a server of ours answers with these bytes, however they are cut. */
function answer(chunks: readonly Uint8Array[]): string {
  const server = Connection.server({ subprotocols: ['chat'], origins: ['http://example.com'] });
  for (const chunk of chunks) {
    for (const event of server.receive(chunk.slice())) if (event.type === 'request') server.accept();
  }
  return sent(server);
}

/** What a server makes of a head: `path query host`, or the status that it refuses with; the same wherever it is cut. */
function judged(head: string): string {
  const outcome = (chunks: readonly Uint8Array[]): string => {
    const server = Connection.server();
    const [event] = chunks.flatMap((chunk) => [...server.receive(chunk.slice())]);
    if (event?.type === 'request') return [event.request.path, event.request.query, event.request.host].join(' ');
    if (event?.type === 'fail') return `${sent(server).slice(9, 12)} at ${event.error.offset}`;
    return 'nothing';
  };
  const bytes = ascii(head);
  const whole = outcome([bytes]);
  same(outcome(splitBytes(bytes)), whole, 'byte by byte');
  return whole;
}

/** What misuse says, and that it is a TypeError or whatever else is named. */
function misuse(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return String(error);
  }
  return 'nothing';
}

/** The opening handshake. */
export const HANDSHAKE: readonly Expectation[] = [
  ...(
    [
      ['an empty line before it', `\r\n${requestHead()}`, '/  example.com'],
      ['two empty lines before it', `\r\n\r\n${requestHead()}`, '400 at 3'],
      ['an absolute target', requestHead({}, 'GET http://EXAMPLE.com:80/a?b HTTP/1.1'), '/a b EXAMPLE.com:80'],
      ['an absolute target without a path', requestHead({}, 'GET http://example.com HTTP/1.1'), '/  example.com'],
      ['a target that begins with //', requestHead({}, 'GET //evil/ HTTP/1.1'), '//evil/  example.com'],
      ['a target with a bare %', requestHead({}, 'GET /%?%zz HTTP/1.1'), '/% %zz example.com'],
    ] as const
  ).map(([name, head, expected]) => ({
    name: `4.2.1 a server reads ${name}`,
    run: () => same(judged(head), expected),
  })),
  {
    name: 'RFC 9112 3.2.2 a server refuses an absolute target that contradicts Host, wherever the head is cut',
    run() {
      const head = requestHead({ Host: 'example.org' }, 'GET http://example.com/ HTTP/1.1');
      same(judged(head), `400 at ${head.length}`);
    },
  },
  {
    name: 'RFC 9112 5.2 a client replaces folded lines by spaces, byte by byte',
    run() {
      const client = Connection.client('https://example.com//x?100%', { random: ZEROS });
      same(sent(client).split('\r\n', 1), ['GET //x?100% HTTP/1.1']);
      const bytes = ascii(responseHead({ Connection: 'keep-alive,\r\n Upgrade', 'X-A': 'a \r\n\t b' }));
      const [open] = splitBytes(bytes).flatMap((chunk) => [...client.receive(chunk)]);
      same(open?.type === 'open' && open.headers.at(-1), ['x-a', 'a b']);
    },
  },
  {
    name: 'invisible characters of a peer are escaped in our messages',
    run() {
      const server = Connection.server();
      const [event] = server.receive(ascii(requestHead({ Origin: 'http://a\x85\x9b31m\xad' })));
      same(event?.type === 'fail' && event.error.message.includes('http://a\\u{85}\\u{9b}31m\\u{ad}'), true);
    },
  },
  {
    name: 'the errors of misuse explain it, and contain no secrets',
    run() {
      same(
        misuse(() => Connection.server({ maxPayload: 5 } as object)),
        'TypeError: maxPayload: there is no such option; here it is maxMessageSize',
      );
      same(
        misuse(() => Connection.server(JSON.parse('{ "__proto__": 5 }'))),
        'TypeError: __proto__: there is no such option',
      );
      same(
        misuse(() => Connection.opened('servr' as 'server')),
        "TypeError: role: 'client' or 'server', not \"servr\" (a string)",
      );
      same(misuse(() => Connection.client('ws://u:secret@h/', { random: ZEROS })).includes('secret'), false);
      same(
        misuse(() => Connection.opened('server').close(1005)),
        'RangeError: a Close frame cannot have the code 1005; use 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 section 7.4)',
      );
    },
  },
  {
    name: '10.2 a function for origins that returns a promise refuses the request',
    run() {
      const server = Connection.server({ origins: [(async () => true) as never] });
      same(types(server.receive(ascii(requestHead({ Origin: 'http://a' })))), 'fail');
      same(sent(server).slice(9, 12), '403');
    },
  },
  {
    name: '1.3 the key of the example is answered as there',
    run: () => same(acceptKey('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='),
  },
  {
    name: '1.2 the request of the example is accepted as there, cut anywhere',
    run() {
      const bytes = ascii(REQUEST);
      const whole = answer([bytes]);
      same(whole.split('\r\n')[0]?.slice(0, 12), 'HTTP/1.1 101');
      const lines = whole.toLowerCase().split('\r\n');
      for (const line of [
        'upgrade: websocket',
        'connection: upgrade',
        'sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=',
        'sec-websocket-protocol: chat',
      ]) {
        same(lines.includes(line), true, line);
      }
      same(answer(splitBytes(bytes)), whole, 'byte by byte');
      for (let cut = 1; cut < bytes.length; cut++) same(answer(split(bytes, [cut])), whole, `cut at ${cut}`);
    },
  },
  {
    name: '4.1 a client opens with the response to its key, cut anywhere, and reads the frame after it',
    run() {
      const bytes = Uint8Array.of(...ascii(responseHead()), ...hex('81 05 48 65 6c 6c 6f'));
      for (let cut = 0; cut <= bytes.length; cut++) {
        const client = Connection.client('ws://example.com/', { random: ZEROS });
        const events = split(bytes, [cut]).flatMap((chunk) => [...client.receive(chunk)]);
        same(types(events), 'open text', `cut at ${cut}`);
      }
    },
  },
  {
    name: '4.1 a client refuses the response to another key',
    run() {
      const client = Connection.client('ws://example.com/', { random: ZEROS });
      const wrong = responseHead({ 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' });
      const [event] = client.receive(ascii(wrong));
      same([event?.type, event?.type === 'fail' && event.error.rule], ['fail', 'response-accept']);
      same(client.transport, 'destroy');
    },
  },
  ...(
    [
      ['no Host', { Host: undefined }, 400],
      ['no key', { 'Sec-WebSocket-Key': undefined }, 400],
      ['another version', { 'Sec-WebSocket-Version': '8' }, 426],
      ['a foreign Origin', { Origin: 'http://evil.example' }, 403],
    ] as const
  ).map(([name, changes, status]) => ({
    name: `4.2.1 a server refuses a request with ${name}: ${status}`,
    run() {
      const server = Connection.server();
      same(types(server.receive(ascii(requestHead(changes)))), 'fail');
      same(sent(server).slice(0, 12), `HTTP/1.1 ${status}`);
      same(server.transport, 'end');
    },
  })),
  {
    name: '4 a client and a server of ours open, byte by byte, with a subprotocol and a cookie',
    run() {
      const pair = new Pair({ client: { subprotocols: ['v2', 'v1'] }, server: { subprotocols: ['v1'] } });
      pair.cut = byteByByte;
      pair.server.onEvent = (event, server) => {
        if (event.type === 'request') server.accept({ headers: { 'Set-Cookie': 'a=b' } });
      };
      pair.run();
      const [open] = pair.client.events;
      same(open?.type === 'open' && [open.subprotocol, open.headers.some(([, value]) => value === 'a=b')], [
        'v1',
        true,
      ]);
      same([pair.client.types, pair.server.types], [['open'], ['request', 'open']]);
    },
  },
];
