/** sockless: the WebSocket protocol as a codec that does no I/O. Bytes in → events and bytes out. */

export { type BytesLike, toBytes } from './bytes-like.ts';
export type { State, Transport } from './connection/closing.ts';
export { Connection } from './connection/connection.ts';
export type {
  BinaryEvent,
  CloseEvent,
  ConnectionEvent,
  ConnectionStatistics,
  EndEvent,
  Explanation,
  FailEvent,
  FragmentEvent,
  OpenEvent,
  PingEvent,
  PongEvent,
  RequestEvent,
  TextEvent,
} from './connection/events.ts';
export {
  CLIENT_OPTIONS,
  type ClientOptions,
  type ConnectionOptions,
  type HeartbeatOptions,
  type MessageProgress,
  type Role,
  SERVER_OPTIONS,
  type SendOptions,
  type ServerOptions,
} from './connection/options.ts';
export {
  type ResolvedOptions,
  type ResolvedServerOptions,
  resolveOptions,
  resolveServerOptions,
} from './connection/resolved-options.ts';
export { CloseCode, type CloseReason, isCloseCode } from './frame/close.ts';
export { type DataOpcode, Opcode } from './frame/header.ts';
export type { Negotiated, RequestOptions } from './handshake/client.ts';
export {
  type Extension,
  fieldValue,
  fieldValues,
  type HeaderField,
  type HeaderFieldsInit,
} from './handshake/fields.ts';
export type { RequestHead } from './handshake/http1.ts';
export type { HandshakeRequest, OriginRule, ServerPolicy } from './handshake/policy.ts';
export type { AcceptOptions } from './handshake/server.ts';
export type { ForwardedFields } from './handshake/site.ts';
export { parseUri, type WebSocketUri } from './handshake/uri.ts';
export type { RandomSource, Utf8TextDecoder } from './host.ts';
export { checkNames, decided, type Names } from './misuse.ts';
export type { RateLimit, RateLimits } from './receive/rate-limit.ts';
export {
  HANDSHAKE_RULES,
  HandshakeError,
  type HandshakeRuleName,
  type LocalRuleName,
  PROTOCOL_RULES,
  ProtocolError,
  type ProtocolRuleName,
  type RejectedResponse,
  StateError,
  type StateRule,
} from './rules.ts';
export { PreparedMessage, type PrepareOptions, prepare } from './send/prepared.ts';
