/** Delivers messages in parts as they arrive (`messages: 'fragments'`). A delivered part of a text never ends inside a code point. */
import type { FragmentEvent } from '../connection/events.ts';
import { type DataOpcode, Opcode } from '../frame/header.ts';
import { unfinishedBytes } from '../text/utf8.ts';

const NOTHING = new Uint8Array(0);

/** Turns the parts of messages, one after the other, into events. */
export class Fragments {
  // The first bytes of a code point that a later part completes: at most three.
  #carry: Uint8Array = NOTHING;

  /**
   * Returns the event for the next part of a message, or `undefined` while there is nothing to deliver.
   *
   * @param bytes the part, which belongs to the application from here on
   * @param owner `'chunk'` if `bytes` is a view of the chunk, `'copy'` if it is a copy. Data of a copy gets a buffer to itself
   * @param utf8 for a text, the state of its validation after `bytes`
   */
  take(
    opcode: DataOpcode,
    bytes: Uint8Array,
    owner: 'chunk' | 'copy',
    utf8: number,
    final: boolean,
  ): FragmentEvent | undefined {
    const data = opcode === Opcode.Text ? this.#wholeCodePoints(bytes, owner, utf8) : bytes;
    return data.length > 0 || final ? { type: 'fragment', opcode, data, final } : undefined;
  }

  #wholeCodePoints(bytes: Uint8Array, owner: 'chunk' | 'copy', utf8: number): Uint8Array {
    const { length: carried } = this.#carry;
    let data = bytes;
    if (carried > 0) {
      data = new Uint8Array(carried + bytes.length);
      data.set(this.#carry);
      data.set(bytes, carried);
    }
    const whole = data.length - unfinishedBytes(data, data.length, utf8);
    this.#carry = whole === data.length ? NOTHING : data.slice(whole);
    if (whole === data.length) return data;
    return owner === 'chunk' && carried === 0 ? data.subarray(0, whole) : data.slice(0, whole);
  }
}
