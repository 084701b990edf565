/** What is to be written, in pieces that are worth a call to the operating system each. */
import type { Connection } from '@sockless/core';

/** Up to here pieces are joined in memory of their own: copying costs less than another call. */
const SHORT = 16_384;

/** Up to here they are joined in memory that all connections share, while there is some. */
const LONG = 262_144;

/** The memory that nobody has borrowed, and how much of it is still to be made. */
const shelf: Uint8Array[] = [];
let unmade = 4;

/** The bytes that a connection transmits, joined. */
export class Outbox {
  readonly #connection: Connection;
  // The piece that did not fit any more comes next.
  #held: Uint8Array | undefined = undefined;
  #borrowed: Uint8Array | undefined = undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** How many bytes it has taken from the connection and not given. */
  get queuedBytes(): number {
    return this.#held?.length ?? 0;
  }

  /** Gives the next bytes to write, once those before have been written. */
  next(): Uint8Array | undefined {
    const connection = this.#connection;
    const first = this.#held ?? connection.transmit();
    this.#held = undefined;
    const second = first && connection.transmit();
    return first === undefined || second === undefined ? first : this.#join(first, second);
  }

  /** What was given last has been written, or never will be. */
  release(): void {
    if (this.#borrowed !== undefined) shelf.push(this.#borrowed);
    this.#borrowed = undefined;
  }

  #join(first: Uint8Array, second: Uint8Array): Uint8Array {
    const both = first.length + second.length;
    const room = both > SHORT && both <= LONG && this.#borrow() ? LONG : SHORT;
    const pieces = [first];
    let length = first.length;
    let next: Uint8Array | undefined = second;
    for (; next !== undefined && length + next.length <= room; next = this.#connection.transmit()) {
      pieces.push(next);
      length += next.length;
    }
    this.#held = next;
    if (pieces.length === 1) return first;
    const whole = this.#borrowed?.subarray(0, length) ?? new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** Whether there is memory to be had; only a few writers can have some, so that those who are stuck keep little. */
  #borrow(): boolean {
    if (shelf.length === 0 && unmade > 0) {
      unmade--;
      shelf.push(new Uint8Array(LONG));
    }
    this.#borrowed = shelf.pop();
    return this.#borrowed !== undefined;
  }
}
