/** The Node adapter of crossws as an echo server; underneath it is the copy of ws that crossws includes. */
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { nodeListening } from './listening.ts';

/** The part of crossws that is used, since its own types need those of browsers. */
interface Crossws {
  default(options: {
    idleTimeout: number;
    hooks: { message(peer: { send(data: unknown): unknown }, message: { readonly rawData: unknown }): void };
  }): { handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> };
}
const NAME: string = 'crossws/adapters/node';
const { default: crossws } = (await import(NAME)) as Crossws;

const { handleUpgrade } = crossws({
  // Its heartbeat pings every connection, also a new one, and the load generator expects nothing but echoes.
  idleTimeout: 0,
  hooks: {
    message(peer, message) {
      peer.send(message.rawData);
    },
  },
});
const server = createServer();
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => socket.destroy());
  void handleUpgrade(request, socket, head);
});
nodeListening(server);
