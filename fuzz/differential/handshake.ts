/** Requests to open a connection (RFC 6455 4.2.1), put to the servers: who accepts what. */
import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { loadDriver, loadWs } from '../../benchmarks/src/codec/peers.ts';
import { Connection } from '../../packages/core/src/index.ts';
import { REQUEST_FIELDS, requestHead } from '../../packages/core/test/handshake/heads.ts';
import { drain } from '../../packages/core/test/support.ts';

/** What a server makes of a request: the key that it answers with when it accepts. */
export interface Answer {
  readonly accept: string | undefined;
  /** Why not: for people, but for ours, which is the name of the rule. */
  readonly why?: string | undefined;
}

/** A server. */
export interface Server {
  readonly name: string;
  answer(head: Uint8Array): Promise<Answer>;
}

const NAMES = Object.keys(REQUEST_FIELDS) as (keyof typeof REQUEST_FIELDS)[];

/** Values of a header field that may be right or wrong. */
const values = (value: string): fc.Arbitrary<string | string[] | undefined> =>
  fc.constantFrom<string | string[] | undefined>(
    ...[undefined, [value, value], [value, 'x'], value.toUpperCase(), value.toLowerCase(), `  ${value}\t`, '', ' , '],
    ...[
      `${value}, ${value}`,
      `${value},x`,
      `x, ${value}`,
      `${value};`,
      `"${value}"`,
      `${value} x`,
      `x${value}`,
      `${value}=`,
    ],
    ...[
      '0',
      '8',
      '013',
      '13.0',
      '7',
      '14',
      'keep-alive',
      'h2c',
      'chat, chat',
      'a;b=1;b=2',
      'dGhlIHNhbXBsZSBub25jZR==',
      'é',
    ],
  );

const START_LINES = [
  ...['POST / HTTP/1.1', 'get / HTTP/1.1', 'GET / HTTP/1.0', 'GET / HTTP/1.2', 'GET / HTTP/2.0', 'GET / http/1.1'],
  ...['GET  / HTTP/1.1', 'GET /', 'GET http://example.com/ HTTP/1.1', 'GET //example.com/ HTTP/1.1', 'GET * HTTP/1.1'],
  ...['GET /a b HTTP/1.1', 'GET /#a HTTP/1.1', 'GET /?a=b HTTP/1.1', 'GET /é HTTP/1.1', 'OPTIONS / HTTP/1.1'],
];

/** A request with a few things about it changed, as bytes. */
export const request: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant('GET / HTTP/1.1') },
      { weight: 1, arbitrary: fc.constantFrom(...START_LINES) },
    ),
    fc.array(
      fc.constantFrom(...NAMES).chain((name) => fc.tuple(fc.constant(name), values(REQUEST_FIELDS[name]))),
      {
        maxLength: 2,
      },
    ),
    fc.option(fc.tuple(fc.nat(), fc.nat(255)), { freq: 4 }),
  )
  .map(([startLine, changes, mutation]) => {
    const bytes = Buffer.from(requestHead(Object.fromEntries(changes), startLine), 'latin1');
    if (mutation !== null) bytes[mutation[0] % bytes.length] = mutation[1];
    return bytes;
  });

/** Requests that random ones seldom are: bytes that become what is asked for, or worse, where the top bit is lost. */
export const REQUESTS: readonly Uint8Array[] = [
  { Upgrade: 'webs\xefcket' },
  { Connection: 'Upg\xf2ade' },
  { Connection: '\xe9, Upgrade' },
  { 'User-Agent': '\x8d' },
].map((changes) => Buffer.from(requestHead(changes), 'latin1'));

/** Ourselves. */
export const sockless: Server = {
  name: 'sockless',
  answer(head) {
    const connection = Connection.server({ origins: 'any' });
    let why: string | undefined = 'it waits for more';
    for (const event of connection.receive(head.slice())) {
      if (event.type === 'request') connection.accept();
      why = event.type === 'fail' ? event.error.rule : undefined;
    }
    return Promise.resolve(acceptOf(drain(connection), why));
  },
};

/** ws behind Node's own HTTP server, as its users have it. */
export const ws: Server = {
  name: 'ws',
  async answer(head) {
    const written: Uint8Array[] = [];
    const socket = new Duplex({
      read: () => undefined,
      write(chunk, _, done) {
        written.push(chunk);
        done();
      },
    });
    const http = createServer((_, response) => response.writeHead(426).end());
    const { WebSocketServer } = loadWs();
    const sockets = new WebSocketServer({ noServer: true });
    http.on('upgrade', (message: IncomingMessage, duplex, first) =>
      sockets.handleUpgrade(message, duplex, first, (opened) => opened.terminate()),
    );
    http.emit('connection', socket);
    socket.push(head);
    await turn();
    await turn();
    socket.destroy();
    return acceptOf(Buffer.concat(written), Buffer.concat(written).toString('latin1').split('\r\n', 1)[0]);
  },
};

/** websocket-driver with its own parser of HTTP. */
export const websocketDriver: Server = {
  name: 'websocket-driver',
  async answer(head) {
    const written: Uint8Array[] = [];
    const driver = loadDriver().server();
    let why = 'it waits for more';
    driver.io.on('data', (bytes) => written.push(bytes));
    driver.on('connect', () => driver.start());
    driver.on('error', ({ message }) => {
      why = message;
    });
    driver.parse(Buffer.from(head));
    await turn();
    return acceptOf(Buffer.concat(written), why);
  },
};

/** The key in a response that accepts. */
export function acceptOf(response: Uint8Array, why: string | undefined): Answer {
  const text = Buffer.from(response).toString('latin1');
  const accept = /^HTTP\/1\.1 101 .*\r\nsec-websocket-accept: *(\S+)\r\n/is.exec(text)?.[1];
  return accept === undefined ? { accept, why } : { accept };
}
