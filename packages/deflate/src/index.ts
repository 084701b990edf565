/** DEFLATE for any host: pako behind the engine interface of `@sockless/core/deflate`. */
import type { DeflateEngine, Deflater, DeflaterOptions, Inflater, InflaterOptions } from '@sockless/core/deflate';
import {
  Z_BLOCK,
  Z_BUF_ERROR,
  Z_DEFAULT_STRATEGY,
  Z_OK,
  Z_STREAM_END,
  Z_SYNC_FLUSH,
  ZStream,
  zlibDeflate,
  zlibDeflateInit2,
  zlibDeflateReset,
  zlibInflate,
  zlibInflateInit2,
} from 'pako';
import {
  deflaterBits,
  expectInput,
  FinalBlocks,
  grown,
  KEPT,
  NONE_EXPECTED,
  NOTHING,
  ROOM,
  TAIL_AND_ONE,
} from './common.ts';

export type { DeflateEngine, Deflater, DeflaterOptions, Inflater, InflaterOptions };

/** The engine in plain JavaScript, which needs nothing from the host. */
export const pako: DeflateEngine = {
  createDeflater: (options) => new PakoDeflater(options),
  createInflater: (options) => new PakoInflater(options),
};

const DEFLATED = 8;

/** The value of `state.mode` with which the next bits begin a block, for any kind of flush (`inflate_mode` in zlib's inflate.h). */
const TYPEDO = 16_192;

// The memory for the output of all connections. It is allocated again if it has been transferred.
let inflated = new Uint8Array(ROOM);
let deflated = new Uint8Array(ROOM);

class PakoDeflater implements Deflater {
  readonly #stream: ZStream = new ZStream();

  constructor({ windowBits, level, memLevel }: DeflaterOptions) {
    check(zlibDeflateInit2(this.#stream, level, DEFLATED, -deflaterBits(windowBits), memLevel, Z_DEFAULT_STRATEGY));
  }

  deflate(data: Uint8Array): Uint8Array {
    const stream = this.#stream;
    stream.input = data;
    stream.next_in = 0;
    stream.avail_in = data.length;
    let output = deflated.length === 0 ? new Uint8Array(ROOM) : deflated;
    let length = 0;
    do {
      if (length === output.length) output = grown(output);
      stream.output = output;
      stream.next_out = length;
      stream.avail_out = output.length - length;
      const status = zlibDeflate(stream, Z_SYNC_FLUSH);
      // This status means that no progress is possible, because everything has been flushed already.
      if (status !== Z_BUF_ERROR) check(status);
      length = stream.next_out;
    } while (stream.avail_out === 0);
    stream.input = NOTHING;
    stream.output = NOTHING;
    if (output.length <= KEPT) deflated = output;
    return output.subarray(0, length);
  }

  reset(): void {
    check(zlibDeflateReset(this.#stream));
  }

  close(): void {
    this.#stream.state = undefined;
  }
}

class PakoInflater implements Inflater {
  readonly #stream: ZStream = new ZStream();
  readonly #finals = new FinalBlocks();
  #end = 0;
  #drained = true;

  constructor({ windowBits }: InflaterOptions) {
    check(zlibInflateInit2(this.#stream, -windowBits));
    this.#stream.input = NOTHING;
    // Without this, zlib accepts distances beyond the window as long as they stay in the output of the same call, so the
    // chunks in which a payload arrives would decide whether it is refused.
    this.#stream.state.dmax = 2 ** windowBits;
  }

  get drained(): boolean {
    return this.#drained;
  }

  write(data: Uint8Array): void {
    this.#stream.input = data;
    this.#stream.next_in = 0;
    this.#stream.avail_in = this.#end = data.length;
    this.#drained = false;
  }

  read(): Uint8Array {
    const stream = this.#stream;
    expectInput(stream.input, this.#end);
    if (inflated.length === 0) inflated = new Uint8Array(ROOM);
    stream.output = inflated;
    stream.next_out = 0;
    stream.avail_out = ROOM;
    while (this.#inflate(Z_SYNC_FLUSH)) {
      // A block with BFINAL set has ended. The next block follows, with the same window.
    }
    this.#finals.output(stream.next_out);
    this.#drained = stream.avail_out > 0;
    if (this.#drained) {
      stream.input = NOTHING;
      this.#end = 0;
    }
    return inflated.subarray(0, stream.next_out);
  }

  endsBlock(): boolean {
    const stream = this.#stream;
    stream.input = TAIL_AND_ONE;
    stream.next_in = 0;
    stream.avail_in = TAIL_AND_ONE.length;
    stream.output = NONE_EXPECTED;
    stream.next_out = 0;
    stream.avail_out = NONE_EXPECTED.length;
    // Z_BLOCK stops at the end of a block. If that is directly after the tail, exactly the fifth byte is left.
    try {
      this.#inflate(Z_BLOCK);
    } catch {
      return false;
    }
    const exactly = stream.avail_in === 1 && stream.next_out === 0;
    stream.input = NOTHING;
    stream.avail_in = 0;
    this.#finals.reset();
    return exactly;
  }

  reset(): void {
    const { state } = this.#stream;
    state.wsize = state.whave = state.wnext = 0;
    this.#finals.reset();
    this.#beginBlock();
  }

  close(): void {
    this.#stream.state = undefined;
  }

  /**
   * Makes the next bits begin a block. This does what matters of `inflateResetKeep` between two blocks. pako's own also
   * allocates new tables each time, with which a MiB of 524,288 final blocks took seconds.
   */
  #beginBlock(): void {
    const { state } = this.#stream;
    state.mode = TYPEDO;
    state.last = state.hold = state.bits = 0;
  }

  /** Runs zlib. Returns true when a block with BFINAL set has ended and there may be more after it. */
  #inflate(flush: typeof Z_SYNC_FLUSH | typeof Z_BLOCK): boolean {
    const stream = this.#stream;
    const status = zlibInflate(stream, flush);
    if (status === Z_STREAM_END) {
      this.#finals.add(stream.next_out);
      this.#beginBlock();
      return stream.avail_in > 0 && stream.avail_out > 0;
    }
    if (status !== Z_BUF_ERROR) check(status);
    return false;
  }
}

function check(status: number): void {
  if (status !== Z_OK) throw new Error(`zlib refused the input with status ${status}`);
}
