/** What is to be written, in pieces that are worth a call to the operating system each. */
import type { Connection } from '@sockless/core';

/** Up to here pieces are written as one: copying them costs less than another call. */
const JOIN_TO = 65_536;

/** The bytes that a connection transmits, joined where they are short. */
export class Outbox {
  readonly #connection: Connection;
  // It did not fit any more: the next one.
  #held: Uint8Array | undefined = undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** How many bytes it has taken from the connection and not given. */
  get queuedBytes(): number {
    return this.#held?.length ?? 0;
  }

  /** Gives the next bytes to write. */
  next(): Uint8Array | undefined {
    const connection = this.#connection;
    const first = this.#held ?? connection.transmit();
    this.#held = undefined;
    if (first === undefined || first.length >= JOIN_TO) return first;
    let next = connection.transmit();
    if (next === undefined) return first;
    const pieces = [first];
    let length = first.length;
    for (; next !== undefined && length + next.length <= JOIN_TO; next = connection.transmit()) {
      pieces.push(next);
      length += next.length;
    }
    this.#held = next;
    return pieces.length === 1 ? first : joined(pieces, length);
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
