/** ws as an echo server: as in its documentation, or corked as an expert would do it. */
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { HOST } from '../handshake.ts';
import { listening } from './listening.ts';

const corked = process.argv[2] === 'corked';

const server = new WebSocketServer({ port: 0, host: HOST, perMessageDeflate: false });
server.on('connection', (ws, request) => {
  ws.on('error', ignore);
  if (corked) echoCorked(ws, request.socket);
  else ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
});
server.on('listening', () => {
  listening((server.address() as AddressInfo).port, () => server.clients.size);
});

/** Sends the answers to all messages of a chunk in one write. */
function echoCorked(ws: WebSocket, socket: Socket): void {
  let pending = false;
  const uncork = (): void => {
    pending = false;
    socket.uncork();
  };
  ws.on('message', (data, isBinary) => {
    if (!pending) {
      pending = true;
      socket.cork();
      process.nextTick(uncork);
    }
    ws.send(data, { binary: isBinary });
  });
}

function ignore(): void {
  // The `close` event follows.
}
