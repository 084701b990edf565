/** ws, broadcasting as in its documentation: the string to each connection, or one Buffer marked as text. */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { HOST } from '../handshake.ts';
import { listening } from './listening.ts';

const asBuffer = process.argv[2] === 'buffer';

const perMessageDeflate = { serverNoContextTakeover: true, threshold: 0 };
const server = new WebSocketServer({ port: 0, host: HOST, perMessageDeflate });
server.on('connection', (ws) => ws.on('error', () => undefined));
server.on('listening', () => {
  listening(
    (server.address() as AddressInfo).port,
    () => server.clients.size,
    ({ text, bytes }) => {
      const data = text === undefined ? bytes : asBuffer ? Buffer.from(text) : text;
      for (const client of server.clients) client.send(data, { binary: text === undefined });
    },
  );
});
