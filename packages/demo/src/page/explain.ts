/** Turns the bytes of a frame into fields that explain each bit. Core does the decoding. */
import { Opcode, ProtocolError } from '@sockless/core';
import { applyMask, createFrameHeader, decodeFrameHeader, type FrameHeader } from '@sockless/core/frame';
import type { Direction, MirroredFrame } from '../protocol.ts';
import { closeReason, type Field, headerFields, hex } from './fields.ts';
import { illegalFields } from './illegal.ts';
import type { Inflated, Inflater } from './inflation.ts';

/** Everything about one frame. */
export interface Explained extends MirroredFrame {
  /** Undefined if the bytes are not a legal header; then `illegal` says why. */
  readonly header: FrameHeader | undefined;
  readonly illegal: string;
  /** The length of the header in bytes. */
  readonly size: number;
  readonly fields: readonly Field[];
  /** The unmasked payload, as far as it was mirrored. */
  readonly payload: Uint8Array;
  /** The decompressed payload, if the message is compressed. */
  readonly inflated: Inflated | undefined;
  /** The bytes that the application receives: the payload, decompressed if necessary. */
  readonly content: Uint8Array;
  /** Whether the content is text: of a text frame or its continuation. */
  readonly isText: boolean;
  /** A summary in one line. */
  readonly preview: string;
}

const utf8 = new TextDecoder();

/**
 * Explains a frame.
 *
 * @param message the kind of message that a continuation frame continues
 * @param inflater decompresses this direction of the connection, whose frames are all explained once, in order
 */
export function explain(frame: MirroredFrame, message: Opcode = Opcode.Binary, inflater?: Inflater): Explained {
  const { bytes, direction } = frame;
  const header = createFrameHeader();
  try {
    const allowed = inflater?.rsv ?? 0;
    const rules = { masked: direction === 'up', rsv: allowed, maxFrameSize: Infinity };
    const size = decodeFrameHeader(bytes, 0, bytes.length, rules, header);
    const payload = bytes.slice(size);
    if (header.masked) applyMask(payload, header.key);
    const inflated = inflater?.take(header, payload);
    const content = inflated?.bytes ?? payload;
    const isText = header.opcode === Opcode.Text || (header.opcode === Opcode.Continuation && message === Opcode.Text);
    const preview = inflated?.problem ? `not inflated: ${inflated.problem}` : previewOf(header, content, isText);
    const fields = headerFields(header, bytes, size, payload, allowed !== 0, inflated);
    return { ...frame, header, illegal: '', size, fields, payload, inflated, content, isText, preview };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const fields = illegalFields(bytes, error);
    const payload = new Uint8Array(0);
    const none = { header: undefined, size: 0, payload, inflated: undefined, content: payload, isText: false };
    return { ...frame, ...none, illegal: error.message, fields, preview: error.rule };
  }
}

/** Describes which side sent a frame. */
export const WAY: Readonly<Record<Direction, string>> = { up: 'page → server', down: 'server → page' };

function previewOf({ opcode, length }: FrameHeader, payload: Uint8Array, isText: boolean): string {
  if (opcode === Opcode.Close) {
    const { code, name, reason } = closeReason(payload);
    return `${code} ${name}${reason === '' ? '' : ` “${reason}”`}`;
  }
  if (length === 0 || payload.length === 0) return '';
  const start = payload.subarray(0, 160);
  if (!(isText || isPrintable(start))) return hex(start.subarray(0, 32));
  // The common beginning of all chat messages would push the rest out of sight.
  return utf8.decode(start).replace(/^\{"type":"(\w+)"[,}]?/, '$1 ');
}

/** Tells whether bytes are readable ASCII text. */
export const isPrintable = (bytes: Uint8Array): boolean => bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
