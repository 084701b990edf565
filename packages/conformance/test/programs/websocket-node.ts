/** websocket, known as WebSocket-Node: an echo server, or a client. */
import { createServer } from 'node:http';
// @ts-expect-error: it has no types
import websocket from 'websocket';
import { announce, askFor, PORT, ROLE } from './parts.ts';

type Echo = {
  on(event: string, call: (message: { type: string; utf8Data: string; binaryData: Buffer }) => void): Echo;
  sendUTF(text: string): void;
  sendBytes(bytes: Buffer): void;
};
interface Request {
  readonly requestedProtocols: string[];
  readonly origin: string;
  accept(protocol: string | null, origin: string): Echo;
}

const { client: Client, server: Server } = websocket;
const limits = { maxReceivedFrameSize: 2 ** 26, maxReceivedMessageSize: 2 ** 26 };
const echo = (connection: Echo): Echo =>
  connection
    .on('error', () => undefined)
    .on('message', ({ type, utf8Data, binaryData }) =>
      type === 'utf8' ? connection.sendUTF(utf8Data) : connection.sendBytes(binaryData),
    );

if (ROLE === 'server') {
  const http = createServer((_, response) => response.writeHead(404).end());
  const server = new Server({ httpServer: http, autoAcceptConnections: false, ...limits });
  server.on('request', (request: Request) =>
    echo(request.accept(request.requestedProtocols[0] ?? null, request.origin)),
  );
  http.listen(PORT, '127.0.0.1', () => announce(http));
} else {
  await askFor(
    (url) =>
      new Promise<void>((resolve) => {
        const client = new Client(limits);
        client.on('connectFailed', () => resolve());
        client.on('connect', (connection: Echo) => {
          echo(connection).on('close', () => resolve());
        });
        client.connect(url);
      }),
  );
}
