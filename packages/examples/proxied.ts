/** The proxy of frame-proxy.ts between a client and a `ws` server. It reads none of their texts. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { createProxy } from './frame-proxy.ts';

const upstream = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
upstream.on('connection', (ws) => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })));
await once(upstream, 'listening');

const proxy = createProxy((upstream.address() as AddressInfo).port, 1_000_000).listen(0, '127.0.0.1');
await once(proxy, 'listening');

const ws = new WebSocket(`ws://127.0.0.1:${(proxy.address() as AddressInfo).port}/`);
await once(ws, 'open');
console.log(`extension: ${ws.extensions}`);
for (const message of ['hello', 'x'.repeat(100_000), '漢字 '.repeat(5000)]) {
  ws.send(message);
  const [echo] = await once(ws, 'message');
  console.log(`${message.length} characters came back ${String(echo) === message ? 'the same' : 'changed'}`);
}
ws.send(new Uint8Array(1_000_001), { compress: false });
const [code] = await once(ws, 'close');
console.log(`a frame of 1,000,001 bytes ends it: ${code}`);
proxy.close();
upstream.close();
