/** Which requests a server accepts by itself (RFC 6455 10.2): a policy of origins, as data. */
import { decided, type Names } from '../misuse.ts';
import { shown } from '../printable.ts';
import { HandshakeError } from '../rules.ts';
import { checkSubprotocols, type Extension, type HeaderField } from './fields.ts';
import { withPort } from './uri.ts';

/** A request that conforms to RFC 6455 4.2.1. */
export interface HandshakeRequest {
  /** The path, from its first "/" on, as it was sent: percent-encoded, and perhaps with `//` or `..` in it. */
  readonly path: string;
  /** The query behind its "?", as it was sent; empty when there is none. */
  readonly query: string;
  /**
   * The resource name (3): path and query. Take it apart by `path` and `query` and not by `new URL(resource, base)`, which
   * takes the beginning of `//host/` for another host.
   */
  readonly resource: string;
  /** The request target as it was sent: the resource name, or a whole http: or https: URI. */
  readonly target: string;
  /** The authority that the client asks for, a host and perhaps a port: that of a target which has one, else Host. */
  readonly host: string;
  /** The Origin of the script that connects; undefined when the client is not a browser. */
  readonly origin: string | undefined;
  /** The Sec-WebSocket-Key. */
  readonly key: string;
  /** The subprotocols offered, most wanted first. */
  readonly subprotocols: readonly string[];
  /** The extensions offered, most wanted first. */
  readonly extensions: readonly Extension[];
  /** All header fields, names in lower case, in the order they came. */
  readonly headers: readonly HeaderField[];
}

/**
 * What to allow of an Origin, which is in lower case: a scheme, host and port; the same with `*` for any characters but
 * "/"; an expression, to be anchored with ^ and $; or a choice, where only `true` allows. A choice that throws, or returns
 * a promise or anything else, allows nothing: what must be waited for is decided once the request has come.
 */
export type OriginRule = string | RegExp | ((origin: string, request: HandshakeRequest) => boolean);

/** What a server decides by itself about a request that conforms. */
export interface ServerPolicy {
  /**
   * Which foreign origins may connect, `'any'` for all. An origin whose host and port are those of the Host header
   * field is never foreign. Default: none.
   */
  readonly origins?: 'any' | readonly OriginRule[] | undefined;
  /** Whether a request without Origin is refused: no browser sends one. Default: false. */
  readonly requireOrigin?: boolean | undefined;
  /** The subprotocols spoken here, most wanted first. Default: none. */
  readonly subprotocols?: readonly string[] | undefined;
}

/** The names of {@link ServerPolicy}. */
export const SERVER_POLICY: Names<ServerPolicy> = { origins: true, requireOrigin: true, subprotocols: true };

/**
 * Checks what could otherwise only fail when a request meets it.
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
    // RFC 6454 6.2: 'null', or a scheme, a host and perhaps a port; there is no path to it.
    const valid = typeof rule === 'string' ? /^(null|[^/]+:\/\/[^/]+)$/.test(rule) : typeof rule === 'function';
    if (!(valid || rule instanceof RegExp)) {
      throw new TypeError(`origins: ${shown(rule)} is not like "https://*.example.com"; 'any' allows all`);
    }
  }
}

/** @throws {HandshakeError} `origin-refused`, also when a rule of the application's throws: it allows nothing then */
export function checkOrigin(request: HandshakeRequest, policy: ServerPolicy): void {
  let cause: unknown;
  try {
    if (originAllowed(request, policy)) return;
  } catch (error) {
    cause = error;
  }
  const refusal = new HandshakeError('origin-refused', request.origin);
  refusal.cause = cause;
  throw refusal;
}

/** Whether the policy lets this request's Origin connect (RFC 6455 10.2). */
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
  // A global or sticky expression would remember where it stood last time.
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
