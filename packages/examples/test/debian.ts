// Debian's servers for tests: started with a configuration of their own, and ended with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../tools/testing.ts';

/** A server that runs. */
export interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/** How to start a server: its command, given the files that it may use, and what it reads. */
export interface Start {
  command(file: string, folder: string): readonly [string, ...string[]];
  configuration(port: number): string;
}

/** Starts a server, and waits until it listens. */
export async function start({ command, configuration }: Start): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-'));
  const port = await freePort();
  const file = join(folder, 'configuration');
  writeFileSync(file, configuration(port));
  const [program, ...args] = command(file, folder);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  child.on('error', (error) => (said += error));
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true });
  };
  await until(() => {
    if (child.exitCode !== null) throw new Error(`${program} has ended: ${said}`);
    return listens(port);
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { port, stop };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await once(child, 'close');
  clearTimeout(timer);
}

/** A port without a listener: another process could take it before the server does, but hardly ever does. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
