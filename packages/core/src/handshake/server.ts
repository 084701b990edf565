/**
 * The server's side of the opening handshake (RFC 6455 4.2): checks the request and makes the response, as plain data.
 */
import { checkCompression, type MessageExtension } from '../deflate/extension.ts';
import { checkNames, type Names } from '../misuse.ts';
import { shown } from '../printable.ts';
import { HandshakeError } from '../rules.ts';
import { encodeUtf8 } from '../text/encode.ts';
import type { Negotiated } from './client.ts';
import {
  areUnique,
  fieldValue,
  formatExtensions,
  type HeaderField,
  type HeaderFieldsInit,
  listIncludes,
  parseExtensions,
  parseTokens,
  singleValue,
  toFields,
} from './fields.ts';
import { MAX_FIELDS, type RequestHead, type ResponseHead } from './http1.ts';
import { acceptKey, isKey } from './key.ts';
import { checkOrigin, checkPolicy, type HandshakeRequest, SERVER_POLICY, type ServerPolicy } from './policy.ts';
import { isAuthority, withPort } from './uri.ts';

/** The options for accepting a request. */
export interface AcceptOptions {
  /** The subprotocol, one of those offered, or '' for none. Default: the first one of the policy that was offered. */
  readonly subprotocol?: string | undefined;
  /** Further header fields of the response, such as Set-Cookie. */
  readonly headers?: HeaderFieldsInit | undefined;
}

/** The options for answering a request: a policy, and the extension that this server supports. */
export interface RespondOptions extends ServerPolicy {
  /** `permessageDeflate(…)` of `@sockless/core/deflate`, to compress messages (RFC 7692). Default: none. */
  readonly compression?: MessageExtension | undefined;
}

/** The agreement of both sides, and the response to send. */
export interface Acceptance extends Negotiated {
  /** The response, without a body. */
  readonly response: ResponseHead;
}

/** The answer to a request. */
export type HandshakeAnswer =
  | (Acceptance & {
      readonly accepted: true;
      readonly request: HandshakeRequest;
    })
  | {
      readonly accepted: false;
      readonly error: HandshakeError;
      readonly response: ResponseHead;
      readonly body: Uint8Array;
    };

const RESPOND_OPTIONS: Names<RespondOptions> = { ...SERVER_POLICY, compression: true };
const ACCEPT_OPTIONS: Names<AcceptOptions> = { subprotocol: true, headers: true };

/**
 * Answers a request: checks it against RFC 6455 4.2.1 and the policy, and returns the response to send.
 *
 * @throws {TypeError | RangeError} when the policy or the options are not valid or have an unknown name; never because of
 *   the request
 * @see RFC 6455 4.2.2
 */
export function respond(head: RequestHead, policy: RespondOptions = {}, options: AcceptOptions = {}): HandshakeAnswer {
  checkNames(policy, RESPOND_OPTIONS, 'policy');
  checkPolicy(policy);
  checkCompression(policy.compression);
  let request: HandshakeRequest;
  try {
    request = readRequest(head, policy);
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    return { accepted: false, error, ...rejectFor(error) };
  }
  return { accepted: true, request, ...acceptRequest(request, policy, options, policy.compression) };
}

/**
 * Reads a request and checks it against RFC 6455 4.2.1 and the policy.
 *
 * @throws {HandshakeError} with the rule broken and the HTTP status that answers it
 */
