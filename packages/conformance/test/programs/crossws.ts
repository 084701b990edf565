/** crossws with its adapter for Node: an echo server. */
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { announce, PORT } from './parts.ts';

/** The part of crossws that is used, since its own types need those of browsers. */
interface Crossws {
  default(options: {
    serverOptions: { perMessageDeflate: boolean };
    hooks: { message(peer: { send(data: unknown): unknown }, message: { readonly rawData: unknown }): void };
  }): { handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> };
}
const NAME: string = 'crossws/adapters/node';
const { default: crossws } = (await import(NAME)) as Crossws;

const { handleUpgrade } = crossws({
  serverOptions: { perMessageDeflate: true },
  hooks: { message: (peer, { rawData }) => void peer.send(rawData) },
});
const http = createServer((_, response) => response.writeHead(404).end());
http.on('upgrade', (request, socket, head) => {
  socket.on('error', () => socket.destroy());
  void handleUpgrade(request, socket, head);
});
http.listen(PORT, '127.0.0.1', () => announce(http));
