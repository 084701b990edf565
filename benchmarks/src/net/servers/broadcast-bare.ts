/**
 * Not a WebSocket server: a loop of `socket.write` with one prepared frame. Time beyond this is the library's. With `http` the sockets are
 * those that Node's HTTP server hands over with `upgrade`, which cost more to write to.
 */
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { constants, deflateRawSync } from 'node:zlib';
import { frameHead } from '../frames.ts';
import { HOST, RESPONSE } from '../handshake.ts';
import type { Message } from './broadcasting.ts';
import { listening } from './listening.ts';

const sockets = new Set<Duplex>();

const server =
  process.argv[2] === 'http'
    ? createHttpServer().on('upgrade', (_, socket) => begin(socket.on('error', () => socket.destroy())))
    : createServer({ noDelay: true }, (socket: Socket) => {
        socket.on('error', () => socket.destroy());
        socket.once('data', () => begin(socket));
      });
server.listen({ port: 0, host: HOST }, () => {
  listening(
    (server.address() as AddressInfo).port,
    () => sockets.size,
    (message) => {
      const frame = frameOf(message);
      for (const socket of sockets) socket.write(frame);
    },
  );
});

function begin(socket: Duplex): void {
  socket.on('close', () => sockets.delete(socket));
  socket.write(RESPONSE);
  sockets.add(socket);
  socket.resume();
}

function frameOf({ text, bytes, compressed }: Message): Buffer {
  const payload = compressed ? deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4) : bytes;
  const head = frameHead(text === undefined ? 2 : 1, payload.length, false);
  if (compressed) head[0] = (head[0] as number) | 0x40;
  return Buffer.concat([head, payload]);
}
