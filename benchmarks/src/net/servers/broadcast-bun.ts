/** Bun's own server, which sends to all with `publish`; run by Bun. */
import { HOST } from '../handshake.ts';
import { listening } from './listening.ts';

interface ServerWebSocket {
  subscribe(topic: string): void;
}
interface BunServer {
  readonly port: number;
  readonly pendingWebSockets: number;
  upgrade(request: unknown): boolean;
  publish(topic: string, data: string | Uint8Array, compress: boolean): number;
}
declare const Bun: { serve(options: object): BunServer };

const server = Bun.serve({
  hostname: HOST,
  port: 0,
  fetch: (request: unknown, self: BunServer) => (self.upgrade(request) ? undefined : new Response('', { status: 426 })),
  websocket: {
    perMessageDeflate: true,
    backpressureLimit: 16 * 2 ** 20,
    open: (ws: ServerWebSocket) => ws.subscribe('all'),
    message(): void {
      // Nobody says anything.
    },
  },
});
listening(
  server.port,
  () => server.pendingWebSockets,
  ({ text, bytes, compressed }) => void server.publish('all', text ?? bytes, compressed),
);
