/**
 * The message payload transformation of permessage-deflate (RFC 7692 7.2) over any synchronous DEFLATE engine.
 */

import { ProtocolError } from '../rules.ts';
import type { MessageTransform } from './extension.ts';
import type { DeflateAgreement } from './offer.ts';

/** An implementation of DEFLATE: `@sockless/deflate` on any host, or its native zlib on Node. */
export interface DeflateEngine {
  /** Returns a deflater for the messages that one connection sends. */
  createDeflater(options: DeflaterOptions): Deflater;
  /** Returns an inflater for the messages that one connection receives. */
  createInflater(options: InflaterOptions): Inflater;
}

/** The options of a deflater. */
export interface DeflaterOptions {
  /** The longest window, as a power of 2 from 8 to 15: no distance in the output may be longer. */
  readonly windowBits: number;
  /** The level of compression, from 0 (none) to 9 (best). */
  readonly level: number;
  /** The memory for the internal state, from 1 to 9: 2^(memLevel + 9) bytes. */
  readonly memLevel: number;
}

/** The options of an inflater. */
export interface InflaterOptions {
  /** The longest window that the input may need, as a power of 2 from 8 to 15. */
  readonly windowBits: number;
}

/** Compresses one direction of one connection. */
export interface Deflater {
  /**
   * Compresses all of `data` and flushes to a byte boundary: the output ends with an empty block, `00 00 ff ff`. The output
   * is valid until any deflater of the engine is called again.
   */
  deflate(data: Uint8Array): Uint8Array;
  /** Empties the window. */
  reset(): void;
  /** Releases all memory. The deflater is not used again. */
  close(): void;
}

/** Decompresses one direction of one connection. A block with BFINAL set does not end it (RFC 7692 7.2.3.4). */
export interface Inflater {
  /** Takes the next input. It is read in place, so it must not change until it is drained. */
  write(data: Uint8Array): void;
  /**
   * Returns the next output, which is empty when all input has been used. The output is valid until any inflater of the
   * engine is called again.
   *
   * @throws {Error} when the input is not DEFLATE; only `close` may be called then
   */
  read(): Uint8Array;
  /** Whether the last `read` returned the last output for the input so far. */
  readonly drained: boolean;
  /** Takes `00 00 ff ff` and returns whether a block ended exactly there, without further output. */
  endsBlock(): boolean;
  /** Empties the window. */
  reset(): void;
  /** Releases all memory. The inflater is not used again. */
  close(): void;
}

/** The options of one side that the other need not know. */
export interface TransformOptions {
  /** The level of compression, from 0 to 9. */
  readonly level: number;
  /** The memory of the compressor, from 1 to 9. */
  readonly memLevel: number;
  /** The length in bytes from which on messages are compressed. */
  readonly threshold: number;
}

/** 7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end." */
const TAIL_LENGTH = 4;

/** 7.2.3.6, without its tail. */
const EMPTY_BLOCK = Uint8Array.of(0x00);

/** The parameters of one direction. */
interface Direction {
  readonly windowBits: number;
  readonly takeover: boolean;
}

const recipes = new WeakMap<DeflateEngine, Map<string, object>>();

/** Returns the same object for all that compress alike. */
function recipeOf(engine: DeflateEngine, windowBits: number, { level, memLevel }: TransformOptions): object {
  let known = recipes.get(engine);
  if (known === undefined) {
    known = new Map();
    recipes.set(engine, known);
  }
  const key = `${windowBits} ${level} ${memLevel}`;
  const recipe = known.get(key) ?? {};
  known.set(key, recipe);
  return recipe;
}

/** permessage-deflate at work on one connection. */
export class DeflateTransform implements MessageTransform {
  readonly #engine: DeflateEngine;
  readonly #options: TransformOptions;
  readonly #sending: Direction;
  readonly #receiving: Direction;
  readonly recipe: object | undefined;
  #deflater: Deflater | undefined = undefined;
  #inflater: Inflater | undefined = undefined;

  /** Takes the agreement and this side's options. A deflater and an inflater are created when they are first needed. */
  constructor(
    role: 'client' | 'server',
    agreement: DeflateAgreement,
    engine: DeflateEngine,
    options: TransformOptions,
  ) {
    const client = { windowBits: agreement.clientMaxWindowBits, takeover: !agreement.clientNoContextTakeover };
    const server = { windowBits: agreement.serverMaxWindowBits, takeover: !agreement.serverNoContextTakeover };
    this.#engine = engine;
    this.#options = options;
    this.#sending = role === 'client' ? client : server;
    this.#receiving = role === 'client' ? server : client;
    this.recipe = this.#sending.takeover ? undefined : recipeOf(engine, this.#sending.windowBits, options);
  }

  wants(length: number): boolean {
    return length >= this.#options.threshold;
  }

  compress(data: Uint8Array, final: boolean): Uint8Array {
    const { windowBits, takeover } = this.#sending;
    const { level, memLevel } = this.#options;
    this.#deflater ??= this.#engine.createDeflater({ windowBits, level, memLevel });
    const output = this.#deflater.deflate(data);
    // 7.2.1: "Note that for non-final fragments, the removal of 0x00 0x00 0xff 0xff MUST NOT be done."
    if (!final) return output;
    // 7.2.1: 'the client MUST start compressing each new message with an empty LZ77 sliding window'
    if (!takeover) this.#deflater.reset();
    // 7.2.3.6: "If the compression library being used doesn't generate any data when its buffer is empty, an empty
    // uncompressed DEFLATE block can be built and used for this purpose".
    return output.length === 0 ? EMPTY_BLOCK : output.subarray(0, output.length - TAIL_LENGTH);
  }

  write(data: Uint8Array): void {
    this.#inflater ??= this.#engine.createInflater({ windowBits: this.#receiving.windowBits });
    this.#inflater.write(data);
  }

  get drained(): boolean {
    return (this.#inflater as Inflater).drained;
  }

  read(): Uint8Array | undefined {
    const inflater = this.#inflater as Inflater;
    try {
      const output = inflater.read();
      return output.length === 0 ? undefined : output;
    } catch (cause) {
      const error = new ProtocolError('invalid-deflate');
      error.cause = cause;
      throw error;
    }
  }

  finish(): void {
    const inflater = this.#inflater as Inflater;
    // 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
    if (!inflater.endsBlock()) throw new ProtocolError('invalid-deflate');
    // 7.2.2: 'Otherwise, the client MUST decompress each new message using the LZ77 sliding window used to process the
    // last compressed message.'
    if (!this.#receiving.takeover) inflater.reset();
  }

  close(): void {
    this.#deflater?.close();
    this.#inflater?.close();
    this.#deflater = undefined;
    this.#inflater = undefined;
  }
}
