// Starts each implementation and makes it do what exchanges.ts requires of a peer.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DeflateRequest } from '@sockless/core/deflate';
import { chromium } from 'playwright-core';
import { WebSocket as UndiciWebSocket } from 'undici';
import { type PerMessageDeflateOptions, WebSocket, WebSocketServer } from 'ws';
import { CHROMIUM, CHROMIUM_ARGS } from '../../../tools/chromium.ts';
import { PYTHON } from '../../../tools/debian.ts';
import { type Ability, OFFERED, type Peer, type PeerClose, SPOKEN } from './exchanges.ts';
import { serveBrowser } from './page.ts';

const ALL: ReadonlySet<Ability> = new Set<Ability>(['ping', 'fragment']);
const NONE: ReadonlySet<Ability> = new Set();

/** A queue from producers of values to consumers that wait for them. */
class Channel<T> {
  readonly #values: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  push(value: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#values.push(value);
    else waiting(value);
  }

  next(): Promise<T> {
    const value = this.#values.shift();
    return value === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(value);
  }
}

/** npm's ws, in both roles. */
export function startWs(): Peer {
  const closes = new Channel<PeerClose>();
  const servers: WebSocketServer[] = [];
  // Compresses short messages too.
  const parameters = (deflate: DeflateRequest | undefined) =>
    deflate === undefined ? {} : { perMessageDeflate: { ...deflate, threshold: 0 } as PerMessageDeflateOptions };

  const behave = (ws: WebSocket): void => {
    ws.on('message', (data: Buffer, isBinary) => {
      const text = isBinary ? '' : data.toString();
      const [command, argument = '', reason = ''] = text.split(/ (.*?)(?: (.*))?$/s);
      if (command === '!subprotocol') ws.send(ws.protocol);
      else if (command === '!ping') {
        ws.once('pong', (pong) => ws.send(`ponged ${pong}`));
        ws.ping(argument);
      } else if (command === '!text' || command === '!binary') {
        const binary = command === '!binary';
        ws.send('frag', { fin: false, binary });
        ws.send('men', { fin: false, binary });
        ws.send('ted', { fin: true, binary });
      } else if (command === '!close') ws.close(Number(argument), reason);
      else ws.send(data, { binary: isBinary });
    });
  };
  const ended = async (ws: WebSocket): Promise<PeerClose> => {
    const [code, reason] = (await once(ws, 'close')) as [number, Buffer];
    return { code, reason: reason.toString() };
  };

  return {
    name: 'ws',
    can: ALL,
    async connect(url, deflate) {
      const ws = new WebSocket(url, OFFERED, parameters(deflate));
      behave(ws);
      const closed = ended(ws);
      await once(ws, 'open');
      return { closed };
    },
    async listen(deflate) {
      const server = new WebSocketServer({
        ...parameters(deflate),
        port: 0,
        host: '127.0.0.1',
        handleProtocols: (offered) => SPOKEN.find((name) => offered.has(name)) ?? false,
      });
      servers.push(server);
      server.on('connection', (ws) => {
        behave(ws);
        void ended(ws).then((close) => closes.push(close));
      });
      await once(server, 'listening');
      return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    },
    closed: () => closes.next(),
    stop: () => servers.forEach((server) => void server.close()),
  };
}

/** The common part of the WebSocket classes of browsers, undici and Node. */
interface StandardWebSocket {
  binaryType: string;
  readonly protocol: string;
  send(data: unknown): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: string, listener: (event: never) => void): void;
}

/** A client with a WebSocket class that has the API of browsers. */
export function startStandard(
  name: string,
  Standard: new (url: string, protocols: string[]) => StandardWebSocket,
): Peer {
  return {
    name,
    can: NONE,
    async connect(url) {
      const ws = new Standard(url, OFFERED);
      ws.binaryType = 'arraybuffer';
      ws.addEventListener('message', ({ data }: { data: string | ArrayBuffer }) => {
        const [command, argument, reason] = typeof data === 'string' ? data.split(/ (.*?)(?: (.*))?$/s) : [];
        if (command === '!subprotocol') ws.send(ws.protocol);
        else if (command === '!close') ws.close(Number(argument), reason ?? '');
        else ws.send(data);
      });
      const closed = new Promise<PeerClose>((resolve) => {
        ws.addEventListener('close', ({ code, reason }: PeerClose) => resolve({ code, reason }));
      });
      await new Promise<void>((resolve, reject) => {
        ws.addEventListener('open', () => resolve());
        ws.addEventListener('error', () => reject(new Error(`${name} could not connect`)));
      });
      return { closed };
    },
    stop: () => undefined,
  };
}

export const startUndici = (): Peer => startStandard('undici', UndiciWebSocket as never);

/** The host's own WebSocket, if it has one. */
export const OwnWebSocket = (globalThis as { WebSocket?: new (url: string, protocols: string[]) => StandardWebSocket })
  .WebSocket;

/** python3-websockets, in both roles; peer.py describes its standard input and output. */
export function startPython(): Peer {
  const path = fileURLToPath(new URL('peer.py', import.meta.url));
  const child: ChildProcess = spawn(PYTHON, [path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const served = new Channel<PeerClose>();
  const listening = new Channel<string>();
  const opened = new Channel<number>();
  const closes = new Map<number, Channel<PeerClose>>();
  if (child.stdout === null || child.stdin === null) throw new Error('python has no pipes');
  const { stdin } = child;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const report = JSON.parse(line) as PeerClose & { event: string; id: number; url: string };
    const { event, id, code, reason } = report;
    if (event === 'listening') listening.push(report.url);
    else if (event === 'open') {
      closes.set(id, new Channel());
      opened.push(id);
    } else if (event === 'closed') (closes.get(id) ?? served).push({ code, reason });
  });
  return {
    name: 'python3-websockets',
    can: ALL,
    async connect(url, deflate) {
      stdin.write(`connect ${url} ${snakeCase(deflate)}\n`);
      const channel = closes.get(await opened.next()) as Channel<PeerClose>;
      return { closed: channel.next() };
    },
    listen(deflate) {
      // The second word is either a URL or an error.
      stdin.write(`listen - ${snakeCase(deflate)}\n`);
      return listening.next();
    },
    closed: () => served.next(),
    stop: () => child.kill('SIGKILL'),
  };
}

function snakeCase(deflate: DeflateRequest | undefined): string {
  if (deflate === undefined) return '';
  const name = (camel: string): string => camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return JSON.stringify(Object.fromEntries(Object.entries(deflate).map(([key, value]) => [name(key), value])));
}

/** Chromium, as a client; page.ts has its page and the server for it. */
export async function startChromium(): Promise<Peer> {
  const server = createServer(serveBrowser).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
  const page = await browser.newPage();
  return {
    name: 'chromium',
    can: NONE,
    async connect(url) {
      if (!page.url().startsWith('http')) await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const id = await page.evaluate(`connect(${JSON.stringify(url)}, ${JSON.stringify(OFFERED)})`);
      return { closed: page.evaluate(`closed(${id})`) as Promise<PeerClose> };
    },
    async stop() {
      await browser.close();
      server.close();
      server.closeAllConnections();
    },
  };
}
