/** Bun's own server as an echo server; run by Bun. */
import { HOST } from '../handshake.ts';
import { listening } from './listening.ts';

interface ServerWebSocket {
  send(data: string | Uint8Array): number;
}
interface BunServer {
  readonly port: number;
  readonly pendingWebSockets: number;
  upgrade(request: unknown): boolean;
}
declare const Bun: { serve(options: object): BunServer };

const server = Bun.serve({
  hostname: HOST,
  port: 0,
  fetch: (request: unknown, self: BunServer) => (self.upgrade(request) ? undefined : new Response('', { status: 426 })),
  websocket: {
    perMessageDeflate: false,
    message(ws: ServerWebSocket, data: string | Uint8Array): void {
      ws.send(data);
    },
  },
});
listening(server.port, () => server.pendingWebSockets);
