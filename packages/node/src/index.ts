/** sockless for Node: core on `node:net`, `node:tls`, `node:http` and `node:https`. */
export type {
  AdapterOptions,
  BackoffPolicy,
  Clock,
  CloseOptions,
  Compression,
  Decision,
  DecisionOptions,
  Fresh,
  Group,
  GroupSendOptions,
  GroupSendResult,
  Handlers,
  HostAbortSignal,
  HostReadableStream,
  HostWritableStream,
  ReconnectPolicy,
  SlowPolicy,
  Timer,
  WebSocketConnection,
} from '@sockless/adapter';
export {
  accept,
  backoffDelay,
  ConnectionEndedError,
  Groups,
  nextAttempt,
  PreparedMessage,
  prepare,
  reject,
} from '@sockless/adapter';
export { zlib } from '@sockless/deflate/zlib';
export { attach } from './attach.ts';
export { type ConnectOptions, connect } from './connect.ts';
export { ignoreUpgrade } from './other-upgrades.ts';
export { type ServeOptions, type Server, serve } from './serve.ts';
export { guard, upgrade } from './upgrade.ts';
export { type Upgrader, upgrader } from './upgrader.ts';