export function readRequest(head: RequestHead, policy: ServerPolicy): HandshakeRequest {
  const { headers } = head;
  // Some HTTP servers drop the fields beyond a limit, and the Origin may be among them.
  if (head.truncated || headers.length > MAX_FIELDS) throw new HandshakeError('head-too-big');
  // 4.2.1: "An HTTP/1.1 or higher GET request". Higher means within HTTP/1 here: Node's parser takes HTTP/2.0 in the syntax of HTTP/1.
  if (head.method !== 'GET') throw new HandshakeError('method-not-get', head.method.slice(0, 40));
  if (head.version < 11 || head.version > 19) throw new HandshakeError('http-version');
  const target = readTarget(head.target);
  const length = fieldValue(headers, 'content-length');
  if (!(length === undefined || length === '0') || fieldValue(headers, 'transfer-encoding') !== undefined) {
    throw new HandshakeError('request-body');
  }
  // 4.2.1: "A |Host| header field containing the server's authority."
  // RFC 9112 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a
  // Host header field and to any request message that contains more than one Host header field line or a Host header field
  // with an invalid field value."
  const field = singleValue(headers, 'host');
  if (field === undefined || !isAuthority(field)) throw new HandshakeError('host-field');
  // RFC 9112 3.2.2: "When an origin server receives a request with an absolute-form of request-target, the origin server
  // MUST ignore the received Host header field (if any) and instead use the host information of the request-target." A
  // field that names another host is refused, because two recipients may understand it differently.
  const host = target.authority ?? field;
  if (withPort(host, target.scheme) !== withPort(field, target.scheme)) {
    throw new HandshakeError('host-field', 'it names another host than the request target');
  }
  // 4.2.1: 'An |Upgrade| header field containing the value "websocket", treated as an ASCII case-insensitive value.'
  if (!listIncludes(fieldValue(headers, 'upgrade'), 'websocket')) throw new HandshakeError('upgrade-field');
  // 4.2.1: 'A |Connection| header field that includes the token "Upgrade", treated as an ASCII case-insensitive value.'
  if (!listIncludes(fieldValue(headers, 'connection'), 'upgrade')) throw new HandshakeError('connection-field');
  // 4.2.1: "A |Sec-WebSocket-Version| header field, with a value of 13."
  const version = singleValue(headers, 'sec-websocket-version');
  if (version === undefined) throw new HandshakeError('version-field');
  if (version !== '13') throw new HandshakeError('version-unsupported');
  // 4.2.1: "A |Sec-WebSocket-Key| header field with a base64-encoded [...] value that, when decoded, is 16 bytes in
  // length."
  const key = singleValue(headers, 'sec-websocket-key');
  if (key === undefined || !isKey(key)) throw new HandshakeError('key-field');

  const offered = fieldValue(headers, 'sec-websocket-protocol');
  const subprotocols = offered === undefined ? [] : parseTokens(offered);
  // 4.1: "The elements that comprise this value MUST be non-empty strings [...] and MUST all be unique strings."
  if (subprotocols === undefined || !areUnique(subprotocols)) throw new HandshakeError('protocol-field');
  const offers = fieldValue(headers, 'sec-websocket-extensions');
  const extensions = offers === undefined ? [] : parseExtensions(offers);
  // 9.1: "If a value is received [...] that does not conform to the ABNF below, the recipient of such malformed data
  // MUST immediately _Fail the WebSocket Connection_."
  if (extensions === undefined) throw new HandshakeError('extensions-field');

  const origin = singleValue(headers, 'origin');
  const { path, query, resource } = target;
  const request = { path, query, resource, target: head.target, host, origin, key, subprotocols, extensions, headers };
  // 4.2.2: "If the server does not wish to accept this connection, it MUST return an appropriate HTTP error code (e.g.,
  // 403 Forbidden)"
  if (origin !== fieldValue(headers, 'origin')) throw new HandshakeError('origin-refused', 'there are several');
  checkOrigin(request, policy);
  return request;
}

interface Target {
  /** The scheme of an absolute-form, in lower case. */
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string;
  readonly resource: string;
}

/**
 * Parses a request target: `origin-form` or `absolute-form`.
 *
 *     origin-form   = absolute-path [ "?" query ]
 *     absolute-form = absolute-URI
 *
 * @throws {HandshakeError} `target-form`
 * @see RFC 9112 3.2
 */
function readTarget(target: string): Target {
  // 4.2.1: 'a "Request-URI" [RFC2616] that should be interpreted as a /resource name/ defined in Section 3 (or an absolute
  // HTTP/HTTPS URI containing the /resource name/)'. RFC 9112 3.2.2: "a server MUST accept the absolute-form in requests".
  const [, scheme, authority, path = '', query = ''] = TARGET.exec(target) ?? [];
  // 3: '"/" if the path component is empty'. Only an absolute URI may have an empty path.
  if (authority === undefined ? path === '' : !isAuthority(authority)) throw new HandshakeError('target-form');
  const { length } = target;
  const whole = path === '' ? '/' : path;
  // Mostly the target is the resource name already, and no new string is needed.
  const resource = authority === undefined && target[length - 1] !== '?' ? target : whole + (query && `?${query}`);
  return { scheme: scheme?.toLowerCase(), authority, path: whole, query, resource };
}

