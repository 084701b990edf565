/** sockless for Node: core on `node:net`, `node:tls`, `node:http` and `node:https`. */
export type {
  AdapterOptions,
  BackoffPolicy,
  Clock,
  CloseOptions,
  Compression,
  Decision,
  DecisionOptions,
  Group,
  GroupSendOptions,
  GroupSendResult,
  Handlers,
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
export { type ServeOptions, type Server, serve } from './serve.ts';
export { upgrade } from './upgrade.ts';
