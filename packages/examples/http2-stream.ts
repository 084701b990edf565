/**
 * Over an HTTP/2 stream: a CONNECT tunnel (RFC 9113 8.5) that carries the HTTP/1.1 opening handshake and the
 * frames. This is not the Extended CONNECT of RFC 8441, which puts the handshake into header fields.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Connection } from '@sockless/core';
import { attach } from '@sockless/node';

const server = createServer();
server.on('stream', (stream, headers) => {
  if (headers[':method'] !== 'CONNECT') return stream.respond({ ':status': 405 }, { endStream: true });
  stream.respond({ ':status': 200 });
  attach(stream, Connection.server(), { message: (ws, data) => ws.send(`${data}, tunnelled`) });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
const tunnel = session.request({ ':method': 'CONNECT', ':authority': 'chat.example:80' }, { endStream: false });
const [headers] = await once(tunnel, 'response');
console.log(`CONNECT: ${headers[':status']}`);

const ws = attach(tunnel, Connection.client('ws://chat.example/'));
await ws.opened;
ws.send('hello');
for await (const message of ws) {
  console.log(message);
  ws.close(1000);
}
session.close();
server.close();
