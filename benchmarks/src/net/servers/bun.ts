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
    // Bun would drop messages beyond 1 MiB of unsent data.
    backpressureLimit: 16 * 2 ** 20,
    message(ws: ServerWebSocket, data: string | Uint8Array): void {
      ws.send(data);
    },
  },
});
listening(server.port, () => server.pendingWebSockets);
