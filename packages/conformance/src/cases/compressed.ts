/** What the families about compression share. */
import type { Bytes, Item } from '../case.ts';
import { unhex } from '../wire/bytes.ts';
import { Deflated, type Symbols } from '../wire/deflate.ts';
import { TEXT } from '../wire/frames.ts';
import { cutsOf, type Family } from './builder.ts';

export const PMD = 'permessage-deflate';
/** The opening handshake of a case that needs compression. */
export const OPENING: { readonly extensions: string; readonly needs: string } = { extensions: PMD, needs: PMD };
export const SECTION = 'RFC 7692 7.2.2';
/** `Hello`, as RFC 7692 7.2.3.1 compresses it. */
export const HELLO: Uint8Array = unhex('f248cdc9c90700');

/** Returns a message in one block with the fixed codes. */
export const packed = (symbols: Symbols): Uint8Array => new Deflated().fixed(symbols).message();
/** Returns the frame of a compressed message. */
export const frame = ({ out }: Family, data: Uint8Array, opcode: number = TEXT): Bytes =>
  out.frame(opcode, data, { rsv: 4 });

/** A compressed message, or several, that are echoed. */
export function echoes(
  family: Family,
  name: string,
  title: string,
  bytes: Bytes,
  items: readonly Item[],
  section: string = SECTION,
  cut?: number,
): void {
  family.echoes(name, title, { section }, bytes, items, { ...OPENING, ...cutsOf({ cut }) });
}

/** Bytes that do not compress, the same each time. */
export function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 16;
  });
}
