/**
 * Checks for mistakes of an application that JavaScript would ignore: unknown names, and answers that are neither true nor
 * false. An option that is silently ignored may be a missing limit.
 */

import { printable, shown } from './printable.ts';

/** The names of the properties that an object may have. */
export type Names<Options = Readonly<Record<string, unknown>>> = Readonly<Record<keyof Options & string, true>>;

/** Names in other libraries (ws, engine.io, uWebSockets, the WHATWG's WebSocket) and the names of the same things here. */
const RENAMED: Readonly<Record<string, string>> = {
  maxPayload: 'maxMessageSize',
  maxPayloadLength: 'maxMessageSize',
  perMessageDeflate: 'compression',
  protocols: 'subprotocols',
  protocol: 'subprotocol',
  generateMask: 'random',
  agent: 'createSocket',
  createConnection: 'createSocket',
  maxBackpressure: 'maxQueuedBytes',
  sendPingsAutomatically: 'heartbeat',
  pingInterval: 'heartbeat',
  pingTimeout: 'heartbeat',
  messageTimeout: 'messageProgress',
  verifyClient: 'origins',
  handleProtocols: 'subprotocols',
  ca: 'tls',
  cert: 'tls',
  key: 'tls',
  pfx: 'tls',
  passphrase: 'tls',
  rejectUnauthorized: 'tls',
  servername: 'tls',
  close: 'end',
  onclose: 'end',
  onClose: 'end',
  connection: 'open',
  onconnection: 'open',
  upgrade: 'request',
};

/** Explanations of names in other libraries that have no counterpart here, or one that works differently. */
const EXPLAINED: Readonly<Record<string, string>> = {
  verifyClient: 'decide in the handler or event `request`, or use the option origins',
  handleProtocols: 'use the option subprotocols, or choose one when you accept the request',
  clientTracking: 'a server always knows its connections',
  noServer: '`upgrade` takes requests from an HTTP server of your own',
  server: '`upgrade` takes requests from an HTTP server of your own',
  skipUTF8Validation: 'text is always validated (RFC 6455 section 8.1)',
  allowSynchronousEvents: 'leave it out',
  protocolVersion: 'the version is always 13 (RFC 6455 section 4.1)',
  followRedirects: 'redirects are not followed; the HandshakeError has the response',
  maxRedirects: 'redirects are not followed; the HandshakeError has the response',
};

/** @throws {TypeError} when `given` is not an object with properties; the message begins with `what` */
export function checkObject(given: unknown, what: string): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${what}: an object, not ${shown(given)}`);
  }
}

/** @throws {RangeError} when `count` is not a whole number from `least` to `most`; the message begins with `name` */
export function checkCount(name: string, count: number, least: number, most: number): void {
  if (Number.isSafeInteger(count) && count >= least && count <= most) return;
  throw new RangeError(`${name}: a whole number of bytes from ${least} to ${most}, not ${count}`);
}

/**
 * Checks that `given` is an object without unknown properties.
 *
 * @param what the name of the object, such as `'rateLimits'`; the message begins with it unless it is `'options'`
 * @param kind what the message calls a property
 * @throws {TypeError} when it is not an object, or has an unknown property; the message suggests the name that was meant
 */
export function checkNames(given: unknown, known: Names, what = 'options', kind = 'option'): void {
  checkObject(given, what);
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue;
    const path = what === 'options' ? printable(name) : `${what}.${printable(name)}`;
    throw new TypeError(`${path}: there is no such ${kind}${hint(name, known)}`);
  }
}

function hint(name: string, known: Names): string {
  if (Object.hasOwn(EXPLAINED, name)) return `; ${EXPLAINED[name]}`;
  const renamed = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
  if (renamed !== undefined && Object.hasOwn(known, renamed)) return `; here it is ${renamed}`;
  const nearest = nearestOf(name, Object.keys(known));
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/**
 * Returns the decision of a function of the application.
 *
 * @throws {TypeError} when the answer is neither `true` nor `false`: a promise, for instance, would count as `true`
 */
export function decided(what: string, answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  const isPromise = typeof answer === 'object' && answer !== null && 'then' in answer;
  // The promise is dropped, so its rejection must not end the process.
  if (isPromise) Promise.resolve(answer).catch(() => undefined);
  throw new TypeError(`${what} returns true or false, not ${isPromise ? 'a promise' : shown(answer)}`);
}

/** Returns the most similar name, if a third of its characters or fewer differ, and at most 4. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const each of name.length > 40 ? [] : known) {
    const distance = editDistance(name.toLowerCase(), each.toLowerCase());
    const allowed = Math.min(4, Math.max(2, Math.floor(Math.max(name.length, each.length) / 3)));
    if (distance < least && distance <= allowed) {
      least = distance;
      nearest = each;
    }
  }
  return nearest;
}

/** Returns the number of characters to insert, delete or change to turn one text into the other (Levenshtein distance). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 0; i < one.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const changed = (row[j] as number) + (one[i] === other[j] ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row.at(-1) as number;
}
