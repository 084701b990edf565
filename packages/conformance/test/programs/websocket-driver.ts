/** websocket-driver on sockets of Node: an echo server, or a client. It has no compression of its own. */
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
// @ts-expect-error: it has no types
import driver from 'websocket-driver';
import { announce, askFor, PORT, ROLE } from './parts.ts';

interface Driver {
  on(event: string, call: (event: { data: string | Buffer }) => void): Driver;
  text(data: string): void;
  binary(data: Buffer): void;
  start(): void;
  parse(chunk: Buffer): void;
  readonly io: NodeJS.ReadWriteStream;
}

function drive(ws: Driver, socket: Socket): void {
  ws.on('message', ({ data }) => (typeof data === 'string' ? ws.text(data) : ws.binary(Buffer.from(data))));
  ws.on('error', () => undefined);
  ws.on('close', () => socket.end());
  socket.on('error', () => socket.destroy());
  socket.pipe(ws.io).pipe(socket);
  ws.start();
}

if (ROLE === 'server') {
  const http = createServer((_, response) => response.writeHead(404).end());
  http.on('upgrade', (request, socket: Socket, head: Buffer) => {
    if (!driver.isWebSocket(request)) return socket.destroy();
    const ws: Driver = driver.http(request, { maxLength: 2 ** 26 - 1 });
    ws.io.write(head);
    drive(ws, socket);
  });
  http.listen(PORT, '127.0.0.1', () => announce(http));
} else {
  await askFor(
    (url) =>
      new Promise<void>((resolve) => {
        const socket = connect(Number(new URL(url).port), '127.0.0.1');
        socket.on('connect', () => drive(driver.client(url, { maxLength: 2 ** 26 - 1 }), socket));
        socket.on('close', () => resolve());
      }),
  );
}
