/** Which site a request is for, as a browser would see it: by Host, or by what a proxy in front says of it (RFC 7239). */
import { fieldValue, type HeaderField, isToken, trim } from './fields.ts';
import { isAuthority, withPort } from './uri.ts';

/**
 * The header fields of a proxy in front: `'x-forwarded'` for X-Forwarded-Host and X-Forwarded-Proto, `'forwarded'` for
 * Forwarded (RFC 7239).
 */
export type ForwardedFields = 'x-forwarded' | 'forwarded';

/** A site that a request is for. */
export interface Site {
  /** `http` or `https`, where that is known. */
  readonly scheme: string | undefined;
  /** The host, and perhaps a port. */
  readonly authority: string;
  /** The header field from which both are known. */
  readonly field: string;
}

/**
 * Returns the site that a request is for. A proxy adds to the end of a list, and the client may have sent the elements
 * before it, so the last element counts.
 *
 * @param host the authority that the request itself names
 * @returns `undefined` when a field that is trusted is malformed: then no page is of this site
 */
export function siteOf(
  headers: readonly HeaderField[],
  host: string,
  trusted: ForwardedFields | undefined,
): Site | undefined {
  const said = trusted === 'forwarded' ? forwarded(headers) : trusted === 'x-forwarded' ? xForwarded(headers) : {};
  if (said === undefined) return undefined;
  const { host: authority = host, proto } = said;
  const scheme = proto === undefined ? undefined : SCHEMES.get(proto.toLowerCase());
  if ((proto !== undefined && scheme === undefined) || !isAuthority(authority)) return undefined;
  return { scheme, authority, field: said.host === undefined ? 'Host' : FIELDS[trusted as ForwardedFields] };
}

/** Whether an origin, in lower case, is that of this site; where its scheme is not known, of `http` and `https`. */
export function isOriginOf(origin: string, { scheme, authority }: Omit<Site, 'field'>): boolean {
  const [, its, host] = /^([a-z][a-z0-9+.-]*):\/\/([^/]+)$/.exec(origin) ?? [];
  if (host === undefined || its !== (scheme ?? (its === 'https' ? its : 'http'))) return false;
  return withPort(host, its) === withPort(authority, its);
}

interface Said {
  readonly host?: string | undefined;
  readonly proto?: string | undefined;
}

/** Some proxies name the scheme of a WebSocket and not that of its page. */
const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['ws', 'http'],
  ['wss', 'https'],
]);

const FIELDS: Readonly<Record<ForwardedFields, string>> = { 'x-forwarded': 'X-Forwarded-Host', forwarded: 'Forwarded' };

function xForwarded(headers: readonly HeaderField[]): Said {
  const last = (name: string): string | undefined => fieldValue(headers, name)?.split(',').map(trim).at(-1);
  return { host: last('x-forwarded-host'), proto: last('x-forwarded-proto') };
}

/**
 * Reads the last element of Forwarded; `undefined` when the field does not conform.
 *
 *     Forwarded         = 1#forwarded-element
 *     forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
 *     forwarded-pair    = token "=" value
 *     value             = token / quoted-string
 *
 * @see RFC 7239 4
 */
function forwarded(headers: readonly HeaderField[]): Said | undefined {
  const value = fieldValue(headers, 'forwarded');
  if (value === undefined) return {};
  const element = new Map<string, string>();
  let isWhole = false;
  let end = 0;
  for (const [part, name = '', argument = '', separator] of value.matchAll(PART)) {
    end += part.length;
    // RFC 9110 5.6.1.2: "A recipient MUST parse and ignore a reasonable number of empty list elements".
    isWhole ||= separator === ',';
    if (separator !== undefined) continue;
    if (isWhole) element.clear();
    isWhole = false;
    const key = name.toLowerCase();
    const isQuoted = argument.startsWith('"');
    // RFC 7239 4: "Each parameter MUST NOT occur more than once per field-value."
    if (!(isToken(name) && (isQuoted || isToken(argument))) || element.has(key)) return undefined;
    element.set(key, isQuoted ? argument.slice(1, -1).replace(/\\(.)/g, '$1') : argument);
  }
  if (trim(value.slice(end)) !== '') return undefined;
  return { host: element.get('host'), proto: element.get('proto') };
}

/** A pair that ends there, or a separator. */
const PART = /[ \t]*(?:([^\s=;,"]+)=("(?:[^"\\]|\\.)*"|[^\s=;,"]+)[ \t]*(?=[;,]|$)|([;,]))/gy;
