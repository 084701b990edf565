/**
 * Client-to-server masking (RFC 6455 5.3).
 *
 *     j                   = i MOD 4
 *     transformed-octet-i = original-octet-i XOR masking-key-octet-j
 */
import type { RandomSource } from './host.ts';

/**
 * From this many bytes on words of the aligned middle are faster than a view that takes any offset (benchmarks/decode).
 */
const ALIGNED_FROM = 192;

// A masking key as bytes in network byte order, and the word that those bytes are in this engine's.
const KEY = new DataView(new ArrayBuffer(4));
const KEY_WORD = new Int32Array(KEY.buffer);

/**
 * From this many bytes on it is worth making a view for one payload; the second payload in the same bytes, a chunk of
 * many frames, is worth it as well (benchmarks/decode).
 */
const VIEW_FROM = 64;

// The last bytes that were masked, and their view. Reading `buffer` and `byteOffset` is slow, comparing objects is not.
let viewed: Uint8Array = new Uint8Array(0);
let view: DataView | undefined;

/** Gives the view of `bytes` if there is one or it is worth making. */
function viewOf(bytes: Uint8Array, length: number): DataView | undefined {
  if (bytes !== viewed) {
    viewed = bytes;
    view = undefined;
    if (length < VIEW_FROM) return undefined;
  }
  view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view;
}

/**
 * Masks or unmasks `bytes[start]` to `bytes[end - 1]` in place and gives the phase of the byte that would follow.
 *
 * @param key the masking key as a 32-bit integer, its first byte in the most significant place
 * @param phase which byte of the key, 0 to 3, belongs to `bytes[start]`: 0 at the beginning of a payload
 * @see RFC 6455 5.3
 */
export function applyMask(bytes: Uint8Array, start: number, end: number, key: number, phase: number): number {
  maskAndLook(bytes, start, end, phase === 0 ? key : (key << (8 * phase)) | (key >>> (32 - 8 * phase)));
  return (phase + end - start) & 3;
}

/**
 * {@link applyMask} from phase 0, which gives 0 when it has seen that the result is all ASCII, and otherwise anything
 * else: in a short payload the look is free.
 */
export function maskAndLook(bytes: Uint8Array, start: number, end: number, key: number): number {
  let at = start;
  let seen = 0;
  let k = key;
  if (end - start >= ALIGNED_FROM) {
    const head = -(bytes.byteOffset + start) & 3;
    for (; at < start + head; at++) {
      bytes[at] = (bytes[at] as number) ^ (k >>> 24);
      k = (k << 8) | (k >>> 24);
    }
    const words = (end - at) >> 2;
    KEY.setInt32(0, k);
    xorWords(new Int32Array(bytes.buffer, bytes.byteOffset + at, words), KEY_WORD[0] as number);
    at += 4 * words;
    seen = -1;
  } else {
    const words = viewOf(bytes, end - start);
    for (; words !== undefined && at + 4 <= end; at += 4) {
      const word = words.getInt32(at) ^ k;
      words.setInt32(at, word);
      seen |= word;
    }
    seen &= 0x80808080;
  }
  for (; at < end; at++) {
    const byte = (bytes[at] as number) ^ (k >>> 24);
    bytes[at] = byte;
    seen |= byte & 0x80;
    k = (k << 8) | (k >>> 24);
  }
  return seen;
}

/** Unrolled eight times: a quarter of the time of the plain loop on V8 (benchmarks/decode). */
function xorWords(words: Int32Array, key: number): void {
  const length = words.length;
  let at = 0;
  for (; at + 8 <= length; at += 8) {
    words[at] = (words[at] as number) ^ key;
    words[at + 1] = (words[at + 1] as number) ^ key;
    words[at + 2] = (words[at + 2] as number) ^ key;
    words[at + 3] = (words[at + 3] as number) ^ key;
    words[at + 4] = (words[at + 4] as number) ^ key;
    words[at + 5] = (words[at + 5] as number) ^ key;
    words[at + 6] = (words[at + 6] as number) ^ key;
    words[at + 7] = (words[at + 7] as number) ^ key;
  }
  for (; at < length; at++) words[at] = (words[at] as number) ^ key;
}

/**
 * Masking keys from a random source, drawn many at a time: one call for each 8 KiB, not one a frame.
 *
 * 5.3: "the client MUST pick a fresh masking key from the set of allowed 32-bit values. The masking key needs to be
 * unpredictable; thus, the masking key MUST be derived from a strong source of entropy".
 */
export class MaskKeys {
  readonly #random: RandomSource;
  #pool: Uint8Array<ArrayBuffer> = NONE;
  #used = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** A fresh masking key as a 32-bit integer. */
  next(): number {
    if (this.#used === this.#pool.length) {
      // A source that throws leaves the pool as it was: used up.
      const fresh = this.#pool.length === 0 ? new Uint8Array(POOL_SIZE) : this.#pool;
      this.#random(fresh);
      this.#pool = fresh;
      this.#used = 0;
    }
    const pool = this.#pool;
    const at = this.#used;
    this.#used = at + 4;
    return (
      ((pool[at] as number) << 24) |
      ((pool[at + 1] as number) << 16) |
      ((pool[at + 2] as number) << 8) |
      (pool[at + 3] as number)
    );
  }
}

const POOL_SIZE = 8192;
const NONE = new Uint8Array(0);
