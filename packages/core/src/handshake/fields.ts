/**
 * Header fields of the opening handshake (RFC 6455 4.3 and 9.1, RFC 9110 5.5 and 5.6): parses and formats tokens, lists and
 * extensions, in linear time.
 */
import { shown } from '../printable.ts';

/** A header field. The name is in lower case if core has parsed it. */
export type HeaderField = readonly [name: string, value: string];

/** Header fields in the forms that a caller can give. */
export type HeaderFieldsInit = Iterable<HeaderField> | Readonly<Record<string, string>>;

/** An extension in an offer or an answer (RFC 6455 9.1). */
export interface Extension {
  /** The name, a token. */
  readonly name: string;
  /** The parameters; the value of a parameter without one is `undefined`. */
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

/** Whether `line` is a name, a colon and a value, with or without space around the value (RFC 9112 5). */
export function isFieldLine(line: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/.test(line);
}

/** Returns all values of a header field in order; `name` must be in lower case. */
export function fieldValues(fields: readonly HeaderField[], name: string): string[] {
  return fields.filter((field) => field[0] === name).map((field) => field[1]);
}

/** Returns the value of a header field, with several lines joined by commas, or `undefined` when there is none. */
export function fieldValue(fields: readonly HeaderField[], name: string): string | undefined {
  let value: string | undefined;
  for (const field of fields) {
    if (field[0] === name) value = value === undefined ? field[1] : `${value}, ${field[1]}`;
  }
  return value;
}

/** Returns the value of a header field that has exactly one line, else `undefined`. */
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
 * Checks header fields of a caller and returns them as a list.
 *
 * @param owned names that the caller must not set, besides Connection, Content-Length and Transfer-Encoding
 * @throws {TypeError} when a name is not a token, or a value holds CR, LF, NUL or another forbidden character
 * @throws {RangeError} when a name is one that the handshake sets
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
    if (/^(connection|content-length|transfer-encoding)$/i.test(name) || owned?.test(name)) {
      const instead = /^origin$/i.test(name) ? 'use the option origin' : 'leave it out';
      throw new RangeError(`the header field ${name} is set by the handshake itself; ${instead}`);
    }
    fields.push([name, value]);
  }
  return fields;
}

/**
 * Checks the option `subprotocols`. The message names a wrong one by its index, since some applications send secrets as
 * subprotocols.
 *
 * @throws {TypeError} when it is not a list of tokens
 */
export function checkSubprotocols(names: unknown): asserts names is readonly string[] {
  if (!Array.isArray(names)) throw new TypeError(`subprotocols: a list of tokens, not ${shown(names)}`);
  // 4.1: "The elements that comprise this value MUST be non-empty strings with characters in the range U+0021 to U+007E
  // not including separator characters as defined in [RFC2616]".
  const wrong = names.findIndex((name) => typeof name !== 'string' || !isToken(name));
  if (wrong >= 0)
    throw new TypeError(`subprotocols: a list of tokens, but number ${wrong} is not a token (RFC 6455 section 4.1)`);
}

/** Whether all names are different. */
export function areUnique(names: readonly string[]): boolean {
  return names.length < 2 || new Set(names).size === names.length;
}

/** Whether a comma-separated list contains `token`, which must be in lower case. Case does not matter in the list. */
export function listIncludes(list: string | undefined, token: string): boolean {
  const elements = list?.toLowerCase();
  return elements === token || (elements?.split(',').some((element) => trim(element) === token) ?? false);
}

/**
 * Parses a list of tokens, `1#token`. Empty elements are ignored (RFC 9110 5.6.1.2).
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
 * Parses the value of Sec-WebSocket-Extensions.
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
  // 9.1: 'including the "implied *LWS rule"'. So there may be space between any two parts.
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
    // Without its closing quote the value is not valid. The empty string is refused below.
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
