// Memory kept for peers that do not read, in core's outbox or in the socket's queue.
import { once } from 'node:events';
import { connect } from 'node:tls';
import * as assert from 'uvu/assert';
import { collectGarbage } from '../../core/test/garbage.ts';
import type { WebSocketConnection } from '../src/index.ts';
import { CERTIFICATE, KEY } from './certificate.ts';
import { rawClient, request, Wire } from './raw.ts';
import { type Bench, suite } from './support.ts';

const test = suite('kept memory', 20_000);

/** Memory outside the heap; Deno reports it as part of the heap. */
const held = (): number => process.memoryUsage()['Deno' in globalThis ? 'external' : 'arrayBuffers'];

async function secureClient(bench: Bench, port: number): Promise<Wire> {
  const socket = connect({ port, host: '127.0.0.1', ca: CERTIFICATE });
  bench.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  const wire = new Wire(socket);
  wire.write(request());
  await wire.head();
  return wire;
}

const TRANSPORTS = [
  ['TCP', undefined, rawClient],
  ['TLS', { key: KEY, cert: CERTIFICATE }, secureClient],
] as const;

for (const [name, tls, client] of TRANSPORTS) {
  test(`memory kept for clients that do not read is bounded by the bytes that are queued (${name})`, async (bench) => {
    const stopped: WebSocketConnection[] = [];
    const server = await bench.serve({ open: (ws) => void stopped.push(ws) }, { tls });
    for (let n = 0; n < 10; n++) (await client(bench, server.port)).socket.pause();
    const reader = await client(bench, server.port);
    reader.socket.removeAllListeners('data').resume();
    const other = stopped.pop() as WebSocketConnection;
    // Until the operating system takes no more from any connection.
    const full = new Uint8Array(1000);
    for (const ws of stopped) {
      while (ws.queuedBytes === 0) {
        ws.send(full);
        await new Promise(setImmediate);
      }
    }
    const queued = (): number => stopped.reduce((sum, ws) => sum + ws.queuedBytes, 0);
    await collectGarbage();
    const [before, heldBefore] = [queued(), held()];
    // Between two tiny messages, another client receives large ones.
    const large = 'x'.repeat(30_000);
    for (let n = 0; n < 600; n++) {
      for (let turn = 0; turn < 2; turn++) other.send(large);
      await other.written;
      stopped[n % 10]?.send('tiny');
      await new Promise(setImmediate);
    }
    assert.ok(queued() - before >= 600 * 6);
    await collectGarbage();
    const kept = held() - heldBefore;
    assert.ok(kept < 4 * (queued() - before) + 1_000_000, `${kept} bytes are kept for ${queued() - before}`);
    for (const ws of [...stopped, other]) ws.terminate();
  });
}

test.run();
