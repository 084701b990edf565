/** ws: an echo server, or a client. */
import { WebSocket, WebSocketServer } from 'ws';
import { announce, askFor, PORT, ROLE } from './parts.ts';

const echo = (ws: WebSocket): unknown =>
  ws.on('error', () => undefined).on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));

if (ROLE === 'server') {
  const server = new WebSocketServer({ port: PORT, host: '127.0.0.1', perMessageDeflate: true });
  server.on('connection', echo);
  server.on('listening', () => announce(server));
} else {
  await askFor(
    (url) =>
      new Promise((resolve) => {
        const ws = new WebSocket(url, { perMessageDeflate: true });
        echo(ws);
        ws.on('close', resolve);
      }),
  );
}
