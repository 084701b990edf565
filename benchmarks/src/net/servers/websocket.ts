/**
 * websocket as an echo server. By default it splits messages into frames of 16 KiB and accepts no frame above 64 KiB; here it
 * does not split them, and accepts frames up to 1 MiB.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { nodeListening } from './listening.ts';

type Message =
  | { readonly type: 'utf8'; readonly utf8Data: string }
  | { readonly type: 'binary'; readonly binaryData: Buffer };
interface WebSocketConnection {
  on(event: 'message', listener: (message: Message) => void): void;
  on(event: 'error', listener: () => void): void;
  sendUTF(data: string): void;
  sendBytes(data: Buffer): void;
}
interface WebSocketServer {
  on(event: 'connect', listener: (connection: WebSocketConnection) => void): void;
}
const require = createRequire(import.meta.url);
const { server: Server } = require('websocket') as { server: new (options: object) => WebSocketServer };

const httpServer = createServer();
const server = new Server({
  httpServer,
  autoAcceptConnections: true,
  fragmentOutgoingMessages: false,
  maxReceivedFrameSize: 2 ** 20,
});
server.on('connect', (connection) => {
  connection.on('error', () => undefined);
  connection.on('message', (message) => {
    if (message.type === 'utf8') connection.sendUTF(message.utf8Data);
    else connection.sendBytes(message.binaryData);
  });
});
nodeListening(httpServer);
