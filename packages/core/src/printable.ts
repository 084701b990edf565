/** Makes texts of a peer or an application safe for our messages: short, and without invisible characters. */

/** The longest text that a message quotes, in UTF-16 code units. */
const MAX_SHOWN = 200;

/**
 * Characters that are invisible or act on a terminal or log: control characters (C0, DEL, C1), marks of direction and other
 * formatting, lone surrogates, line and paragraph separators, and characters without width.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Returns `text`, cut to 200 code units, with each invisible character written as `\u{…}`. */
export function printable(text: string): string {
  const short = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return short.replace(UNSEEN, (unseen) => `\\u{${(unseen.codePointAt(0) as number).toString(16)}}`);
}

/** Returns a short description of any value for a message: a string in quotes, a number as it is, or the type. */
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

/** Returns the text of an error or any other reason; its type if it cannot be converted to a string. */
export function told(value: unknown): string {
  try {
    return printable(String(value));
  } catch {
    return typeof value;
  }
}
