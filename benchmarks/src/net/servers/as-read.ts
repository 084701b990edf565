/** Not a WebSocket server: after a fixed handshake it writes back the bytes that it reads. */
import { createServer, type Socket } from 'node:net';
import { RESPONSE } from '../handshake.ts';
import { nodeListening } from './listening.ts';

const END = '\r\n\r\n';

nodeListening(
  createServer({ noDelay: true }, (socket) => {
    let head = Buffer.alloc(0);
    const upgrade = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(END);
      if (end < 0) return;
      socket.off('data', upgrade);
      socket.on('data', sendBack);
      socket.write(RESPONSE);
      if (head.length > end + END.length) socket.write(head.subarray(end + END.length));
    };
    socket.on('error', destroy);
    socket.on('data', upgrade);
  }),
);

function sendBack(this: Socket, chunk: Buffer): void {
  this.write(chunk);
}

function destroy(this: Socket): void {
  this.destroy();
}
