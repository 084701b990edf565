// The program of a user of Node: a server, an upgrade, a client.
import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import { Connection } from '@sockless/core';
import { accept, attach, connect, type Handlers, reject, type Server, serve, upgrade, zlib } from '@sockless/node';

const handlers: Handlers<string> = {
  request: (ws, { path }) => {
    ws.data = path;
    return path === '/' ? accept({ subprotocol: 'chat' }) : reject(404);
  },
  message: (ws, data) => void ws.send(data),
};

export async function main(): Promise<string | undefined> {
  const server: Server<string> = await serve({ port: 0, compression: true, tls: { cert: '', key: '' } }, handlers);
  const http = createServer().on('upgrade', (request, socket, head) => upgrade(request, socket, head, {}, handlers));
  const ws = connect(new URL(server.url), { reconnect: true, createSocket: () => new Duplex() });
  await ws.opened;
  for await (const message of ws) if (typeof message === 'string') return message;
  attach(new Duplex(), Connection.opened('client'), handlers);
  http.close();
  await server.close();
  await server[Symbol.asyncDispose]();
  return zlib === undefined ? undefined : (await ws.closed).explanation.summary;
}
