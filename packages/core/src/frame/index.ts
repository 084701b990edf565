/** Frames (RFC 6455 5): headers and masking as pure functions, and a reader of streams, for tools that inspect or write frames themselves. */
export { type FramePart, FrameReader, type MessageState } from './frame-reader.ts';
export {
  createFrameHeader,
  type DataOpcode,
  decodeFrameHeader,
  encodeFrameHeader,
  type FrameHeader,
  type FrameRules,
  frameHeaderSize,
  MAX_CONTROL_PAYLOAD,
  MAX_HEADER_SIZE,
  Opcode,
  RSV1,
} from './header.ts';
export { applyMask } from './mask.ts';
