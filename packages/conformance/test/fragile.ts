/** ws as an echo server or a client, whose process ends when a Ping frame has two bytes. */
import { WebSocket, WebSocketServer } from 'ws';
import { announce, askFor, PORT, ROLE } from './programs/parts.ts';

const behave = (ws: WebSocket): void => {
  ws.on('error', () => undefined);
  ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
  ws.on('ping', ({ length }) => {
    if (length === 2) throw new Error('two bytes');
  });
};

if (ROLE === 'server') {
  const server = new WebSocketServer({ port: PORT, host: '127.0.0.1' });
  server.on('connection', behave);
  server.on('listening', () => announce(server));
} else {
  await askFor(
    (url) =>
      new Promise((resolve) => {
        const ws = new WebSocket(url);
        behave(ws);
        ws.on('close', resolve);
      }),
  );
}
