/** Heads of the opening handshake (RFC 6455 4) for servers and clients: which of them accept which. */
import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { loadDriver, loadWs } from '../../benchmarks/src/codec/peers.ts';
import { acceptKey } from '../../packages/core/src/handshake/index.ts';
import { Connection, type Role } from '../../packages/core/src/index.ts';
import {
  type Changes,
  REQUEST_FIELDS,
  RESPONSE_FIELDS,
  requestHead,
  responseHead,
} from '../../packages/core/test/handshake/heads.ts';
import { drain } from '../../packages/core/test/support.ts';

/** The answer of an endpoint to a head. */
export interface Answer {
  /** Set if the connection is open: the server's accept key, or for a client just a marker. */
  readonly accept: string | undefined;
  /** The reason of a refusal. Ours is the name of the rule; that of a peer is only for people. */
  readonly why?: string | undefined;
}

/** An endpoint that waits for a request or a response. */
export interface Opening {
  readonly name: string;
  readonly role: Role;
  answer(head: Uint8Array): Promise<Answer>;
}

/** A head for an endpoint. */
export interface Head {
  readonly role: Role;
  readonly bytes: Uint8Array;
}

/** Values of a header field, right and wrong. */
const values = (value: string): fc.Arbitrary<string | string[] | undefined> =>
  fc.oneof(
    fc.constantFrom(undefined, [value, value], [value, 'x'], value.toUpperCase(), value.toLowerCase(), '', ' , '),
    fc
      .constantFrom('  *\t', '*, *', '*,x', 'x, *', '*;', '"*"', '* x', 'x*', '*=', '*\r\n\t', '*,\r\n x')
      .map((pattern) => pattern.replaceAll('*', value)),
    fc.constantFrom('0', '8', '013', '13.0', '7', '14', 'keep-alive', 'h2c', 'chat, chat', 'a;b=1;b=2', 'é'),
    fc.constant('dGhlIHNhbXBsZSBub25jZR=='),
  );

const REQUEST_LINES = [
  ...['POST / HTTP/1.1', 'get / HTTP/1.1', 'GET / HTTP/1.0', 'GET / HTTP/1.2', 'GET / HTTP/2.0', 'GET / http/1.1'],
  ...['GET  / HTTP/1.1', 'GET /', 'GET http://example.com/ HTTP/1.1', 'GET //example.com/ HTTP/1.1', 'GET * HTTP/1.1'],
  ...['GET /a b HTTP/1.1', 'GET /#a HTTP/1.1', 'GET /?a=b HTTP/1.1', 'GET /é HTTP/1.1', 'OPTIONS / HTTP/1.1'],
  ...['\r\nGET / HTTP/1.1', '\r\n\r\nGET / HTTP/1.1', 'GET /100% HTTP/1.1', 'GET https://example.com HTTP/1.1'],
];

const STATUS_LINES = [
  ...['HTTP/1.1 101', 'HTTP/1.1 101 ', 'HTTP/1.1 200 OK', 'HTTP/1.0 101 x', 'HTTP/1.2 101 x', 'HTTP/2 101 x', '101'],
  ...['HTTP/2.0 101 x', 'HTTP/1.1 0101 x', 'HTTP/1.1 101x', 'http/1.1 101 x', 'HTTP/1.1  101 x', 'HTTP/1.1 426 x'],
  ...['HTTP/1.1 101 é', '\r\nHTTP/1.1 101 x'],
];

