/** websocket-driver as an echo server behind node:http, as in its documentation. */
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { nodeListening } from './listening.ts';

interface Driver {
  readonly io: NodeJS.ReadWriteStream;
  on(event: 'message', listener: (event: { readonly data: string | Buffer }) => void): void;
  start(): void;
  text(data: string): void;
  binary(data: Buffer): void;
}
const require = createRequire(import.meta.url);
const { http } = require('websocket-driver') as { http(request: IncomingMessage): Driver };

const server = createServer();
server.on('upgrade', (request, socket: Socket, head) => {
  const driver = http(request);
  driver.io.write(head);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  // Sockets of node:http are half-open, and the driver leaves them so.
  socket.on('end', () => socket.end());
  socket.pipe(driver.io).pipe(socket);
  driver.on('message', ({ data }) => {
    if (typeof data === 'string') driver.text(data);
    else driver.binary(data);
  });
  driver.start();
});
nodeListening(server);
