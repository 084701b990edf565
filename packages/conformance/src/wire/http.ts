/** Heads of HTTP/1.1, as far as the opening handshake has them (4.1, 4.2). */
import { createHash } from 'node:crypto';

/** A head that has arrived. */
export interface Head {
  /** The first line. */
  readonly start: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** The key of all requests that the suite makes; it is the one of RFC 6455 1.3. */
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** Returns the Sec-WebSocket-Accept for a key (4.2.2). */
export function acceptKey(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** Returns a head from its text, without the empty line. */
export function parseHead(text: string): Head {
  const [start = '', ...lines] = text.split('\r\n');
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return { start, fields };
}

/** Returns all values of a field, with those of several lines joined by commas. */
export function field({ fields }: Head, name: string): string | undefined {
  const values = fields.filter(([other]) => other === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}

/** Tells whether a list has a token, in any case. */
export function hasToken(list: string | undefined, token: string): boolean {
  return (list ?? '').split(',').some((part) => part.trim().toLowerCase() === token);
}

/** An extension, and its parameters in order. */
export interface ExtensionElement {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

/** Returns the elements of Sec-WebSocket-Extensions (9.1). */
export function parseElements(value: string | undefined): ExtensionElement[] {
  if (value === undefined || value.trim() === '') return [];
  return value.split(',').map((element) => {
    const [name = '', ...parameters] = element.split(';').map((part) => part.trim());
    return {
      name,
      parameters: parameters.map((parameter) => {
        const [key = '', quoted] = parameter.split('=').map((part) => part.trim());
        return [key, quoted?.replace(/^"(.*)"$/, '$1')] as const;
      }),
    };
  });
}

/** The parameters of RFC 7692 7.1. */
const PARAMETERS: Readonly<Record<string, RegExp | undefined>> = {
  server_no_context_takeover: undefined,
  client_no_context_takeover: undefined,
  server_max_window_bits: /^([89]|1[0-5])$/,
  client_max_window_bits: /^([89]|1[0-5])$/,
};

/** Returns what is wrong with an answer's or an offer's parameters, or `undefined`. */
export function faultIn({ parameters }: ExtensionElement, isOffer: boolean): string | undefined {
  const names = new Set<string>();
  for (const [name, value] of parameters) {
    if (!Object.hasOwn(PARAMETERS, name)) return `an unknown parameter ${name}`;
    if (names.has(name)) return `${name} twice`;
    names.add(name);
    const grammar = PARAMETERS[name];
    if (grammar === undefined) {
      if (value !== undefined) return `a value of ${name}`;
    } else if (value === undefined ? !(isOffer && name === 'client_max_window_bits') : !grammar.test(value)) {
      return `${name}=${value ?? ''}`;
    }
  }
  return undefined;
}
