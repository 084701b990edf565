/** The policy by which a server refuses requests: which origins may connect (RFC 6455 10.2). */
import { decided, type Names } from '../misuse.ts';
import { shown } from '../printable.ts';
import { HandshakeError } from '../rules.ts';
import { checkSubprotocols, type Extension, type HeaderField } from './fields.ts';
import { withPort } from './uri.ts';

/** A request that conforms to RFC 6455 4.2.1. */
export interface HandshakeRequest {
  /** The path exactly as it was sent: percent-encoded, and perhaps with `//` or `..` in it. */
  readonly path: string;
  /** The query after "?", exactly as it was sent; empty when there is none. */
  readonly query: string;
  /**
   * The resource name (3): path and query. Use `path` and `query` instead of `new URL(resource, base)`, which takes the
   * beginning of `//host/` for another host.
   */
  readonly resource: string;
  /** The request target as it was sent: the resource name, or a whole http: or https: URI. */
  readonly target: string;
  /** The host, and perhaps the port, that the client asks for: from the request target if that has one, else from Host. */
  readonly host: string;
  /** The Origin of the script that connects; undefined if there is none, because the client is not a browser. */
  readonly origin: string | undefined;
  /** The Sec-WebSocket-Key. */
  readonly key: string;
  /** The subprotocols offered, in the client's order of preference. */
  readonly subprotocols: readonly string[];
  /** The extensions offered, in the client's order of preference. */
  readonly extensions: readonly Extension[];
  /** All header fields in order, with names in lower case. */
  readonly headers: readonly HeaderField[];
}

/**
 * A rule that allows origins. It compares an Origin in lower case. A string is a scheme, a host and perhaps a port, where
 * `*` stands for any characters but "/". A regular expression should be anchored with ^ and $. A function must return
 * `true` to allow the origin; if it throws or returns anything else, the origin is refused. It cannot return a promise: to
 * wait for something, decide in the event `request`.
 */
export type OriginRule = string | RegExp | ((origin: string, request: HandshakeRequest) => boolean);

/** The options by which a server decides about a request by itself. */
export interface ServerPolicy {
  /**
   * The foreign origins that may connect, or `'any'`. An origin with the host and port of the Host header field is never
   * foreign. Default: none.
   */
  readonly origins?: 'any' | readonly OriginRule[] | undefined;
  /** Whether a request without Origin is refused. Every browser sends one. Default: false. */
  readonly requireOrigin?: boolean | undefined;
  /** The subprotocols that this server speaks, in order of preference. Default: none. */
  readonly subprotocols?: readonly string[] | undefined;
}

/** The names of {@link ServerPolicy}. */
export const SERVER_POLICY: Names<ServerPolicy> = { origins: true, requireOrigin: true, subprotocols: true };

/**
 * Checks a policy, so that it cannot fail when a request arrives.
 *
 * @throws {TypeError} when the policy is not valid
 */
export function checkPolicy({ origins = [], requireOrigin = false, subprotocols = [] }: ServerPolicy): void {
  checkSubprotocols(subprotocols);
  if (typeof requireOrigin !== 'boolean') {
    throw new TypeError(`requireOrigin: true or false, not ${shown(requireOrigin)}`);
  }
  if (origins === 'any') return;
  if (!Array.isArray(origins)) throw new TypeError(`origins: 'any' or a list, not ${shown(origins)}`);
  for (const rule of origins as readonly OriginRule[]) {
    // RFC 6454 6.2: an origin is 'null', or a scheme, a host and perhaps a port, without a path.
    const valid = typeof rule === 'string' ? /^(null|[^/]+:\/\/[^/]+)$/.test(rule) : typeof rule === 'function';
    if (!(valid || rule instanceof RegExp)) {
      throw new TypeError(`origins: ${shown(rule)} is not like "https://*.example.com"; 'any' allows all`);
    }
  }
}

/** @throws {HandshakeError} `origin-refused`, also when a function of the application throws */
export function checkOrigin(request: HandshakeRequest, policy: ServerPolicy): void {
  let cause: unknown;
  try {
    if (originAllowed(request, policy)) return;
  } catch (error) {
    cause = error;
  }
  const refusal = new HandshakeError('origin-refused', request.origin ?? 'there is none');
  refusal.cause = cause;
  throw refusal;
}

/** Whether the policy allows the Origin of a request (RFC 6455 10.2). */
export function originAllowed(request: HandshakeRequest, policy: ServerPolicy): boolean {
  const { origins = [], requireOrigin = false } = policy;
  // 4.2.1: "A connection attempt lacking this header field SHOULD NOT be interpreted as coming from a browser client."
  if (request.origin === undefined) return !requireOrigin;
  // 4.2.2: "The origin is serialized to ASCII and converted to lowercase."
  const origin = request.origin.toLowerCase();
  return (
    origins === 'any' || isSameHost(origin, request.host) || origins.some((rule) => matches(rule, origin, request))
  );
}

function isSameHost(origin: string, host: string): boolean {
  const [, scheme, authority] = /^(https?):\/\/([^/]+)$/.exec(origin) ?? [];
  return authority !== undefined && withPort(authority, scheme) === withPort(host, scheme);
}

function matches(rule: OriginRule, origin: string, request: HandshakeRequest): boolean {
  if (typeof rule === 'function') return decided('an Origin function', rule(origin, request));
  // A global or sticky expression would start at the end of its last match.
  if (typeof rule !== 'string') return new RegExp(rule.source, rule.flags.replace(/[gy]/g, '')).test(origin);
  const [first = '', ...others] = rule.toLowerCase().split('*');
  if (!origin.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of others.entries()) {
    const last = index === others.length - 1;
    const found = last ? Math.max(origin.length - part.length, at) : origin.indexOf(part, at);
    if (found === -1 || !origin.startsWith(part, found) || origin.slice(at, found).includes('/')) return false;
    at = found + part.length;
  }
  return at === origin.length;
}
