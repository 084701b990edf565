/** The part of sockless's adapters that is the same on every host. */
export type * from '@sockless/core';
export { PreparedMessage, prepare } from '@sockless/core';
export type * from '@sockless/core/deflate';
export type { Alarms, Sleeper } from './alarms.ts';
export { type BackoffPolicy, backoffDelay, nextAttempt } from './backoff.ts';
export type { ServerBounds } from './bounds.ts';
export { type Attempt, Client, type Dial, type ReconnectingOptions, type ReconnectPolicy } from './client.ts';
export type { Clock, Timer } from './clock.ts';
export { type Compression, resolveCompression, type WithCompression } from './compression.ts';
export { accept, type Decision, type DecisionOptions, reject } from './decision.ts';
export { type Delivery, expire, proceed, scopeOf, start, work } from './delivery.ts';
export { type Channel, type Diagnostics, diagnosticsOf } from './diagnostics.ts';
export type { Driver } from './driver.ts';
export { ConnectionEndedError } from './ended-error.ts';
export {
  type Group,
  type GroupSendOptions,
  type GroupSendResult,
  Groups,
  type SlowPolicy,
} from './group.ts';
export type { Handlers } from './handlers.ts';
export type { AbortSignalLike, HostAbortSignal, HostReadableStream, HostWritableStream, StreamLike } from './host.ts';
export { ADAPTER_OPTIONS, RECONNECTING_OPTIONS, SERVED_OPTIONS } from './names.ts';
export { type Arrival, startLater } from './pending.ts';
export { type AdapterOptions, type Context, type Run, Scope } from './scope.ts';
export { type Served, ServedConnections } from './served-connections.ts';
export { type BaseServer, type CloseOptions, checkCloseOptions, type ServerStatistics, serverUrl } from './server.ts';
export type { Fresh, UrlInit } from './target.ts';
export type { Turns } from './turns.ts';
export { WebSocketConnection } from './websocket-connection.ts';
