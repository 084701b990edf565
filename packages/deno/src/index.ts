/** sockless for Deno: core on `Deno.listen`, `Deno.connect`, and any other `Deno.Conn`. */
export type * from '@sockless/adapter';
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
