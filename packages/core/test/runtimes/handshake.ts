/** The opening handshake in every runtime: both roles over bytes, RFC 6455's own examples, and who is refused. */
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

/** The opening handshake. */
export const HANDSHAKE: readonly Expectation[] = [
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
    name: '4.1 a client opens with the response to its key, cut anywhere, and reads the frame behind it',
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
