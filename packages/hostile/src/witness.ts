/** A well-behaved client that uses npm's ws: whatever others do, each of its messages must come back, in order. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { CERTIFICATE } from '../../node/test/certificate.ts';
import { within } from '../../tools/testing.ts';
import type { Kind } from './clients.ts';
import type { Address } from './wire.ts';

/** The longest wait for an answer, in milliseconds; after that the client counts as not served. */
const PATIENCE = 15_000;

/** How many messages it sends before it waits for their answers. */
const IN_FLIGHT = 4;

/** The messages of a well-behaved client, and the answers that it expects. */
interface Dialogue {
  message(n: number): string | Buffer;
  /** Whether this answers message `n`; `undefined` if it is not an answer. */
  answers(n: number, data: Buffer, isBinary: boolean): boolean | undefined;
  /** Milliseconds between two volleys, within the server's rate limits. */
  readonly pause: number;
}

/** An echo server: every message comes back, as text and binary, in one chunk and in many. */
function echo(): Dialogue {
  const message = (n: number): string | Buffer =>
    n % 3 === 0 ? Buffer.alloc(n % 20_000, n) : `${n} ${'é'.repeat(n % 700)}`;
  return {
    message,
    answers(n, data, isBinary) {
      // The welcome message of the README's server.
      if (!isBinary && data.toString() === 'welcome') return undefined;
      const sent = message(n);
      return isBinary === (typeof sent !== 'string') && data.equals(Buffer.from(sent));
    },
    pause: 4,
  };
}

/** The demo: a message to oneself comes back. */
async function chat(ws: WebSocket): Promise<Dialogue> {
  ws.send(JSON.stringify({ type: 'hello', key: `witness ${Math.random()}`, name: 'Witness', rooms: [] }));
  const [welcome] = await once(ws, 'message');
  const to = { kind: 'person', person: JSON.parse(welcome).you };
  return {
    message: (n) => JSON.stringify({ type: 'say', to, text: `number ${n}`, ref: String(n) }),
    answers(n, data) {
      const { type, ref, text } = JSON.parse(data.toString());
      return type === 'said' ? ref === String(n) && text === `number ${n}` : undefined;
    },
    pause: 400,
  };
}

export class Witness {
  /** The number of its messages that have come back. */
  echoed = 0;
  /** The number of connections that it has opened. */
  connections = 0;
  /** The slowest volley, in milliseconds. */
  slowest = 0;
  /** The faults that it found. */
  problem: string | undefined = undefined;
  readonly #address: Address;
  readonly #kind: Kind;

  constructor(address: Address, kind: Kind) {
    this.#address = address;
    this.#kind = kind;
  }

  /** Uses one connection all the time and opens another one each second, until the time is over. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await Promise.all([this.#visit(signal, Infinity), this.#visitAgain(signal)]);
    } catch (error) {
      this.problem ??= String(error);
    }
  }

  async #visitAgain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.problem === undefined) {
      await this.#visit(signal, IN_FLIGHT);
      await delay(1000, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Opens a connection, sends this many messages, and closes it. */
  async #visit(signal: AbortSignal, count: number): Promise<void> {
    const { port, path, secure } = this.#address;
    const url = `${secure ? 'wss' : 'ws'}://localhost:${port}${path}`;
    const ws = new WebSocket(url, { perMessageDeflate: false, ca: CERTIFICATE, handshakeTimeout: PATIENCE, family: 4 });
    await once(ws, 'open');
    this.connections++;
    const closed = once(ws, 'close');
    const dialogue = this.#kind === 'demo' ? await chat(ws) : echo();
    let next = 0;
    let wrong: string | undefined;
    ws.on('message', (data: Buffer, isBinary) => {
      const right = dialogue.answers(next, data, isBinary);
      if (right === undefined) return;
      if (!right) wrong ??= `answer ${next} differs from the message`;
      next++;
      this.echoed++;
    });
    for (let sent = 0; sent < count && !signal.aborted; await delay(dialogue.pause)) {
      const started = performance.now();
      for (const end = sent + IN_FLIGHT; sent < end; sent++) ws.send(dialogue.message(sent));
      await this.#answered(() => next >= sent, ws);
      if (wrong !== undefined) throw new Error(wrong);
      this.slowest = Math.max(this.slowest, performance.now() - started);
    }
    ws.close(1000);
    const [code] = await within(PATIENCE, 'a well-behaved client waits for the end', closed);
    if (code !== 1000) throw new Error(`a well-behaved client was closed with ${code}`);
  }

  async #answered(done: () => boolean, ws: WebSocket): Promise<void> {
    for (const late = Date.now() + PATIENCE; !done(); await delay(1)) {
      if (ws.readyState !== WebSocket.OPEN) throw new Error('a well-behaved client lost its connection');
      if (Date.now() > late) throw new Error(`a well-behaved client waited ${PATIENCE} ms for an answer`);
    }
  }
}
