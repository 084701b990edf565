/**
 * WebSocket URIs (RFC 6455 3).
 *
 *     ws-URI  = "ws:"  "//" host [ ":" port ] path [ "?" query ]
 *     wss-URI = "wss:" "//" host [ ":" port ] path [ "?" query ]
 */

import { printable, shown } from '../printable.ts';

/** The components of a WebSocket URI. */
export interface WebSocketUri {
  /** Whether the scheme is wss, so that the connection uses TLS. */
  readonly secure: boolean;
  /** The host in lower case: a name, an IPv4 address, or an IPv6 address in brackets. */
  readonly host: string;
  /** The port; 80 or 443 when the URI has none. */
  readonly port: number;
  /** The resource name: path and query, never empty. */
  readonly resource: string;
}

/**
 * Parses a WebSocket URI. `http:` stands for `ws:` and `https:` for `wss:`, as in the WHATWG's WebSocket.
 *
 * It is strict: a host outside ASCII must already be in its "xn--" form, and a path must already be percent-encoded. `new
 * URL(text)` does both, if the host has it. A "%" that encodes nothing is kept, as `URL` does.
 *
 * @throws {SyntaxError} when `text` is not a WebSocket URI, or has a user name or a fragment; the message contains neither
 *   of these, nor the query
 * @see RFC 6455 3
 */
export function parseUri(text: string): WebSocketUri {
  if (typeof text !== 'string') throw new TypeError(`a WebSocket URI is a string, not ${shown(text)}`);
  const match = /^(wss?|https?):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(text);
  if (match === null) throw wrong(text, 'it does not begin with "ws://" or "wss://"');
  const [, scheme = '', authority = '', path = '', query = '', fragment] = match;
  // 3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used on these URIs."
  if (fragment !== undefined) throw wrong(text, 'it has a fragment');
  if (authority.includes('@')) throw wrong(text, 'it has a user name; send an Authorization header field instead');
  const parts = AUTHORITY.exec(authority);
  if (parts === null) throw wrong(text, 'its host is empty or not a host name, an IPv4 address or an [IPv6] address');
  const [, host = '', digits = ''] = parts;
  if (!/^[a-z0-9\-._~!$&'()*+,;=:@/?%]*$/i.test(path + query)) {
    throw wrong(text, 'its path or query has characters that must be percent-encoded');
  }
  // 3: 'the default for "ws" is port 80, while the default for "wss" is port 443'
  const secure = /^(wss|https)$/i.test(scheme);
  const port = digits === '' ? (secure ? 443 : 80) : Number(digits);
  if (port === 0 || port > 65535) throw wrong(text, 'its port is not a number from 1 to 65535');
  // 3: '"/" if the path component is empty'
  return {
    secure,
    host: host.toLowerCase(),
    port,
    resource: (path === '' ? '/' : path) + (query === '?' ? '' : query),
  };
}

/** RFC 3986 3.2: host [ ":" port ], without user information. */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|(?:[a-z0-9\-._~!$&'()*+,;=]|%[0-9a-f]{2})+)(?::(\d*))?$/i;

/** Whether `text` is a host, with or without a port, as in the Host header field. */
export function isAuthority(text: string): boolean {
  return AUTHORITY.test(text);
}

/** Returns the value of the Host header field: the port only where it is not the scheme's own (RFC 6455 4.1). */
export function hostField(uri: WebSocketUri): string {
  return uri.port === (uri.secure ? 443 : 80) ? uri.host : `${uri.host}:${uri.port}`;
}

/** Returns the error for a wrong URI. It may be logged, so it leaves out user name, password and query (which may be a token). */
function wrong(text: string, why: string): SyntaxError {
  const [scheme = ''] = /^[a-z]*:\/\//i.exec(text) ?? [];
  // In a wrong URI the end of a user name is not certain, since a password may contain "/" or "?".
  const rest = text.includes('@') ? '…' : text.slice(scheme.length).replace(/[?#].*/s, (end) => `${end[0]}…`);
  return new SyntaxError(`"${printable(scheme + rest)}" is not a WebSocket URI: ${why} (RFC 6455 section 3)`);
}

/** Returns an authority in the form for comparing: in lower case, with the default port of the scheme if it has none. */
export function withPort(authority: string, scheme: string | undefined): string {
  const [, name = authority, port = ''] = /^(.*?):(\d*)$/.exec(authority) ?? [];
  return `${name.toLowerCase()}:${port === '' ? (scheme === 'https' ? 443 : 80) : Number(port)}`;
}
