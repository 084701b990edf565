/** Text of a peer's, or of an application's, on its way into a message of ours: short, and all of it to be seen. */

/** The longest text that a message of ours repeats, in UTF-16 code units. */
const MAX_SHOWN = 200;

/**
 * What acts on a terminal or a log instead of showing: control characters (C0, DEL, C1), marks of direction and whatever
 * else formats, lone surrogates, line and paragraph separators, and what has no width.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Returns `text`, cut to 200 code units, with every character that cannot be seen written as `\u{…}`. */
export function printable(text: string): string {
  const short = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return short.replace(UNSEEN, (unseen) => `\\u{${(unseen.codePointAt(0) as number).toString(16)}}`);
}

/** Returns any value as a message shows it: strings in quotes, and what else it is where that is not to be seen. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `${printable(JSON.stringify(value))} (a string)`;
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
    case 'bigint':
      return `${value} (a bigint)`;
    case 'function':
      return 'a function';
    default:
      return String(value);
  }
}

/** Returns what an exception or a reason says, whatever it is: what cannot be a string is named by its type. */
export function told(value: unknown): string {
  try {
    return printable(String(value));
  } catch {
    return typeof value;
  }
}
