/** Bun's own server as an echo server; run by Bun. */
import { serveOnBun } from './bun-serving.ts';
import { listening } from './listening.ts';

interface ServerWebSocket {
  send(data: string | Uint8Array): number;
}

const server = serveOnBun({
  perMessageDeflate: false,
  message(ws: ServerWebSocket, data: string | Uint8Array): void {
    ws.send(data);
  },
});
listening(server.port, () => server.pendingWebSockets);
