/** The connections of the load generator that only receive: they count the messages that a server broadcasts. */
import { inflateRawSync } from 'node:zlib';
import { type Kind, payload } from '../codec/inputs.ts';
import type { LoadClient } from './load-client.ts';

/** Asks to open connections that only receive, unless they exist already, and says which messages to expect. */
export interface ListenQuestion {
  readonly type: 'listen';
  readonly port: number;
  readonly connections: number;
  /** Whether they offer compression. */
  readonly compressed: boolean;
  readonly kind: Kind;
  /** The length of a message before compression, in bytes. */
  readonly size: number;
}

/** Asks to wait until this many messages have arrived on each connection since the last `listen`. */
export interface HeardQuestion {
  readonly type: 'heard';
  readonly messages: number;
}

/** The expected broadcasts: every frame equals the first one. */
export class Audience {
  readonly #clients: readonly LoadClient[];
  readonly #expected: Buffer;
  readonly #received: number[];
  /** The bytes of the first frame on the first connection, until it is complete and has been checked. */
  #first: Buffer | undefined = Buffer.alloc(0);
  #frameLength = 0;
  #waiting:
    | { readonly messages: number; readonly resolve: () => void; readonly reject: (error: Error) => void }
    | undefined;
  #failure: Error | undefined;

  constructor(clients: readonly LoadClient[], kind: Kind, size: number) {
    this.#clients = clients;
    this.#expected = payload(kind, size);
    this.#received = clients.map(() => 0);
    for (const [n, client] of clients.entries()) {
      client.onEnd = (error) => this.#fail(error);
      client.onBytes = (length, bytes) => this.#take(n, length, bytes);
    }
  }

  /** Resolves when this many messages have arrived on each connection. */
  heard(messages: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { messages, resolve, reject };
      if (this.#failure !== undefined) reject(this.#failure);
      this.#look();
    });
  }

  #take(n: number, length: number, bytes: Uint8Array): void {
    (this.#received[n] as number) += length;
    if (n === 0 && this.#first !== undefined) this.#check(Buffer.concat([this.#first, bytes.subarray(0, length)]));
    this.#look();
  }

  #look(): void {
    const { messages, resolve } = this.#waiting ?? {};
    if (messages === undefined || resolve === undefined || this.#frameLength === 0) return;
    const expected = messages * this.#frameLength;
    // Starts with the last connection, which the server most likely writes to last.
    for (let n = this.#clients.length - 1; n >= 0; n--) {
      const received = this.#received[n] as number;
      if (received > expected) this.#fail(new Error('more has arrived than was sent'));
      if (received !== expected) return;
    }
    this.#waiting = undefined;
    resolve();
  }

  /** Compares the first message with the expected one. */
  #check(bytes: Buffer): void {
    this.#first = bytes;
    const frame = readFrame(bytes);
    if (frame === undefined) return;
    this.#first = undefined;
    this.#frameLength = frame.length;
    const { first, payload } = frame;
    const isCompressed = (first & 0x40) !== 0;
    const message = isCompressed ? inflateRawSync(Buffer.concat([payload, TAIL])) : payload;
    if (!message.equals(this.#expected)) this.#fail(new Error('what is broadcast differs from what was to be sent'));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

/** The tail of RFC 7692 7.2.2, and an empty final block, so that the stream has an end. */
const TAIL = Buffer.from('0000ffff0300', 'hex');

interface Frame {
  readonly first: number;
  readonly payload: Buffer;
  readonly length: number;
}

/** Decodes an unmasked frame, if it is complete. */
function readFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, short = 0] = bytes;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < header) return undefined;
  const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const length = header + size;
  return bytes.length < length ? undefined : { first, payload: bytes.subarray(header, length), length };
}
