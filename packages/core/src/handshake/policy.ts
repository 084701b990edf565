/** The policy by which a server refuses requests: which origins may connect (RFC 6455 10.2). */
import { decided, type Names } from '../misuse.ts';
import { shown, told } from '../printable.ts';
import { HandshakeError } from '../rules.ts';
import { checkSubprotocols, type Extension, type HeaderField } from './fields.ts';
import { type ForwardedFields, isOriginOf, type Site, siteOf } from './site.ts';

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
   * Which foreign origins may connect, `'any'` for all. `'null'` is that of a sandboxed frame, `'file://'` that of a page in a
   * file, in Electron for instance. The origin of this site itself is never foreign. Default: none.
   */
  readonly origins?: 'any' | readonly OriginRule[] | undefined;
  /**
   * The origins of this site as browsers see them, `https://chat.example.com` for instance: no matter what a proxy in front has made
   * of Host, and which other names point to this server. Default: host and port are those of Host, or of `trustForwarded`.
   */
  readonly publicOrigins?: readonly string[] | undefined;
  /**
   * Which header fields tell by what host and scheme the client has reached the proxy in front, in place of Host. Only where
   * every request comes through a proxy that sets them, since a client can send them as well; of a list the last element counts.
   * Default: none.
   */
  readonly trustForwarded?: ForwardedFields | undefined;
  /** Whether a request without Origin is refused. Every browser sends one. Default: false. */
  readonly requireOrigin?: boolean | undefined;
  /** The subprotocols that this server speaks, in order of preference. Default: none. */
  readonly subprotocols?: readonly string[] | undefined;
}

/** The names of {@link ServerPolicy}. */
export const SERVER_POLICY: Names<ServerPolicy> = {
  origins: true,
  publicOrigins: true,
  trustForwarded: true,
  requireOrigin: true,
  subprotocols: true,
};

/**
 * Checks a policy, so that it cannot fail when a request arrives.
 *
 * @throws {TypeError} when the policy is not valid
 */
export function checkPolicy(policy: ServerPolicy): void {
  const { origins = [], publicOrigins, trustForwarded, requireOrigin = false, subprotocols = [] } = policy;
  checkSubprotocols(subprotocols);
  if (publicOrigins !== undefined) checkPublicOrigins(publicOrigins);
  if (![undefined, 'x-forwarded', 'forwarded'].includes(trustForwarded)) {
    throw new TypeError(`trustForwarded: 'x-forwarded' or 'forwarded', not ${shown(trustForwarded)}`);
  }
  if (trustForwarded !== undefined && publicOrigins !== undefined) {
    throw new TypeError('trustForwarded: publicOrigins says already what it would tell');
  }
  if (typeof requireOrigin !== 'boolean') {
    throw new TypeError(`requireOrigin: true or false, not ${shown(requireOrigin)}`);
  }
  if (origins === 'any') return;
  if (!Array.isArray(origins)) throw new TypeError(`origins: 'any' or a list, not ${shown(origins)}`);
  for (const rule of origins as readonly OriginRule[]) {
    // RFC 6454 6.2: an origin is 'null', or a scheme, a host and perhaps a port, without a path.
    const valid =
      typeof rule === 'string' ? /^(null|file:\/\/|[^/]+:\/\/[^/]+)$/.test(rule) : typeof rule === 'function';
    if (!(valid || rule instanceof RegExp)) {
      throw new TypeError(`origins: ${shown(rule)} is not like "https://*.example.com"; 'any' allows all`);
    }
  }
}

/** @throws {TypeError} when it is not a list of origins */
function checkPublicOrigins(origins: unknown): void {
  if (!Array.isArray(origins)) throw new TypeError(`publicOrigins: a list, not ${shown(origins)}`);
  for (const origin of origins) {
    const valid = typeof origin === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/*]+$/i.test(origin);
    if (!valid) throw new TypeError(`publicOrigins: ${shown(origin)} is not like "https://chat.example.com"`);
  }
}

/** @throws {HandshakeError} `origin-refused`, also when a function of the application throws */
export function checkOrigin(request: HandshakeRequest, policy: ServerPolicy): void {
  let cause: unknown;
  const site = policy.publicOrigins ?? siteOf(request.headers, request.host, policy.trustForwarded);
  try {
    if (originAllowed(request, policy, site)) return;
  } catch (error) {
    cause = error;
  }
  const refusal = new HandshakeError('origin-refused', came(request, site), undefined, allowed(policy));
  refusal.cause = cause;
  throw refusal;
}

/** The origins of this site as the policy gives them, or the site that the request names. */
type Own = readonly string[] | Site | undefined;

/** Whether the policy allows the Origin of a request (RFC 6455 10.2). */
function originAllowed(request: HandshakeRequest, policy: ServerPolicy, site: Own): boolean {
  const { origins = [], requireOrigin = false } = policy;
  // 4.2.1: "A connection attempt lacking this header field SHOULD NOT be interpreted as coming from a browser client."
  if (request.origin === undefined) return !requireOrigin;
  // 4.2.2: "The origin is serialized to ASCII and converted to lowercase."
  const origin = request.origin.toLowerCase();
  return origins === 'any' || isOwn(origin, site) || origins.some((rule) => matches(rule, origin, request));
}

function isOwn(origin: string, site: Own): boolean {
  if (site === undefined) return false;
  if ('authority' in site) return isOriginOf(origin, site);
  return site.some((own) => {
    const [scheme = '', authority = ''] = own.toLowerCase().split('://');
    return isOriginOf(origin, { scheme, authority });
  });
}

/** Describes the Origin of a request, and the site with which it was compared. */
function came({ origin }: HandshakeRequest, site: Own): string {
  if (origin === undefined) return 'there is none, and requireOrigin asks for one';
  const what = origin.length > 80 ? `${origin.slice(0, 80)}…` : origin;
  if (site === undefined) return `${what}, and the forwarded fields that are trusted are malformed`;
  if (!('authority' in site)) return what;
  const { scheme, authority, field } = site;
  return `${what}, and by ${field} this is ${scheme === undefined ? '' : `${scheme}://`}${authority}`;
}

/** Describes the origins that the policy allows. Only the application is told, because a stranger need not know them. */
function allowed({ origins = [], publicOrigins }: ServerPolicy): string {
  const rules = origins === 'any' ? [origins] : origins;
  const list = (of: readonly OriginRule[]): string =>
    of.map((rule) => (typeof rule === 'function' ? 'a function' : told(rule))).join(', ') || 'none';
  const own = publicOrigins === undefined ? '' : `publicOrigins has ${list(publicOrigins)}, `;
  return `${own}origins has ${list(rules)}`;
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
