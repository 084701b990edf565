/**
 * Where two fragments of a text meet (RFC 6455 5.4, 5.6). A fragment may end inside a character, which the next one completes: strings may be
 * cut between the halves of a surrogate pair, bytes inside a code point.
 */
import { checkText, UTF8_BOUNDARY } from '../text/utf8.ts';

/** What the end of a fragment leaves open. */
export interface Seam {
  /** After a string: the first half of a surrogate pair at its end. */
  readonly surrogate: string;
  /** After bytes: the state of UTF-8 validation at their end. */
  readonly utf8: number;
}

/** Nothing is left open. */
export const SEALED: Seam = { surrogate: '', utf8: UTF8_BOUNDARY };

/**
 * Returns the payload of a fragment that is given as a string, and what its end leaves open.
 *
 * @throws {TypeError} when the fragment before ended inside a code point
 */
export function joinString(
  { surrogate, utf8 }: Seam,
  data: string,
  final: boolean,
): { readonly payload: string; readonly seam: Seam } {
  if (utf8 !== UTF8_BOUNDARY) {
    throw new TypeError('the previous fragment ended inside a character; only bytes can complete it');
  }
  const payload = surrogate + data;
  // The first half of a surrogate pair at the end waits for the next fragment, unless this is the final one.
  const last = payload.charCodeAt(payload.length - 1);
  if (final || !(last >= 0xd800 && last <= 0xdbff)) return { payload, seam: SEALED };
  return { payload: payload.slice(0, -1), seam: { surrogate: payload.slice(-1), utf8: UTF8_BOUNDARY } };
}

/**
 * Checks a fragment of a text that is given as bytes, and returns what its end leaves open.
 *
 * @throws {TypeError} when the fragment before ended with half of a surrogate pair, or the text is not valid UTF-8
 */
export function joinBytes({ surrogate, utf8 }: Seam, bytes: Uint8Array, final: boolean): Seam {
  if (surrogate !== '') {
    throw new TypeError('the previous fragment ended with half of a surrogate pair; only a string can complete it');
  }
  const after = checkText(bytes, utf8, final);
  return after === UTF8_BOUNDARY ? SEALED : { surrogate: '', utf8: after };
}
