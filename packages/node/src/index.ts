/** sockless for Node: core on `node:net`, `node:tls`, `node:http` and `node:https`. */
export { attach } from './attach.ts';
export type { Compression } from './compression.ts';
export { type ConnectOptions, connect, type ReconnectPolicy } from './connect.ts';
export type { Decision, Handlers, Rejection } from './handlers.ts';
export { ConnectionEndedError } from './message-queue.ts';
export { type CloseOptions, type ServeOptions, type Server, serve } from './serve.ts';
export { upgrade } from './upgrade.ts';
export type { WebSocketConnection } from './websocket-connection.ts';
export { zlib } from './zlib.ts';
