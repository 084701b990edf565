// Helpers of the demo's tests: the demo as a process, and clients that wait for expected messages.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import type { ServerMessage } from '../src/protocol.ts';
import { decodeMirroredFrame, type TapMessage } from '../src/protocol.ts';

const PROGRAM = fileURLToPath(new URL('../dist/server.js', import.meta.url));
const PATIENCE = 30_000;

/** A running demo. */
export interface Demo {
  readonly port: number;
  /** Its address for a browser. */
  readonly url: string;
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Its output so far. */
  output(): string;
  /** Ends it with a signal and returns its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Options of a demo under test. */
export interface DemoSettings {
  readonly port?: string;
  /** The interval of its heartbeat, in milliseconds. */
  readonly heartbeat?: number;
  /** Whether it prints how each connection ends. */
  readonly log?: boolean;
}

/** Starts the demo. */
export function launch({ port = '0', heartbeat = 300, log = false }: DemoSettings): {
  child: Demo['child'];
  output: () => string;
  exit: Promise<number | null>;
} {
  const env = { ...process.env, PORT: port, HEARTBEAT: String(heartbeat), LOG: log ? '1' : '' };
  const child = spawn(process.execPath, [PROGRAM], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => output, exit };
}

/** Starts the demo and waits until it listens. */
export async function startDemo(settings: DemoSettings = {}): Promise<Demo> {
  const { child, output, exit } = launch(settings);
  const address = await until(() => /http:\/\/127\.0\.0\.1:(\d+)/.exec(output()) ?? undefined, 'the address');
  return {
    port: Number(address[1]),
    url: address[0],
    child,
    output,
    stop(signal = 'SIGINT') {
      child.kill(signal);
      return exit;
    },
  };
}

/** Waits until `probe` returns a value. */
export async function until<T>(probe: () => T | undefined, what: string, patience = PATIENCE): Promise<T> {
  for (const end = Date.now() + patience; ; await delay(10)) {
    const found = probe();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
  }
}

/** A client of the demo: npm's ws. */
export class Client {
  readonly ws: WebSocket;
  readonly received: (string | Buffer)[] = [];
  readonly pings: string[] = [];
  closed: { code: number; reason: string } | undefined = undefined;

  constructor(url: string, options: WebSocket.ClientOptions = {}) {
    this.ws = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false, ...options });
    this.ws.on('message', (data: Buffer, isBinary) => this.received.push(isBinary ? data : data.toString()));
    this.ws.on('ping', (data) => this.pings.push(data.toString()));
    this.ws.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    this.ws.on('error', () => undefined);
  }

  /** Sends hello and waits for the welcome; returns this client's id. */
  async hello(name: string, rooms: string[] = ['lobby'], key = `key of ${name}`): Promise<string> {
    if (this.ws.readyState === WebSocket.CONNECTING) await once(this.ws, 'open');
    this.send({ type: 'hello', key, name, rooms });
    return (await this.next('welcome')).you;
  }

  send(message: unknown): void {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Removes and returns the next message of a type. */
  next<Type extends ServerMessage['type']>(type: Type): Promise<Extract<ServerMessage, { type: Type }>> {
    return until(() => this.take(type), `a message of type ${type}`);
  }

  /** Like {@link next}, but returns at once. */
  take<Type extends ServerMessage['type']>(type: Type): Extract<ServerMessage, { type: Type }> | undefined {
    const at = this.received.findIndex((data) => typeof data === 'string' && JSON.parse(data).type === type);
    return at === -1 ? undefined : JSON.parse(String(this.received.splice(at, 1)[0]));
  }

  end(): Promise<{ code: number; reason: string }> {
    return until(() => this.closed, 'the end of a connection');
  }
}

/** The messages and frames (in hexadecimal) that a tap received. */
export function mirrored({ received }: Client): { told: TapMessage[]; frames: { direction: string; hex: string }[] } {
  const told = received.filter((data) => typeof data === 'string').map((data): TapMessage => JSON.parse(String(data)));
  const frames = received.flatMap((data) => {
    if (typeof data === 'string') return [];
    const { direction, bytes } = decodeMirroredFrame(Uint8Array.from(data).buffer);
    return [{ direction, hex: Buffer.from(bytes).toString('hex') }];
  });
  return { told, frames };
}

/** Opens a tap and returns its token. */
export async function openTap(demo: Demo): Promise<{ tap: Client; token: string }> {
  const tap = new Client(`${demo.url}/tap`);
  const token = await until(() => {
    const [first] = mirrored(tap).told;
    return first?.type === 'token' ? first.token : undefined;
  }, 'a token');
  return { tap, token };
}
