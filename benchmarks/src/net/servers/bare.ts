/** Not a WebSocket server: Node sockets that accept any request. Memory beyond this is the library's. */
import { createServer, type Socket } from 'node:net';
import { RESPONSE } from '../handshake.ts';
import { nodeListening } from './listening.ts';

nodeListening(
  createServer({ noDelay: true }, (socket) => {
    socket.on('error', destroy);
    socket.on('data', answer);
  }),
);

function answer(this: Socket): void {
  this.write(RESPONSE);
}

function destroy(this: Socket): void {
  this.destroy();
}