/** Returns a head with a few random changes. */
function changed(
  role: Role,
  build: typeof requestHead,
  [usual, ...others]: [string, ...string[]],
  fields: Readonly<Record<string, string>>,
): fc.Arbitrary<Head> {
  const change = fc
    .constantFrom(...Object.entries(fields))
    .chain(([name, value]) => fc.tuple(fc.constant(name), values(value)));
  const startLine = fc.oneof(
    { weight: 3, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
  const mutation = fc.option(fc.tuple(fc.nat(), fc.nat(255)), { freq: 4 });
  return fc.tuple(startLine, fc.array(change, { maxLength: 2 }), mutation).map(([first, changes, mutated]) => {
    const bytes = Buffer.from(build(Object.fromEntries(changes), first), 'latin1');
    if (mutated !== null) bytes[mutated[0] % bytes.length] = mutated[1];
    return { role, bytes };
  });
}

/** Returns a random request or response. */
export const head: fc.Arbitrary<Head> = fc.oneof(
  changed('server', requestHead, ['GET / HTTP/1.1', ...REQUEST_LINES], REQUEST_FIELDS),
  changed('client', responseHead, ['HTTP/1.1 101 Switching Protocols', ...STATUS_LINES], RESPONSE_FIELDS),
);

/** Changes of a request that servers treat differently. Bytes in hex lose their top bit in some of them. */
const REQUESTS: readonly [changes: Changes, startLine?: string][] = [
  [{ Upgrade: 'webs\xefcket' }],
  [{ Upgrade: 'websocket, x' }],
  [{ Connection: 'Upg\xf2ade' }],
  [{ Connection: '\xe9, Upgrade' }],
  [{ Connection: ['Upgrade', 'x'] }],
  [{ Connection: 'Upgrade\t' }],
  [{ 'User-Agent': '\x8d' }],
  [{ Host: undefined }],
  [{ Host: '' }],
  [{ 'Sec-WebSocket-Version': ['13', '13'] }],
  [{ 'Sec-WebSocket-Version': '8' }],
  [{ 'Sec-WebSocket-Key': 'a' }],
  [{ 'Sec-WebSocket-Protocol': 'chat, chat' }],
  [{ 'Sec-WebSocket-Extensions': '' }],
  [{ 'Content-Length': '7' }],
  [{ Origin: ['http://a', 'http://b'] }],
  [{}, 'GET / HTTP/2.0'],
  [{}, 'GET / HTTP/1.2'],
  [{}, 'GET * HTTP/1.1'],
  [{}, 'GET /'],
  [{}, '\r\nGET / HTTP/1.1'],
  [{}, '\r\n\r\nGET / HTTP/1.1'],
  [{}, 'GET http://example.com/ HTTP/1.1'],
  [{}, 'GET //example.com/ HTTP/1.1'],
  [{}, 'GET /100% HTTP/1.1'],
  [{ Connection: 'Upgrade,\r\n\tx' }],
  [{ 'User-Agent': 'a\r\n b' }],
];

/** Changes of a response that clients treat differently. */
const RESPONSES: readonly [changes: Changes, startLine?: string][] = [
  [{ Upgrade: 'webs\xefcket' }],
  [{ Upgrade: ['websocket', 'websocket'] }],
  [{ Connection: 'Upg\xf2ade' }],
  [{ Connection: 'Upgrade, x' }],
  [{ 'Sec-WebSocket-Accept': Array(2).fill(RESPONSE_FIELDS['Sec-WebSocket-Accept']) }],
  [{ 'Sec-WebSocket-Protocol': '' }],
  [{}, 'HTTP/1.2 101 x'],
  [{}, 'HTTP/2.0 101 x'],
  [{}, '\r\nHTTP/1.1 101 x'],
  [{ Connection: 'Upgrade\r\n\t' }],
  [{ Server: 'a\r\n b' }],
];

/** Returns heads with these changes. */
export const HEADS: readonly Head[] = [
  ...REQUESTS.map((made): Head => ({ role: 'server', bytes: Buffer.from(requestHead(...made), 'latin1') })),
  ...RESPONSES.map((made): Head => ({ role: 'client', bytes: Buffer.from(responseHead(...made), 'latin1') })),
];

/** Returns a correct response, but for the key of another request. */
function responseTo(request: string, bytes: Uint8Array): Buffer {
  const accept = acceptKey(/^sec-websocket-key: *(\S+)/im.exec(request)?.[1] ?? '');
  return Buffer.from(
    Buffer.from(bytes).toString('latin1').replaceAll(RESPONSE_FIELDS['Sec-WebSocket-Accept'], accept),
    'latin1',
  );
}

/** Our server. */
export const socklessServer: Opening = {
  name: 'sockless',
  role: 'server',
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

/** Our client. */
export const socklessClient: Opening = {
  name: 'sockless',
  role: 'client',
  answer(bytes) {
    const connection = Connection.client('ws://example.com/');
    const [event] = connection.receive(responseTo(Buffer.from(drain(connection)).toString(), bytes));
    const why = event?.type === 'fail' ? event.error.rule : 'it waits for more';
    return Promise.resolve(event?.type === 'open' ? OPEN : { accept: undefined, why });
  },
};

const OPEN: Answer = { accept: 'open' };

/** The server of ws behind Node's HTTP server, as applications use it. */
export const wsServer: Opening = {
  name: 'ws',
  role: 'server',
  async answer(head) {
    const { socket, written } = duplex();
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

/** The server of websocket-driver, which parses HTTP itself. */
export const driverServer: Opening = {
  name: 'websocket-driver',
  role: 'server',
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

/** The client of ws, over a connection that this file makes. */
export const wsClient: Opening = {
  name: 'ws',
  role: 'client',
  async answer(bytes) {
    const { socket, written } = duplex();
    const { WebSocket } = loadWs();
    const client = new WebSocket('ws://example.com/', { createConnection: () => socket });
    let answer: Answer = { accept: undefined, why: 'it waits for more' };
    client.on('open', () => {
      answer = OPEN;
    });
    client.on('error', ({ message }) => {
      answer = { accept: undefined, why: message };
    });
    for (let turns = 0; turns < 9 && written.length === 0; turns++) await turn();
    socket.push(responseTo(Buffer.concat(written).toString(), bytes));
    for (let turns = 0; turns < 3; turns++) await turn();
    client.terminate();
    socket.destroy();
    return answer;
  },
};

/** The client of websocket-driver. */
export const driverClient: Opening = {
  name: 'websocket-driver',
  role: 'client',
  async answer(bytes) {
    const driver = loadDriver().client('ws://example.com/');
    let answer: Answer = { accept: undefined, why: 'it waits for more' };
    const written: Uint8Array[] = [];
    driver.io.on('data', (data) => written.push(data));
    driver.on('open', () => {
      answer = OPEN;
    });
    driver.on('error', ({ message }) => {
      answer = { accept: undefined, why: message };
    });
    driver.start();
    driver.parse(responseTo(Buffer.concat(written).toString(), bytes));
    await turn();
    return answer;
  },
};

/** The part of a socket that an HTTP stack needs, and what was written to it. */
function duplex(): { socket: Duplex; written: Uint8Array[] } {
  const written: Uint8Array[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write(chunk, _, done) {
      written.push(chunk);
      done();
    },
  });
  return { socket, written };
}

/** Returns the key of a response that accepts. */
export function acceptOf(response: Uint8Array, why: string | undefined): Answer {
  const text = Buffer.from(response).toString('latin1');
  const accept = /^HTTP\/1\.1 101 .*\r\nsec-websocket-accept: *(\S+)\r\n/is.exec(text)?.[1];
  return accept === undefined ? { accept, why } : { accept };
}
