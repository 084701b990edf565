/**
 * What an application gets wrong and JavaScript would pass over in silence: names that are none, and answers that are
 * neither yes nor no. An option that is passed over is a limit that is not there.
 */

import { printable, shown } from './printable.ts';

/** The names that an object may have, each with `true`. */
export type Names<Options = Readonly<Record<string, unknown>>> = Readonly<Record<keyof Options & string, true>>;

/** What other libraries call an option or a handler of ours: ws, socket.io's engine, uWebSockets, WHATWG. */
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

/** What is to be said of those that have no like here, or are more than another name. */
const EXPLAINED: Readonly<Record<string, string>> = {
  verifyClient: 'decide when the request has come, by the `request` handler or event, or by the option origins',
  handleProtocols: 'the option subprotocols names them, or choose one when accepting the request',
  clientTracking: 'a server always knows its connections',
  noServer: '`upgrade` takes requests from an HTTP server of your own',
  server: '`upgrade` takes requests from an HTTP server of your own',
  skipUTF8Validation: 'text is always validated (RFC 6455 section 8.1)',
  allowSynchronousEvents: 'there is no such choice',
  protocolVersion: 'the only version is 13 (RFC 6455 section 4.1)',
  followRedirects: 'redirects are not followed; the error of the handshake has the response',
  maxRedirects: 'redirects are not followed; the error of the handshake has the response',
};

/** @throws {TypeError} when it is not an object with names; `what` it is begins the message */
export function checkObject(given: unknown, what: string): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${what}: an object, not ${shown(given)}`);
  }
}

/** @throws {RangeError} when `count` is not a whole number of bytes from `least` to `most`; `name` begins the message */
export function checkCount(name: string, count: number, least: number, most: number): void {
  if (Number.isSafeInteger(count) && count >= least && count <= most) return;
  throw new RangeError(`${name}: a whole number of bytes from ${least} to ${most}, not ${count}`);
}

/**
 * Checks that an object is one, and that it has no names but these.
 *
 * @param what what it is: `'options'`, `'rateLimits'`; the message begins with it unless it is `'options'`
 * @param kind what its names are
 * @throws {TypeError} that names the first unknown one, and the name that was perhaps meant
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
 * Returns what a function of the application's has decided.
 *
 * @throws {TypeError} when that is neither `true` nor `false`: a promise, for instance, would be taken for `true`
 */
export function decided(what: string, answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  const isPromise = typeof answer === 'object' && answer !== null && 'then' in answer;
  // That it rejects is of no interest any more, and must not end the process.
  if (isPromise) Promise.resolve(answer).catch(() => undefined);
  throw new TypeError(`${what} returns true or false, not ${isPromise ? 'a promise' : shown(answer)}`);
}

/** The name that is nearest, if any is near: a third of it may be wrong, but 4 characters at most. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const each of name.length > 40 ? [] : known) {
    const distance = editDistance(name.toLowerCase(), each.toLowerCase());
    const allowed = Math.min(4, Math.max(2, Math.floor(Math.max(name.length, each.length) / 3)));
    if (distance < least && distance <= allowed && distance < each.length) {
      least = distance;
      nearest = each;
    }
  }
  return nearest;
}

/** How many characters must be put in, left out or changed to make one of the other (Levenshtein). */
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
