/** The opening handshake (RFC 6455 4) from bytes to bytes, without node:http. Suite `connect` measures it over a network. */
import { responseTo } from '../codec/decoders.ts';
import { absent, loadDriver } from '../codec/peers.ts';
import { type Contestant, codecSuite, type Task } from '../codec/task.ts';
import { ours } from '../ours.ts';

const URL = 'ws://example.com/chat';
/** How many clients are created before they receive their responses. */
const CLIENTS = 256;

const SHORTEST = Buffer.from(
  'GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
);
const BROWSER = Buffer.from(
  'GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n' +
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 ' +
    'Safari/537.36\r\nUpgrade: websocket\r\nOrigin: https://example.com\r\nSec-WebSocket-Version: 13\r\n' +
    'Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n' +
    'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n',
);
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const SERVER_CASES: Readonly<Record<string, Buffer>> = {
  'server, shortest request': SHORTEST,
  'server, request of a browser': BROWSER,
};
const CLIENT_REQUEST = 'client, request';
const CLIENT_RESPONSE = 'client, response';

/** One side of a handshake, as each library implements it. */
interface Library {
  /** Returns a new server's response to a request. */
  respond(request: Buffer): Uint8Array | undefined;
  /** Creates a client. */
  client(): Client;
}

interface Client {
  /** Returns the request of this client. */
  readonly request: Uint8Array;
  /** Passes the response; returns whether the connection is then open. */
  receive(response: Buffer): boolean;
}

/** ws and websocket leave this work to node:http. */
export const contestants: readonly Contestant[] = [
  { name: 'sockless', load: async () => maker(await sockless()) },
  { name: 'websocket-driver', missing: absent('websocket-driver'), load: () => Promise.resolve(maker(driver())) },
];

export const suite = codecSuite({
  url: import.meta.url,
  name: 'handshake',
  title: 'One opening handshake: a new server from request to response, a new client to its request, and to open',
  unit: 'ns/handshake',
  cases: [...Object.keys(SERVER_CASES), CLIENT_REQUEST, CLIENT_RESPONSE].map((name) => ({ name })),
  contestants,
});

function maker(library: Library): (name: string) => Task | undefined {
  return (name) => {
    const request = SERVER_CASES[name];
    if (request !== undefined) return serverTask(library, request);
    if (name === CLIENT_REQUEST) return requestTask(library);
    return name === CLIENT_RESPONSE ? responseTask(library) : undefined;
  };
}

function serverTask({ respond }: Library, request: Buffer): Task {
  const response = Buffer.from(respond(request) ?? []).toString();
  if (!(response.startsWith('HTTP/1.1 101 ') && response.includes(ACCEPT))) throw new Error(`refused: ${response}`);
  const length = response.length;
  const copies = Array.from({ length: CLIENTS }, () => Buffer.from(request));
  return {
    operations: 1,
    most: CLIENTS,
    run(rounds) {
      let bytes = 0;
      for (let round = 0; round < rounds; round++) bytes += respond(copies[round] as Buffer)?.length ?? 0;
      return bytes / length;
    },
  };
}

function requestTask({ client }: Library): Task {
  const length = client().request.length;
  return {
    operations: 1,
    most: CLIENTS,
    run(rounds) {
      let bytes = 0;
      for (let round = 0; round < rounds; round++) bytes += client().request.length;
      return bytes / length;
    },
  };
}

function responseTask({ client }: Library): Task {
  let waiting: { client: Client; response: Buffer }[] = [];
  return {
    operations: 1,
    most: CLIENTS,
    prepare(rounds) {
      waiting = Array.from({ length: rounds }, () => {
        const one = client();
        return { client: one, response: responseTo(Buffer.from(one.request).toString()) };
      });
    },
    run() {
      let open = 0;
      for (const { client: one, response } of waiting) if (one.receive(response)) open++;
      return open;
    },
  };
}

async function sockless(): Promise<Library> {
  const { Connection } = await ours('core');
  return {
    respond(request) {
      const server = Connection.server();
      server.receive(request);
      if (server.poll()?.type !== 'request') return undefined;
      server.accept();
      return server.poll()?.type === 'open' ? server.transmit() : undefined;
    },
    client() {
      const client = Connection.client(URL);
      const request = client.transmit() ?? new Uint8Array(0);
      while (client.transmit() !== undefined);
      return { request, receive: (response) => client.receive(response).poll()?.type === 'open' };
    },
  };
}

function driver(): Library {
  const library = loadDriver();
  return {
    respond(request) {
      const server = library.server();
      let response: Buffer | undefined;
      server.io.on('data', (bytes) => {
        response = bytes;
      });
      server.on('connect', () => server.start());
      server.parse(request);
      return response;
    },
    client() {
      const client = library.client(URL);
      let request: Buffer = Buffer.alloc(0);
      let open = false;
      client.io.on('data', (bytes) => {
        request = bytes;
      });
      client.on('open', () => {
        open = true;
      });
      client.start();
      return {
        request,
        receive(response) {
          client.parse(response);
          return open;
        },
      };
    },
  };
}
