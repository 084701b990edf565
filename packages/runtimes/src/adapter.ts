/** The program for runtimes that support Node's modules: the built `@sockless/node`, over real sockets, in both roles. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, serve, type WebSocketConnection } from '@sockless/node';
import { WebSocket, WebSocketServer } from 'ws';
import { type Expectation, failuresOf, same } from '../../core/test/runtimes/expectation.ts';

const MESSAGES = [
  'Hello',
  '',
  '漢字 🐯',
  new Uint8Array(1_000_000).fill(0x5a),
  'x'.repeat(100_000),
  Uint8Array.of(1, 2, 3),
];
const short = (data: unknown): unknown[] =>
  typeof data === 'string' ? [data.slice(0, 20), data.length] : [...new Uint8Array(data as ArrayBuffer).subarray(0, 5)];

/** Sends the messages one after the other and compares the echoes. */
async function expectEchoes(ws: WebSocketConnection): Promise<void> {
  await ws.opened;
  const messages = ws[Symbol.asyncIterator]();
  for (const data of MESSAGES) {
    ws.send(data);
    const { value } = await messages.next();
    same(short(value), short(data));
  }
  ws.close(4001, 'genug');
  same((await ws.closed).clean, true, 'the closing handshake');
}

const EXPECTATIONS: readonly Expectation[] = [
  ...[false, true].map((compression) => ({
    name: `serve and connect, ${compression ? 'compressed' : 'plain'}`,
    async run() {
      const server = await serve({ host: '127.0.0.1', compression }, { message: (ws, data) => ws.send(data) });
      await expectEchoes(connect(server.url, { compression }));
      await server.close();
      same(server.connections.size, 0);
    },
  })),
  {
    name: "connect, to the server of ws (in Bun: Bun's own)",
    async run() {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      server.on('connection', (ws) => ws.on('message', (data, binary) => ws.send(data, { binary })));
      if (server.address() === null) await once(server, 'listening');
      await expectEchoes(connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`));
      server.close();
    },
  },
  {
    name: "serve, to the client of ws (in Bun: Bun's own)",
    async run() {
      const server = await serve({ host: '127.0.0.1' }, { message: (ws, data) => ws.send(data) });
      const ws = new WebSocket(server.url);
      ws.binaryType = 'arraybuffer';
      await once(ws, 'open');
      for (const data of MESSAGES) {
        ws.send(data);
        const [echo, isBinary] = await once(ws, 'message');
        same(short(isBinary ? echo : String(echo)), short(data));
      }
      ws.close(1000);
      const [code] = await once(ws, 'close');
      same(code, 1000);
      await server.close();
    },
  },
  {
    name: 'a closing server sends 1001 to its clients',
    async run() {
      const server = await serve({ host: '127.0.0.1' });
      const ws = connect(server.url);
      await ws.opened;
      await server.close();
      same((await ws.closed).code, 1001);
    },
  },
];

const failures = await failuresOf(EXPECTATIONS);
console.log(JSON.stringify([{ cases: EXPECTATIONS.length, failures, offers: [], digest: '' }]));
process.exit(0);