/** Any visible ASCII, but no fragment. RFC 3986 allows fewer characters, but browsers send `|` and `^` without encoding them. */
const TARGET = /^(?:(https?):\/\/([^/?#]*))?((?:\/[\x21\x22\x24-\x3e\x40-\x7e]*)?)(?:\?([\x21\x22\x24-\x7e]*))?$/i;

/**
 * Returns the response that accepts a request, and the agreement that it makes.
 *
 * @throws {RangeError} when the subprotocol was not offered, or a header field is one that the handshake sets
 * @throws {TypeError} when a header field is not valid, or an option is unknown
 * @see RFC 6455 4.2.2
 */
export function acceptRequest(
  request: HandshakeRequest,
  policy: ServerPolicy,
  options: AcceptOptions,
  compression: MessageExtension | undefined,
): Acceptance {
  checkNames(options, ACCEPT_OPTIONS);
  const offered = request.subprotocols;
  const subprotocol = options.subprotocol ?? policy.subprotocols?.find((name) => offered.includes(name)) ?? '';
  // 4.2.2: "The value chosen MUST be derived from the client's handshake, specifically by selecting one of the values"
  if (subprotocol !== '' && !offered.includes(subprotocol)) {
    throw new RangeError(`subprotocol: the client did not offer ${shown(subprotocol)} (RFC 6455 section 4.2.2)`);
  }
  const headers: HeaderField[] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptKey(request.key)],
  ];
  // 4.2.2: "if the server does not wish to agree to one of the suggested subprotocols, it MUST NOT send back a
  // |Sec-WebSocket-Protocol| header field"
  if (subprotocol !== '') headers.push(['Sec-WebSocket-Protocol', subprotocol]);
  const agreed = compression?.accept(request.extensions);
  const extensions = agreed === undefined ? [] : [agreed.extension];
  if (agreed !== undefined) headers.push(['Sec-WebSocket-Extensions', formatExtensions(extensions)]);
  headers.push(...toFields(options.headers, /^(upgrade|sec-websocket-.*)$/i));
  const response = { status: 101, reason: 'Switching Protocols', headers };
  return { subprotocol, extensions, transform: agreed?.transform, response };
}

/**
 * Returns a response that rejects a request, after which the transport is closed.
 *
 * @param bodyLength the length of the body in bytes
 * @throws {RangeError} when the status is not from 200 to 599, or has no body, or a header field is one that the handshake sets
 * @throws {TypeError} when a header field is not valid
 * @see RFC 6455 4.2.2
 */
export function rejectRequest(status: number, init: HeaderFieldsInit | undefined, bodyLength: number): ResponseHead {
  if (!(Number.isInteger(status) && status >= 200 && status <= 599) || status === 204 || status === 304) {
    throw new RangeError(
      `status: a whole number from 200 to 599, but not 204 or 304, which have no body; not ${shown(status)}`,
    );
  }
  const headers: HeaderField[] = [
    // RFC 9110 7.8: a sender of Upgrade must name it in Connection as well.
    ['Connection', status === 426 ? 'close, Upgrade' : 'close'],
    ['Content-Length', String(bodyLength)],
    ...toFields(init),
  ];
  // RFC 9112 4: "A client SHOULD ignore the reason-phrase content because it is not a reliable channel for information".
  return { status, reason: '', headers };
}

/** Returns the response to a request that broke a rule. Its body is the `answer` of the error. */
export function rejectFor(error: HandshakeError): { response: ResponseHead; body: Uint8Array } {
  const room = new Uint8Array(3 * error.answer.length + 1);
  const body = room.subarray(0, encodeUtf8(`${error.answer}\n`, room, 0));
  const headers: Record<string, string> = { 'Content-Type': 'text/plain; charset=utf-8' };
  // RFC 9110 15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
  if (error.status === 405) headers.Allow = 'GET';
  if (error.status === 426) {
    // RFC 9110 15.5.22: "The server MUST send an Upgrade header field in a 426 response".
    headers.Upgrade = 'websocket';
    // 4.2.2: "and a |Sec-WebSocket-Version| header field indicating the version(s) the server is capable of
    // understanding"
    headers['Sec-WebSocket-Version'] = '13';
  }
  return { response: rejectRequest(error.status, headers, body.length), body };
}
