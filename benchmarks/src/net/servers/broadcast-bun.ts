/** Bun's own server, which sends to all with `publish`; run by Bun. */
import { serveOnBun } from './bun-serving.ts';
import { listening } from './listening.ts';

interface ServerWebSocket {
  subscribe(topic: string): void;
}

const server = serveOnBun({
  perMessageDeflate: true,
  open: (ws: ServerWebSocket) => ws.subscribe('all'),
  message(): void {
    // The clients send nothing.
  },
});
listening(
  server.port,
  () => server.pendingWebSockets,
  ({ text, bytes, compressed }) => void server.publish('all', text ?? bytes, compressed),
);
