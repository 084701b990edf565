/** The opening handshake as pure functions (RFC 6455 4), for applications that bring their own HTTP. */
export {
  type HandshakeOffer,
  type Negotiated,
  type RequestOptions,
  request,
  verify,
} from './client.ts';
export {
  type Extension,
  fieldValue,
  fieldValues,
  formatExtensions,
  type HeaderField,
  type HeaderFieldsInit,
  parseExtensions,
  parseTokens,
} from './fields.ts';
export { HeadReader } from './head-reader.ts';
export {
  formatRequestHead,
  formatResponse,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from './http1.ts';
export { acceptKey, createKey } from './key.ts';
export type { HandshakeRequest, OriginRule, ServerPolicy } from './policy.ts';
export { type Acceptance, type AcceptOptions, type HandshakeAnswer, type RespondOptions, respond } from './server.ts';
