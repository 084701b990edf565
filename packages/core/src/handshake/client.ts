/** The client's side of the opening handshake (RFC 6455 4.1): makes the request and checks the response. */
import { checkCompression, type MessageExtension, type MessageTransform } from '../deflate/extension.ts';
import type { RandomSource } from '../host.ts';
import { checkNames, type Names } from '../misuse.ts';
import { shown } from '../printable.ts';
import { HandshakeError } from '../rules.ts';
import {
  areUnique,
  checkSubprotocols,
  type Extension,
  fieldValue,
  formatExtensions,
  type HeaderField,
  type HeaderFieldsInit,
  isFieldValue,
  listIncludes,
  parseExtensions,
  toFields,
} from './fields.ts';
import type { RequestHead, ResponseHead } from './http1.ts';
import { acceptKey, createKey } from './key.ts';
import { hostField, parseUri } from './uri.ts';

/** The options of a request. */
export interface RequestOptions {
  /** The subprotocols to offer, in order of preference. Default: none. */
  readonly subprotocols?: readonly string[] | undefined;
  /** The Origin to send, as browsers do. Default: none. */
  readonly origin?: string | undefined;
  /** `permessageDeflate(…)` of `@sockless/core/deflate`, to compress messages (RFC 7692). Default: none. */
  readonly compression?: MessageExtension | undefined;
  /** Further header fields of the request, such as Authorization or Cookie. */
  readonly headers?: HeaderFieldsInit | undefined;
  /**
   * Whether an empty Sec-WebSocket-Protocol in the response means no subprotocol. Some embedded servers send one. Default:
   * false, since 4.3 requires a token there.
   */
  readonly allowEmptyProtocol?: boolean | undefined;
}

/** A request to send, and the data with which to verify the response. */
export interface HandshakeOffer {
  /** The request to send. */
  readonly request: RequestHead;
  /** The Sec-WebSocket-Key sent. */
  readonly key: string;
  /** The subprotocols offered. */
  readonly subprotocols: readonly string[];
  /** The extension offered, if there is one. */
  readonly compression: MessageExtension | undefined;
  /** See {@link RequestOptions.allowEmptyProtocol}. */
  readonly allowEmptyProtocol?: boolean | undefined;
}

/** The agreement of both sides. */
export interface Negotiated {
  /** The subprotocol in use; empty when there is none. */
  readonly subprotocol: string;
  /** The extensions in use. */
  readonly extensions: readonly Extension[];
  /** The transform of the extension in use, if there is one. */
  readonly transform?: MessageTransform | undefined;
}

/** The names of {@link RequestOptions}. */
export const REQUEST_OPTIONS: Names<RequestOptions> = {
  subprotocols: true,
  origin: true,
  compression: true,
  headers: true,
  allowEmptyProtocol: true,
};

/**
 * Returns the request that opens a connection to `url`.
 *
 * @throws {SyntaxError} when `url` is not a WebSocket URI
 * @throws {TypeError | RangeError} when an option is unknown or not valid, a subprotocol appears twice, or a header field is
 *   one that the handshake sets
 * @see RFC 6455 4.1
 */
export function request(url: string, options: RequestOptions, random: RandomSource): HandshakeOffer {
  checkNames(options, REQUEST_OPTIONS);
  checkCompression(options.compression);
  return offerTo(url, options, random);
}

/** Does {@link request} with options whose names and extension have been checked already. */
export function offerTo(url: string, options: RequestOptions, random: RandomSource): HandshakeOffer {
  const uri = parseUri(url);
  const { subprotocols = [], origin, compression, allowEmptyProtocol = false } = options;
  checkSubprotocols(subprotocols);
  // 4.1: "The elements that comprise this value MUST be non-empty strings [...] and MUST all be unique strings."
  if (!areUnique(subprotocols)) throw new RangeError('subprotocols: name each of them once (RFC 6455 section 4.1)');
  if (origin !== undefined && !(typeof origin === 'string' && isFieldValue(origin))) {
    throw new TypeError(`origin: the value of a header field, not ${shown(origin)}`);
  }
  if (typeof allowEmptyProtocol !== 'boolean') {
    throw new TypeError(`allowEmptyProtocol: true or false, not ${shown(allowEmptyProtocol)}`);
  }
  const key = createKey(random);
  const headers: HeaderField[] = [
    ['Host', hostField(uri)],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
  ];
  if (origin !== undefined) headers.push(['Origin', origin]);
  if (subprotocols.length > 0) headers.push(['Sec-WebSocket-Protocol', subprotocols.join(', ')]);
  const offers = compression?.offer();
  if (offers !== undefined) headers.push(['Sec-WebSocket-Extensions', formatExtensions(offers)]);
  headers.push(...toFields(options.headers, /^(host|upgrade|origin|sec-websocket-.*)$/i));
  return {
    request: { method: 'GET', target: uri.resource, version: 11, headers },
    key,
    subprotocols,
    compression,
    allowEmptyProtocol,
  };
}

/**
 * Checks the response of a server that switched protocols.
 *
 * @throws {HandshakeError} with the rule broken
 * @see RFC 6455 4.1
 */
export function verify(offer: HandshakeOffer, response: ResponseHead): Negotiated {
  const { headers, status, reason } = response;
  // 4.1: "If the status code received from the server is not 101, the client handles the response per HTTP".
  if (status !== 101) throw new HandshakeError('status-not-101', `${status} ${reason}`.trimEnd());
  // 4.1: "If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a value that is not an
  // ASCII case-insensitive match for the value "websocket", the client MUST _Fail the WebSocket Connection_."
  if (fieldValue(headers, 'upgrade')?.toLowerCase() !== 'websocket') throw new HandshakeError('response-upgrade');
  // 4.1: "If the response lacks a |Connection| header field or the |Connection| header field doesn't contain a token
  // that is an ASCII case-insensitive match for the value "Upgrade", the client MUST _Fail the WebSocket Connection_."
  if (!listIncludes(fieldValue(headers, 'connection'), 'upgrade')) throw new HandshakeError('response-connection');
  // 4.1: "If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept| contains a value
  // other than the base64-encoded SHA-1 of the concatenation [...], the client MUST _Fail the WebSocket Connection_."
  if (fieldValue(headers, 'sec-websocket-accept') !== acceptKey(offer.key)) throw new HandshakeError('response-accept');
  const value = fieldValue(headers, 'sec-websocket-extensions');
  const answer = value === undefined ? [] : parseExtensions(value);
  if (answer === undefined) throw new HandshakeError('response-extensions', 'it does not conform to its grammar');
  // 4.1: "this header field indicates the use of an extension that was not present in the client's handshake"
  if (answer.length > 0 && offer.compression === undefined) {
    throw new HandshakeError('response-extensions', answer.map(({ name }) => name).join(', '));
  }
  const negotiated = offer.compression?.confirm(answer);
  const chosen = fieldValue(headers, 'sec-websocket-protocol');
  // 4.1: "this header field indicates the use of a subprotocol that was not present in the client's handshake"
  if (chosen !== undefined && !offer.subprotocols.includes(chosen)) {
    // 4.3: "Sec-WebSocket-Protocol-Server = token".
    if (chosen !== '') throw new HandshakeError('response-protocol', chosen);
    if (!offer.allowEmptyProtocol) {
      throw new HandshakeError('response-protocol', 'an empty one, which the option allowEmptyProtocol would accept');
    }
  }
  return { subprotocol: chosen ?? '', extensions: answer, transform: negotiated?.transform };
}
