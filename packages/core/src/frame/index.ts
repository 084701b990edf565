/** Frames (RFC 6455 5): headers and masking as pure functions, for those who look at a stream or write one themselves. */
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
