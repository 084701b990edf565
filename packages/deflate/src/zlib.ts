/**
 * DEFLATE by `node:zlib` of Node, Deno and Bun behind core's engine interface: synchronous, and with a window that is kept between
 * messages.
 *
 * The public `node:zlib` cannot do that: its streams are asynchronous, and its `…Sync` functions keep no window. The handle
 * of a stream can, and has since Node 0.11, but it is private. This is ugly, so the handle is tried out before it is used,
 * and pako replaces it when it does not behave as expected.
 */
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import type { DeflateEngine, Deflater, DeflaterOptions, Inflater, InflaterOptions } from '@sockless/core/deflate';
import { deflaterBits, expectInput, grown, KEPT, NONE_EXPECTED, NOTHING, ROOM, TAIL_AND_ONE } from './common.ts';
import { pako } from './index.ts';

export type { DeflateEngine, Deflater, DeflaterOptions, Inflater, InflaterOptions };

/** The private parts of a stream of `node:zlib`. */
interface Native {
  readonly _handle: Handle;
  /** After each write, the room left in the output, and the number of bytes left of the input. */
  readonly _writeState: Uint32Array;
}

interface Handle {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
  reset(): void;
  close(): void;
}

// A stream has output memory of its own, 16 KiB by default. It is not used here, so Z_MIN_CHUNK makes it as small as possible.
const { Z_SYNC_FLUSH, Z_BLOCK, Z_MIN_CHUNK } = constants;

// The memory for the output of all connections. It is allocated again if it has been transferred.
let inflated = new Uint8Array(ROOM);
let deflated = new Uint8Array(ROOM);

class NativeDeflater implements Deflater {
  readonly #native: Native;

  constructor({ windowBits, level, memLevel }: DeflaterOptions) {
    const options = { windowBits: deflaterBits(windowBits), level, memLevel, chunkSize: Z_MIN_CHUNK };
    this.#native = createDeflateRaw(options) as unknown as Native;
  }

  deflate(data: Uint8Array): Uint8Array {
    const { _handle: handle, _writeState: left } = this.#native;
    let output = deflated.length === 0 ? new Uint8Array(ROOM) : deflated;
    let at = 0;
    let length = 0;
    do {
      if (length === output.length) output = grown(output);
      handle.writeSync(Z_SYNC_FLUSH, data, at, data.length - at, output, length, output.length - length);
      at = data.length - (left[1] as number);
      length = output.length - (left[0] as number);
    } while (length === output.length);
    if (output.length <= KEPT) deflated = output;
    return output.subarray(0, length);
  }

  reset(): void {
    this.#native._handle.reset();
  }

  close(): void {
    this.#native._handle.close();
  }
}

class NativeInflater implements Inflater {
  readonly #options: InflaterOptions;
  readonly #native: Native;
  #broken = false;
  #input: Uint8Array = NOTHING;
  #at = 0;
  #end = 0;
  #drained = true;

  // A stream drops its window where a block with BFINAL set ends, but RFC 7692 keeps it. So the last output is kept in a
  // ring, and `#written` counts all output.
  readonly #window: Uint8Array;
  #written = 0;
  // From the end of such a block on, and until a reset, an inflater of pako continues with that window. A new stream for
  // each such block would take 10 times as long. `#spare` keeps that inflater for later messages.
  #successor: Inflater | undefined = undefined;
  #spare: Inflater | undefined = undefined;

