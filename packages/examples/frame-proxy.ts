/**
 * A proxy between a client and a server that reads only frame headers: it checks and limits them, gives each
 * frame a masking key of its own, and passes payloads on as they arrive, at any length, in constant memory.
 */
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { pipeline, Transform, type TransformCallback } from 'node:stream';
import {
  applyMask,
  encodeFrameHeader,
  type FrameHeader,
  FrameReader,
  frameHeaderSize,
  RSV1,
} from '@sockless/core/frame';
import { HeadReader } from '@sockless/core/handshake';

/** How long either side may be silent, in milliseconds: longer than the server's heartbeat. */
const MAX_SILENCE = 120_000;

/** Returns a proxy to the server on that port; it does not listen yet. */
export function createProxy(port: number, maxFrameSize: number): Server {
  return createServer((client) => {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) socket.setTimeout(MAX_SILENCE, () => socket.destroy());
    // An illegal frame is an error of its direction, which destroys all four streams.
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
  readonly #reader: FrameReader;
  #head: HeadReader | undefined;
  /** The masking key of the frame in progress. */
  #key = 0;

  constructor(masked: boolean, maxFrameSize: number) {
    super();
    this.#head = new HeadReader(masked ? 'request' : 'response', 16_384);
    // The two ends may negotiate RSV1 for compression; the proxy passes it on.
    this.#reader = new FrameReader({ masked, rsv: RSV1, maxFrameSize });
  }

  override _transform(chunk: Uint8Array, _: unknown, done: TransformCallback): void {
    try {
      this.#pass(this.#head === undefined ? chunk : this.#passHead(this.#head, chunk));
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  /** Passes the head on once it is complete, and returns the bytes behind it. */
  #passHead(reader: HeadReader, chunk: Uint8Array): Uint8Array {
    reader.receive(chunk);
    const head = reader.read();
    if (head === undefined) return NONE;
    this.push(head, 'latin1');
    this.#head = undefined;
    return reader.rest();
  }

  /** Passes frames on, with a new header for each, and with payloads masked anew in place. */
  #pass(chunk: Uint8Array): void {
    this.#reader.receive(chunk);
    for (let part = this.#reader.next(); part !== undefined; part = this.#reader.next()) {
      const { header, start, end } = part;
      if (part.first) this.#passHeader(header);
      // One XOR with both keys unmasks and masks again.
      applyMask(chunk, header.key ^ this.#key, part.offset, start, end);
      if (end > start) this.push(chunk.subarray(start, end));
    }
  }

  #passHeader(header: FrameHeader): void {
    const { masked, length } = header;
    this.#key = masked ? randomBytes(4).readInt32BE() : 0;
    const bytes = Buffer.alloc(frameHeaderSize(length, masked));
    encodeFrameHeader({ ...header, key: this.#key }, bytes, 0);
    this.push(bytes);
  }
}
