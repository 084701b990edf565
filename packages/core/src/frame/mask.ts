/**
 * Client-to-server masking (RFC 6455 5.3).
 *
 *     j                   = i MOD 4
 *     transformed-octet-i = original-octet-i XOR masking-key-octet-j
 */
import { copyBytes, wordAt } from '../bytes.ts';
import type { RandomSource } from '../host.ts';
import { KERNEL_FROM, KERNEL_SIZE, type Kernel, kernel } from '../kernel.ts';
import { StateError } from '../rules.ts';

// A masking key as bytes in network byte order, and the word that those bytes are in this engine's.
const KEY = new DataView(new ArrayBuffer(4));
const KEY_WORD = new Int32Array(KEY.buffer);

/**
 * Masks or unmasks `bytes[start]` to `bytes[end - 1]` in place and returns the phase of the byte that would follow.
 *
 * @param key the masking key as a 32-bit integer, its first byte in the most significant place
 * @param phase which byte of the key, 0 to 3, belongs to `bytes[start]`: 0 at the beginning of a payload
 * @see RFC 6455 5.3
 */
export function applyMask(bytes: Uint8Array, key: number, phase = 0, start = 0, end: number = bytes.length): number {
  const rotated = rotateKey(key, phase);
  if (end - start < KERNEL_FROM) maskBytes(bytes, start, end, rotated);
  else maskAndLook(bytes, start, end, rotated);
  return (phase + end - start) & 3;
}

/** Gives the key that begins with the byte for a phase; only the phase's last two bits count. */
export function rotateKey(key: number, phase: number): number {
  // The shifts take the last five bits of what is given.
  return (key << (8 * phase)) | (key >>> (-8 * phase));
}

/**
 * {@link applyMask} from phase 0, which gives 0 when it has seen that the result is all ASCII, and otherwise anything
 * else: the look is free.
 *
 * @param view a view of all of `bytes`, where there is one already
 */
export function maskAndLook(bytes: Uint8Array, start: number, end: number, key: number, view?: DataView): number {
  const length = end - start;
  if (length >= KERNEL_FROM) {
    const simd = kernel();
    return simd === undefined
      ? maskWords(bytes, start, end, key)
      : throughKernel(bytes, start, end, bytes, start, key, simd);
  }
  let at = start;
  let seen = 0;
  if (view !== undefined) {
    for (; at + 4 <= end; at += 4) {
      const word = view.getInt32(at) ^ key;
      view.setInt32(at, word);
      seen |= word;
    }
    seen &= 0x80808080;
  } else {
    const [k0, k1, k2, k3] = [key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255, key & 255];
    for (; at + 4 <= end; at += 4) {
      const b0 = (bytes[at] as number) ^ k0;
      const b1 = (bytes[at + 1] as number) ^ k1;
      const b2 = (bytes[at + 2] as number) ^ k2;
      const b3 = (bytes[at + 3] as number) ^ k3;
      bytes[at] = b0;
      bytes[at + 1] = b1;
      bytes[at + 2] = b2;
      bytes[at + 3] = b3;
      seen |= b0 | b1 | b2 | b3;
    }
    seen &= 0x80;
  }
  for (let k = key; at < end; at++) {
    const byte = (bytes[at] as number) ^ (k >>> 24);
    bytes[at] = byte;
    seen |= byte & 0x80;
    k = (k << 8) | (k >>> 24);
  }
  return seen;
}

/** Copies `from[start]` to `from[end - 1]` to `into[at]`, masked; `view` is one of all of `into`. */
export function copyMasked(
  from: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
  key: number,
  view: DataView,
): void {
  const length = end - start;
  const simd = length < KERNEL_FROM ? undefined : kernel();
  if (simd !== undefined) {
    throughKernel(from, start, end, into, at, key, simd);
    return;
  }
  copyBytes(from, start, end, into, at);
  maskAndLook(into, at, at + length, key, view);
}

/** Takes `from[start]` to `from[end - 1]` through the kernel to `into[at]`, masked; gives 0 when all have become ASCII. */
function throughKernel(
  from: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
  key: number,
  simd: Kernel,
): number {
  const length = end - start;
  let seen = 0;
  for (let done = 0; done < length; done += KERNEL_SIZE) {
    const size = Math.min(KERNEL_SIZE, length - done);
    // A plain view: the `subarray` of Node's Buffer costs twice as much.
    simd.block.set(size === from.length ? from : new Uint8Array(from.buffer, from.byteOffset + start + done, size));
    seen |= simd.mask(size, key);
    into.set(simd.first(size), at + done);
  }
  return seen;
}

/** Without a look: gives the key that begins with the byte for what would follow. */
function maskBytes(bytes: Uint8Array, start: number, end: number, key: number): number {
  const [k0, k1, k2, k3] = [key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255, key & 255];
  let at = start;
  for (; at + 4 <= end; at += 4) {
    bytes[at] = (bytes[at] as number) ^ k0;
    bytes[at + 1] = (bytes[at + 1] as number) ^ k1;
    bytes[at + 2] = (bytes[at + 2] as number) ^ k2;
    bytes[at + 3] = (bytes[at + 3] as number) ^ k3;
  }
  let k = key;
  for (; at < end; at++) {
    bytes[at] = (bytes[at] as number) ^ (k >>> 24);
    k = (k << 8) | (k >>> 24);
  }
  return k;
}

/** Without a kernel: words of the aligned middle, which is not looked at. */
function maskWords(bytes: Uint8Array, start: number, end: number, key: number): number {
  const from = start + (-(bytes.byteOffset + start) & 3);
  const words = (end - from) >> 2;
  const k = maskBytes(bytes, start, from, key);
  KEY.setInt32(0, k);
  xorWords(new Int32Array(bytes.buffer, bytes.byteOffset + from, words), KEY_WORD[0] as number);
  maskBytes(bytes, from + 4 * words, end, k);
  return -1;
}

/** Unrolled eight times: a quarter of the time of the plain loop on V8 (benchmarks: decode). */
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
  #drawing = false;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /**
   * Returns a fresh masking key as a 32-bit integer.
   *
   * @throws what the random source throws; {StateError} `random-reentered` when that source is itself sending
   */
  next(): number {
    if (this.#used === this.#pool.length) this.#draw(POOL_SIZE);
    const at = this.#used;
    this.#used = at + 4;
    return wordAt(this.#pool, at);
  }

  /** Whether the random source is at work. */
  get isDrawing(): boolean {
    return this.#drawing;
  }

  /** Draws now what the next `count` calls of `next` return, so that none of them can fail. */
  prepare(count: number): void {
    if (this.#pool.length - this.#used < 4 * count) this.#draw(Math.max(4 * count, POOL_SIZE));
  }

  #draw(size: number): void {
    if (this.#drawing) {
      throw new StateError(
        'random-reentered',
        'the random source sends on the connection that is drawing a masking key from it',
      );
    }
    // A source that throws leaves the pool as it was.
    const fresh = new Uint8Array(size);
    this.#drawing = true;
    try {
      this.#random(fresh);
    } finally {
      this.#drawing = false;
    }
    this.#pool = fresh;
    this.#used = 0;
  }
}

const POOL_SIZE = 8192;
const NONE = new Uint8Array(0);
