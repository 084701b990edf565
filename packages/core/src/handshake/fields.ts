/**
 * Header fields of the opening handshake (RFC 6455 4.3 and 9.1, RFC 9110 5.5 and 5.6): tokens, lists and extensions, to
 * and from plain data, in one pass and linear time.
 */

import { shown } from '../printable.ts';

/** A header field. Names are in lower case where core has read them. */
export type HeaderField = readonly [name: string, value: string];

/** Header fields as a caller may give them. */
export type HeaderFieldsInit = Iterable<HeaderField> | Readonly<Record<string, string>>;

/** An extension in an offer or an answer (RFC 6455 9.1). A parameter without a value has `undefined`. */
export interface Extension {
  /** Its name, a token (RFC 6455 9.1). */
  readonly name: string;
  /** Its parameters, with their values where they have one. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

/** Whether `text` is a token (RFC 9110 5.6.2). */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

/** Whether `text` can be the value of a header field (RFC 9110 5.5): visible characters, spaces, tabs and 0x80-0xFF. */
export function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

/** Whether `line` is a name, a colon and a value, which may have space around it (RFC 9112 5). */
export function isFieldLine(line: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/.test(line);
}

/** Returns all the values of a header field in the order they came; `name` in lower case. */
export function fieldValues(fields: readonly HeaderField[], name: string): string[] {
  return fields.filter((field) => field[0] === name).map((field) => field[1]);
}

/** Returns the value of a header field, several lines joined by commas, or `undefined` when there is none. */
export function fieldValue(fields: readonly HeaderField[], name: string): string | undefined {
  let value: string | undefined;
  for (const field of fields) {
    if (field[0] === name) value = value === undefined ? field[1] : `${value}, ${field[1]}`;
  }
  return value;
}

/** Returns the value of a header field that is there once, else `undefined`. */
export function singleValue(fields: readonly HeaderField[], name: string): string | undefined {
  let value: string | undefined;
  for (const field of fields) {
    if (field[0] !== name) continue;
    if (value !== undefined) return undefined;
    value = field[1];
  }
  return value;
}

/**
 * Takes a caller's header fields as a list.
 *
 * @param owned further names that the handshake itself sets, besides those that frame a message of HTTP
 * @throws {TypeError} when a name is not a token or a value holds CR, LF, NUL or another character that no field has
 * @throws {RangeError} when a name is one that the handshake itself sets
 */
export function toFields(init: HeaderFieldsInit | undefined, owned?: RegExp): HeaderField[] {
  if (init === undefined) return [];
  if (typeof init !== 'object' || init === null) {
    throw new TypeError(`headers: an object or a list of names and values, not ${shown(init)}`);
  }
  const fields: HeaderField[] = [];
  for (const [name, value] of Symbol.iterator in init ? init : Object.entries(init)) {
    if (typeof name !== 'string' || !isToken(name))
      throw new TypeError(`${shown(name)} is not a header field name (RFC 9110 section 5.1)`);
    if (typeof value !== 'string' || !isFieldValue(value)) {
      throw new TypeError(`the value of the header field ${name} is not valid (RFC 9110 section 5.5)`);
    }
    if (/^(connection|content-length|transfer-encoding)$/i.test(name) || owned?.test(name))
      throw new RangeError(`the header field ${name} is set by the handshake itself`);
    fields.push([name, value]);
  }
  return fields;
}

/**
 * Checks the option `subprotocols`. What is no token is told by its place: tokens of another kind, secret ones, are sent
 * as subprotocols too.
 *
 * @throws {TypeError} when it is not a list of tokens
 */
export function checkSubprotocols(names: unknown): asserts names is readonly string[] {
  if (!Array.isArray(names)) throw new TypeError(`subprotocols: a list of tokens, not ${shown(names)}`);
  // 4.1: "The elements that comprise this value MUST be non-empty strings with characters in the range U+0021 to U+007E
  // not including separator characters as defined in [RFC2616]".
  const wrong = names.findIndex((name) => typeof name !== 'string' || !isToken(name));
  if (wrong >= 0)
    throw new TypeError(`subprotocols: a list of tokens; that at ${wrong} is none (RFC 6455 section 4.1)`);
}

/** Whether no two are the same. */
export function areUnique(names: readonly string[]): boolean {
  return names.length < 2 || new Set(names).size === names.length;
}

/** Whether a comma-separated list has the token, compared without regard to case; `token` in lower case. */
export function listIncludes(list: string | undefined, token: string): boolean {
  const elements = list?.toLowerCase();
  return elements === token || (elements?.split(',').some((element) => trim(element) === token) ?? false);
}

/**
 * Reads a list of tokens, `1#token`; empty elements are passed over (RFC 9110 5.6.1.2).
 *
 * @returns `undefined` when the value does not conform
 */
export function parseTokens(value: string): string[] | undefined {
  const tokens = value
    .split(',')
    .map(trim)
    .filter((element) => element !== '');
  return tokens.length > 0 && tokens.every(isToken) ? tokens : undefined;
}

/**
 * Reads the value of Sec-WebSocket-Extensions.
 *
 *     extension-list  = 1#extension
 *     extension       = extension-token *( ";" extension-param )
 *     extension-param = token [ "=" (token | quoted-string) ]
 *
 * @returns `undefined` when the value does not conform
 * @see RFC 6455 9.1
 */
export function parseExtensions(value: string): Extension[] | undefined {
  const extensions: Extension[] = [];
  let at = 0;

  const skipSpace = (): void => {
    while (value[at] === ' ' || value[at] === '\t') at++;
  };
  // 9.1: 'including the "implied *LWS rule"': space may stand between any two parts.
  const skip = (separator: string): boolean => {
    skipSpace();
    if (value[at] !== separator) return false;
    at++;
    skipSpace();
    return true;
  };
  const token = (): string => {
    const start = at;
    while (at < value.length && !SEPARATORS.includes(value[at] as string)) at++;
    return value.slice(start, at);
  };
  const quotedString = (): string => {
    let text = '';
    for (at++; at < value.length && value[at] !== '"'; at++) {
      if (value[at] === '\\') at++;
      text += value[at] ?? '';
    }
    // Without its closing quote it is no value; the empty string is refused below.
    return value[at++] === '"' ? text : '';
  };

  while (skip(','));
  while (at < value.length) {
    const name = token();
    const parameters: [string, string | undefined][] = [];
    while (skip(';')) {
      const parameter = token();
      // 9.1: "When using the quoted-string syntax variant, the value after quoted-string unescaping MUST conform to the
      // 'token' ABNF."
      const argument = skip('=') ? (value[at] === '"' ? quotedString() : token()) : undefined;
      if (!isToken(parameter) || (argument !== undefined && !isToken(argument))) return undefined;
      parameters.push([parameter, argument]);
    }
    if (!isToken(name)) return undefined;
    extensions.push({ name, parameters });
    if (at < value.length && !skip(',')) return undefined;
    while (skip(','));
  }
  return extensions.length > 0 ? extensions : undefined;
}

const SEPARATORS = ' \t,;="';

/** Formats the value of Sec-WebSocket-Extensions (RFC 6455 9.1). */
export function formatExtensions(extensions: readonly Extension[]): string {
  return extensions
    .map(({ name, parameters }) =>
      [name, ...parameters.map(([key, value]) => (value === undefined ? key : `${key}=${value}`))].join('; '),
    )
    .join(', ');
}

/** Removes the spaces and tabs around a value. `String.trim` would remove more: U+00A0 is 0xA0, a legal byte. */
export function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;
