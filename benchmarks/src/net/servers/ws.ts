/**
 * ws as an echo server: as in its documentation, or corked as an expert would do it, or with the heartbeat from its
 * documentation.
 */
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { HOST } from '../handshake.ts';
import { listening } from './listening.ts';

const [, , variant, interval] = process.argv;
const corked = variant === 'corked';

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

/** What the documentation of ws recommends to detect broken connections. */
if (variant === 'heartbeat') {
  const alive = new WeakSet<WebSocket>();
  const heartbeat = function (this: WebSocket): void {
    alive.add(this);
  };
  server.on('connection', (ws) => {
    alive.add(ws);
    ws.on('pong', heartbeat);
  });
  setInterval(() => {
    for (const ws of server.clients) {
      if (alive.delete(ws)) ws.ping();
      else ws.terminate();
    }
  }, Number(interval));
}

function ignore(): void {
  // The `close` event follows.
}
