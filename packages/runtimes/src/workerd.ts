/** workerd, the runtime of Cloudflare's Workers: the expectations in a Worker, and the example of a Worker. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Duplex, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { Connection } from '@sockless/core';
import { attach } from '@sockless/node';
import { WebSocketServer } from 'ws';
import { type Expectation, failuresOf, same } from '../../core/test/runtimes/expectation.ts';
import { findProgram, WORKERD } from '../../tools/native.js';
import { bundle, bundleExpectations } from './bundle.ts';
import type { Report } from './inside.ts';
import { reports as ask, type Runtime, whyMissing } from './runtime.ts';

const PROGRAM = findProgram(import.meta.url, WORKERD);

/** The configuration of one Worker on any port, with access to this machine only. */
const CONFIGURATION = `using Workerd = import "/workerd/workerd.capnp";
const configuration :Workerd.Config = (
  services = [
    (name = "worker", worker = (
      modules = [(name = "worker", esModule = embed "worker.js")],
      compatibilityDate = "2026-01-01",
      globalOutbound = "network",
    )),
    (name = "network", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
`;

/** Starts a Worker, and ends it when `use` has finished with its URL. */
async function withWorker<T>(script: string, use: (url: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sockless-'));
  let child: ChildProcess | undefined;
  try {
    await writeFile(join(folder, 'worker.js'), script);
    await writeFile(join(folder, 'configuration.capnp'), CONFIGURATION);
    const args = ['serve', 'configuration.capnp', '--control-fd=3'];
    child = spawn(PROGRAM ?? '', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`workerd ended: ${code}`);
    });
    return await Promise.race([ended, portOf(child).then((port) => use(`http://127.0.0.1:${port}/`))]);
  } finally {
    child?.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
}

/** Returns its address, which it prints as a line of JSON. */
async function portOf(child: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const { event, port } = JSON.parse(line) as { event: string; port: number };
    if (event === 'listen') return port;
  }
  throw new Error('workerd does not report where it listens');
}

/** Checks the Worker of packages/examples. */
const WORKER: readonly Expectation[] = [
  {
    name: 'a Worker as a client of ws, over its own TCP connection',
    async run() {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
      const received: string[] = [];
      server.on('connection', (ws) =>
        ws.on('message', (data) => {
          received.push(String(data));
          ws.send(`you said: ${data}`);
        }),
      );
      await once(server, 'listening');
      const asked = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const said = await example((url) => fetch(`${url}?url=${encodeURIComponent(asked)}`).then((it) => it.json()));
      server.close();
      same(received, ['hello from a Worker']);
      same(said, [
        'you said: hello from a Worker',
        'this endpoint closed the connection with 1000, and the closing handshake was completed',
      ]);
    },
  },
  {
    name: 'a Worker as a server, in the bodies of a request and its response',
    run: () =>
      example(async (url) => {
        const outgoing = request(url, { method: 'POST' });
        outgoing.flushHeaders();
        const [incoming] = await once(outgoing, 'response');
        const ws = attach(Duplex.from({ writable: outgoing, readable: incoming }), Connection.client('ws://worker/'));
        await ws.opened;
        const messages = ws[Symbol.asyncIterator]();
        for (const text of ['hello', 'x'.repeat(100_000)]) {
          ws.send(text);
          const { value } = await messages.next();
          same(value === `${text}, said a Worker`, true, text.slice(0, 9));
        }
        ws.close(1000);
        same((await ws.closed).clean, true, 'the closing handshake');
      }),
  },
];

const example = async <T>(use: (url: string) => Promise<T>): Promise<T> =>
  withWorker(await bundle('../../examples/worker.ts', { external: ['cloudflare:sockets'] }), use);

const missing = whyMissing(PROGRAM);

async function version(): Promise<string> {
  const { stdout } = await promisify(execFile)(PROGRAM ?? '', ['--version']);
  return stdout.replace('workerd', '').trim();
}

/** The expectations in a Worker, and the example with real connections. */
export const WORKERDS: readonly Runtime[] = [
  {
    name: 'workerd',
    missing,
    async run(bare) {
      const script = `${await bundleExpectations()}
export default { fetch: async () => Response.json(${ask(bare)}) };`;
      const reports = await withWorker(script, async (url) => (await (await fetch(url)).json()) as Report[]);
      return { version: await version(), reports };
    },
  },
  {
    name: 'workerd+tcp',
    missing,
    async run() {
      const report = { cases: WORKER.length, failures: await failuresOf(WORKER), offers: [], digest: '' };
      return { version: await version(), reports: [report] };
    },
  },
];
