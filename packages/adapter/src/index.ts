/** What every adapter of sockless needs and no host has a part in. */
export type * from '@sockless/core';
export type * from '@sockless/core/deflate';
export { clearAlarm, type Sleeper, setAlarm } from './alarms.ts';
export { Client, type Dial, type ReconnectingOptions, type ReconnectPolicy } from './client.ts';
export { type Compression, resolveCompression, type WithCompression } from './compression.ts';
export type { Decision, Handlers, Rejection } from './handlers.ts';
export type { AbortSignalLike } from './host.ts';
export { ConnectionEndedError } from './message-queue.ts';
export { type BaseServer, type CloseOptions, ServedConnections, serverUrl } from './server.ts';
export { type Driver, WebSocketConnection } from './websocket-connection.ts';
