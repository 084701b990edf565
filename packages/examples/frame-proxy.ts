/**
 * A proxy between a client and a server that reads frame headers and nothing else: it checks and limits them, gives each
 * frame a masking key of its own, and passes payloads on as they come, at any length, in constant memory.
 */
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { pipeline, Transform, type TransformCallback } from 'node:stream';
import {
  applyMask,
  createFrameHeader,
  decodeFrameHeader,
  encodeFrameHeader,
  frameHeaderSize,
  RSV1,
} from '@sockless/core/frame';
import { HeadReader } from '@sockless/core/handshake';

/** For so many milliseconds either side may be silent: longer than the server's heartbeat. */
const MAX_SILENCE = 120_000;

/** Returns a proxy to the server on that port; it does not listen yet. */
export function createProxy(port: number, maxFrameSize: number): Server {
  return createServer((client) => {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) socket.setTimeout(MAX_SILENCE, () => socket.destroy());
    // A frame that is not legal is an error of its direction, which ends all four.
    pipeline(
      client,
      new FrameFilter(true, maxFrameSize),
      server,
      new FrameFilter(false, maxFrameSize),
      client,
      () => undefined,
    );
  });
}

const NONE = new Uint8Array(0);

/** One direction: a head of HTTP/1.1, then frames. */
class FrameFilter extends Transform {
  readonly #rules;
  readonly #header = createFrameHeader();
  #head: HeadReader | undefined;
  /** The beginning of a header that goes on in the next chunk. */
  #spilled: Uint8Array = NONE;
  /** How much of the payload is still to come, and where in the keys it goes on. */
  #left = 0;
  #phase = 0;
  /** The old key and the new one: unmasking and masking again is one XOR with both. */
  #keys = 0;

  constructor(masked: boolean, maxFrameSize: number) {
    super();
    this.#head = new HeadReader(masked ? 'request' : 'response', 16_384);
    // RSV1 is what the two ends may agree on for compression; it is no business of ours.
    this.#rules = { masked, rsv: RSV1, maxFrameSize };
  }

  override _transform(chunk: Uint8Array, _: unknown, done: TransformCallback): void {
    try {
      this.#pass(this.#head === undefined ? chunk : this.#passHead(this.#head, chunk));
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  /** Passes the head on, once it is whole, and gives what is behind it. */
  #passHead(reader: HeadReader, chunk: Uint8Array): Uint8Array {
    reader.receive(chunk);
    const head = reader.read();
    if (head === undefined) return NONE;
    this.push(head, 'latin1');
    this.#head = undefined;
    return reader.rest();
  }

  /** Passes frames on, each header as a new one, each piece of a payload masked anew in place. */
  #pass(chunk: Uint8Array): void {
    const bytes = this.#spilled.length > 0 ? Buffer.concat([this.#spilled, chunk]) : chunk;
    this.#spilled = NONE;
    for (let at = 0; at < bytes.length; ) {
      if (this.#left === 0) {
        const size = decodeFrameHeader(bytes, at, bytes.length, this.#rules, this.#header);
        if (size === 0) {
          this.#spilled = bytes.subarray(at);
          return;
        }
        this.#begin();
        at += size;
      }
      const end = Math.min(at + this.#left, bytes.length);
      this.#left -= end - at;
      this.#phase = applyMask(bytes, this.#keys, this.#phase, at, end);
      if (end > at) this.push(bytes.subarray(at, end));
      at = end;
    }
  }

  #begin(): void {
    const { masked, key, length } = this.#header;
    const fresh = masked ? randomBytes(4).readInt32BE() : 0;
    this.#keys = key ^ fresh;
    this.#phase = 0;
    this.#left = length;
    const header = Buffer.alloc(frameHeaderSize(length, masked));
    encodeFrameHeader({ ...this.#header, key: fresh }, header, 0);
    this.push(header);
  }
}
