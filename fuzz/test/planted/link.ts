/** The small receiver as a server of packages/conformance: it opens any connection, and echoes messages. */
import { createHash } from 'node:crypto';
import type { Link, Target } from '../../../packages/conformance/src/index.ts';
import { type Planted, Receiver } from './receiver.ts';

/** Returns an echo server in memory. */
export function plantedServer(bug?: Planted): Target {
  return { role: 'server', connect: () => Promise.resolve(new PlantedLink(bug)) };
}

class PlantedLink implements Link {
  readonly #receiver: Receiver;
  #now = 0;
  #head: Buffer | undefined = Buffer.alloc(0);
  #echoed = 0;
  #isEnded = false;

  constructor(bug: Planted | undefined) {
    this.#receiver = new Receiver('server', bug);
  }

  now(): number {
    return this.#now;
  }

  write(bytes: Uint8Array): void {
    if (this.#head === undefined) {
      this.#receive(bytes);
      return;
    }
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf('\r\n\r\n') + 4;
    if (end === 3) return;
    const rest = this.#head.subarray(end);
    const [, key = ''] = /^Sec-WebSocket-Key: *(\S+)/im.exec(this.#head.toString('latin1')) ?? [];
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}`;
    this.#receiver.sent.push(Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`));
    this.#head = undefined;
    this.#receive(rest);
  }

  /** Answers and echoes leave in the order of what they answer. */
  #receive(bytes: Uint8Array): void {
    const receiver = this.#receiver;
    const before = receiver.sent.length;
    receiver.receive(bytes);
    const answers = receiver.sent.splice(before);
    const events = receiver.events.slice(this.#echoed);
    const lastPing = events.findLastIndex(([type]) => type === 'ping');
    for (const [at, [type, data]] of events.entries()) {
      if (type === 'text') receiver.send(1, Buffer.from(String(data)));
      if (type === 'binary') receiver.send(2, Buffer.from(String(data).replaceAll(' ', ''), 'hex'));
      if (at === lastPing) receiver.sent.push(...answers.splice(0, 1));
    }
    receiver.sent.push(...answers);
    this.#echoed = receiver.events.length;
    this.#isEnded ||= receiver.isDone;
  }

  read(milliseconds: number): Promise<Uint8Array | 'end' | undefined> {
    const bytes = this.#receiver.sent.shift();
    if (bytes !== undefined) return Promise.resolve(bytes);
    if (this.#isEnded) return Promise.resolve('end');
    this.#now += milliseconds;
    return Promise.resolve(undefined);
  }

  pass(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    return Promise.resolve();
  }

  halfClose(): void {
    this.#isEnded = true;
  }

  drop(): void {
    this.#isEnded = true;
  }
}
