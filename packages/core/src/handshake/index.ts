/** The opening handshake as pure functions (RFC 6455 4), for those who bring their own HTTP. */
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
export {
  formatRequestHead,
  formatResponse,
  HeadReader,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from './http1.ts';
export { acceptKey, createKey } from './key.ts';
export {
  type AcceptOptions,
  type HandshakeAnswer,
  type HandshakeRequest,
  type OriginRule,
  respond,
  type ServerPolicy,
} from './server.ts';