  constructor(options: InflaterOptions) {
    const { windowBits } = options;
    this.#options = options;
    this.#window = new Uint8Array(2 ** windowBits);
    this.#native = createInflateRaw({ windowBits, chunkSize: Z_MIN_CHUNK }) as unknown as Native;
    // The stream's own function would close the handle, and a write to a closed handle aborts the process.
    this.#native._handle.onerror = () => {
      this.#broken = true;
    };
  }

  get drained(): boolean {
    return this.#successor?.drained ?? this.#drained;
  }

  write(data: Uint8Array): void {
    if (this.#successor !== undefined) {
      this.#successor.write(data);
      return;
    }
    this.#input = data;
    this.#at = 0;
    this.#end = data.length;
    this.#drained = false;
  }

  read(): Uint8Array {
    if (this.#successor !== undefined) return this.#successor.read();
    const { _handle: handle, _writeState: left } = this.#native;
    // If the input lay outside of its memory, the handle would end the process.
    expectInput(this.#input, this.#end);
    if (inflated.length === 0) inflated = new Uint8Array(ROOM);
    handle.writeSync(Z_SYNC_FLUSH, this.#input, this.#at, this.#end - this.#at, inflated, 0, ROOM);
    if (this.#broken) throw new Error('zlib refused the input');
    const length = ROOM - (left[0] as number);
    this.#at = this.#end - (left[1] as number);
    this.#remember(length);
    if (left[0] !== 0 && left[1] !== 0) {
      // Both room and input are left, so a block with BFINAL set has ended. The next block follows, with the same window.
      this.#successor = this.#succeed();
      this.#successor.write(this.#input.subarray(this.#at));
    }
    this.#drained = length < ROOM;
    if (this.#drained) {
      this.#input = NOTHING;
      this.#at = this.#end = 0;
    }
    return length === 0 && this.#successor !== undefined ? this.#successor.read() : inflated.subarray(0, length);
  }

  endsBlock(): boolean {
    if (this.#successor !== undefined) return this.#successor.endsBlock();
    const { _handle: handle, _writeState: left } = this.#native;
    // Z_BLOCK stops at the end of a block. If that is directly after the tail, exactly the fifth byte is left.
    handle.writeSync(Z_BLOCK, TAIL_AND_ONE, 0, TAIL_AND_ONE.length, NONE_EXPECTED, 0, NONE_EXPECTED.length);
    return !this.#broken && left[1] === 1 && left[0] === NONE_EXPECTED.length;
  }

  reset(): void {
    this.#written = 0;
    this.#successor?.reset();
    this.#successor = undefined;
    this.#native._handle.reset();
  }

  close(): void {
    this.#spare?.close();
    this.#native._handle.close();
  }

  /** Returns an inflater with the same window, which it has read from a block that is not compressed. */
  #succeed(): Inflater {
    const { length } = this.#window;
    const size = Math.min(this.#written, length);
    const at = this.#written - size;
    const block = new Uint8Array(5 + size);
    block.set([0, size & 0xff, size >> 8, ~size & 0xff, (~size >> 8) & 0xff]);
    const from = at % length;
    const first = Math.min(size, length - from);
    block.set(this.#window.subarray(from, from + first), 5);
    block.set(this.#window.subarray(0, size - first), 5 + first);
    this.#spare ??= pako.createInflater(this.#options);
    const successor = this.#spare;
    successor.write(block);
    successor.read();
    return successor;
  }

  /** Copies the first `end` bytes of the output into the window, as many of the last ones as fit. */
  #remember(end: number): void {
    const window = this.#window;
    const from = Math.max(0, end - window.length);
    const at = (this.#written + from) % window.length;
    const first = Math.min(end - from, window.length - at);
    window.set(inflated.subarray(from, from + first), at);
    window.set(inflated.subarray(from + first, end), 0);
    this.#written += end;
  }
}

/**
 * Whether an engine works: it compresses the same word twice, the second time by reference to the first, decompresses both,
 * and refuses input that is not DEFLATE.
 */
export function works(engine: DeflateEngine): boolean {
  try {
    const deflater = engine.createDeflater({ windowBits: 15, level: 6, memLevel: 8 });
    const inflater = engine.createInflater({ windowBits: 15 });
    const word = Uint8Array.from('sockless sockless', (character) => character.charCodeAt(0));
    const lengths = [1, 2].map(() => {
      const bytes = deflater.deflate(word);
      inflater.write(bytes.slice(0, -4));
      const output = inflater.read();
      if (String(output) !== String(word) || !inflater.drained || !inflater.endsBlock()) throw new Error('it differs');
      return bytes.length;
    });
    const refuses = fails(() => {
      inflater.write(Uint8Array.of(0x07));
      inflater.read();
    });
    deflater.close();
    inflater.close();
    return refuses && (lengths[1] as number) < (lengths[0] as number);
  } catch {
    return false;
  }
}

function fails(call: () => void): boolean {
  try {
    call();
    return false;
  } catch {
    return true;
  }
}

/** The engine of `node:zlib`, whether it works here or not. */
export const native: DeflateEngine = {
  createDeflater: (options) => new NativeDeflater(options),
  createInflater: (options) => new NativeInflater(options),
};

/** Returns the first engine if it works, else the second. */
export function choose(first: DeflateEngine, second: DeflateEngine): DeflateEngine {
  return works(first) ? first : second;
}

/** The fastest engine that works here. */
export const zlib: DeflateEngine = choose(native, pako);
