/**
 * A second implementation of framing and of UTF-8, written from the text of RFC 6455 and RFC 3629 only: a byte at a time,
 * without regard for speed or memory, and without a line of `src` but the names of rules. Core has to find the same as it in the same bytes.
 */
import type { ProtocolRuleName } from '../src/index.ts';
import { concat, decodeStrictly, join, type Summary, toHex } from './bytes.ts';

/** A frame as 5.2 draws it. */
export interface Frame {
  readonly fin: boolean;
  /** RSV1, RSV2, RSV3 as three bits. */
  readonly rsv: number;
  readonly opcode: number;
  /** The four bytes of the masking key of a masked frame. */
  readonly key: readonly number[] | undefined;
  readonly payload: Uint8Array;
  /** How many bytes the extended payload length has: 0, 2 or 8. */
  readonly extended: number;
}

/** Returns the bytes of a masking key, the first of which is the most significant. */
export function octets(key: number): [number, number, number, number] {
  return [key >>> 24, (key >>> 16) & 0xff, (key >>> 8) & 0xff, key & 0xff];
}

/** 5.3: "transformed-octet-i = original-octet-i XOR masking-key-octet-j", where "j = i MOD 4". */
export function transform(octets: Uint8Array, key: readonly number[], phase = 0): Uint8Array<ArrayBuffer> {
  return new Uint8Array(octets).map((octet, i) => octet ^ (key[(i + phase) % 4] as number));
}

/** Returns the bytes of a frame; `extended` may be more than its length needs. */
export function encodeFrame(frame: Partial<Frame> & Pick<Frame, 'opcode'>): Uint8Array<ArrayBuffer> {
  const { fin = true, rsv = 0, opcode, key, payload = new Uint8Array(0) } = frame;
  const { length } = payload;
  const { extended = length <= 125 ? 0 : length <= 65535 ? 2 : 8 } = frame;
  const code = extended === 0 ? length : extended === 2 ? 126 : 127;
  const digits = extended === 0 ? '' : length.toString(16).padStart(2 * extended, '0');
  return concat(
    Uint8Array.of((fin ? 128 : 0) + rsv * 16 + opcode, (key === undefined ? 0 : 128) + code),
    Uint8Array.from({ length: extended }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16)),
    Uint8Array.from(key ?? []),
    key === undefined ? payload : transform(payload, key),
  );
}

/** Returns the whole frames in `bytes`, with unmasked payloads, and the number of bytes after them. */
export function decodeFrames(bytes: Uint8Array): { frames: Frame[]; rest: number } {
  const frames: Frame[] = [];
  let start = 0;
  while (true) {
    const frame = decodeFrame(bytes.subarray(start));
    if (frame === undefined) return { frames, rest: bytes.length - start };
    frames.push(frame);
    start += 2 + frame.extended + (frame.key === undefined ? 0 : 4) + frame.payload.length;
  }
}

function decodeFrame(bytes: Uint8Array): Frame | undefined {
  const [first, second, ...behind] = bytes.subarray(0, 14);
  if (first === undefined || second === undefined) return undefined;
  const code = second % 128;
  const extended = code === 126 ? 2 : code === 127 ? 8 : 0;
  const masked = second >= 128;
  const size = 2 + extended + (masked ? 4 : 0);
  const digits = behind.slice(0, extended).map((byte) => byte.toString(16).padStart(2, '0'));
  const length = extended === 0 ? BigInt(code) : BigInt(`0x0${digits.join('')}`);
  if (behind.length + 2 < size || BigInt(bytes.length - size) < length) return undefined;
  const key = masked ? behind.slice(extended, extended + 4) : undefined;
  const payload = bytes.slice(size, size + Number(length));
  return {
    fin: first >= 128,
    rsv: Math.floor(first / 16) % 8,
    opcode: first % 16,
    key,
    payload: key === undefined ? payload : transform(payload, key),
    extended,
  };
}

/** What an endpoint must make of frames: events up to the first that is not legal, and the close code for that one. */
export interface Verdict {
  readonly events: readonly Summary[];
  readonly failure: number | undefined;
  /** The rule that the frame breaks, if it is not legal. */
  readonly rule?: ProtocolRuleName;
}

/** What an endpoint may do that ours does not. */
export interface Leniency {
  /** It judges a text when the whole message is there (8.1), and answers control frames until then. */
  readonly lateUtf8?: boolean;
  /** It accepts lengths in more bytes than they need. */
  readonly longLengths?: boolean;
  /** It accepts the close codes 1016 to 2999, which no registry has assigned yet (7.4.2). */
  readonly unassignedCodes?: boolean;
}

/** Returns the rule that a frame breaks by its header alone, for an endpoint which wants frames masked (a server) or not. */
function headerRule(
  { fin, rsv, opcode, key, extended }: Omit<Frame, 'payload'>,
  masked: boolean,
): ProtocolRuleName | undefined {
  // 5.2: reserved bits and opcodes.
  if (rsv !== 0) return 'reserved-bits';
  if ((opcode > 2 && opcode < 8) || opcode > 10) return 'reserved-opcode';
  // 5.1
  if ((key !== undefined) !== masked) return masked ? 'unmasked-frame' : 'masked-frame';
  // 5.5
  if (opcode >= 8 && !fin) return 'control-fragmented';
  if (opcode >= 8 && extended > 0) return 'control-too-long';
  return undefined;
}

/** Returns the rule that the beginning of a frame breaks of which no more has arrived, if it does. */
export function judgeBeginning(bytes: Uint8Array, masked: boolean): ProtocolRuleName | undefined {
  const [first, second = 0, ...behind] = bytes.subarray(0, 14);
  if (first === undefined) return undefined;
  const known = bytes.length > 1;
  const code = second % 128;
  const extended = code === 126 ? 2 : code === 127 ? 8 : 0;
  // As long as the mask bit has not arrived, it is as it should be.
  const key = (known ? second >= 128 : masked) ? [0, 0, 0, 0] : undefined;
  const frame = { fin: first >= 128, rsv: Math.floor(first / 16) % 8, opcode: first % 16, extended, key };
  const rule = headerRule(frame, masked);
  if (rule !== undefined) return rule;
  // 5.2: "the most significant bit MUST be 0"
  if (extended === 8 && (behind[0] ?? 0) >= 128) return 'length-sign-bit';
  const digits = behind.slice(0, extended);
  if (digits.length < extended || extended === 0) return undefined;
  return digits.slice(0, extended - 2).every((digit) => digit === 0) &&
    (extended === 8 || digits.reduce((sum, digit) => 256 * sum + digit, 0) < 126)
    ? 'length-not-minimal'
    : undefined;
}

/**
 * Judges the frames that an endpoint receives which wants them masked (a server) or not (a client).
 *
 * @param leniency what the endpoint may do; ours does nothing of it
 */
export function judge(frames: readonly Frame[], masked: boolean, leniency: Leniency = {}): Verdict {
  const events: Summary[] = [];
  let message: { type: 'text' | 'binary'; decoder: InstanceType<typeof TextDecoder>; parts: Uint8Array[] } | undefined;
  const failed = (rule: ProtocolRuleName, failure = 1002): Verdict => ({ events, failure, rule });

  for (const frame of frames) {
    const { fin, opcode, payload, extended } = frame;
    const rule = headerRule(frame, masked);
    if (rule === 'reserved-bits' || rule === 'reserved-opcode') return failed(rule);
    // 5.2: "the minimal number of bytes MUST be used to encode the length"
    const isLong = (extended === 2 && payload.length < 126) || (extended === 8 && payload.length < 65536);
    if (isLong && leniency.longLengths !== true) return failed('length-not-minimal');
    if (rule !== undefined) return failed(rule);

    if (opcode >= 8) {
      if (opcode === 9) events.push(['ping', toHex(payload)]);
      if (opcode === 10) events.push(['pong', toHex(payload)]);
      if (opcode !== 8) continue;
      // 5.5.1, 7.4: frames after a Close frame are ignored.
      if (payload.length === 0) events.push(['close', 1005, '']);
      if (payload.length === 0) return { events, failure: undefined };
      if (payload.length === 1) return failed('close-payload-length');
      const code = new DataView(payload.buffer).getUint16(0);
      const isUnassigned = code > 1015 && code < 3000 && leniency.unassignedCodes === true;
      if (code < 1000 || (code > 1003 && code < 1007) || (code > 1014 && code < 3000 && !isUnassigned) || code > 4999)
        return failed('close-code');
      try {
        events.push(['close', code, decodeStrictly(payload.slice(2))]);
      } catch {
        return failed('close-reason-utf8', 1007);
      }
      return { events, failure: undefined };
    }

    // 5.4
    if ((opcode === 0) !== (message !== undefined))
      return failed(opcode === 0 ? 'continuation-without-message' : 'message-interleaved');
    message ??= {
      type: opcode === 1 ? 'text' : 'binary',
      decoder: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
      parts: [],
    };
    message.parts.push(payload);
    // 8.1
    try {
      if (message.type === 'text' && leniency.lateUtf8 !== true) message.decoder.decode(payload, { stream: !fin });
      else if (message.type === 'text' && fin) decodeStrictly(join(message.parts));
    } catch {
      return failed('invalid-utf8', 1007);
    }
    if (!fin) continue;
    const data = join(message.parts);
    events.push([message.type, message.type === 'text' ? decodeStrictly(data) : toHex(data)]);
    message = undefined;
  }
  return { events, failure: undefined };
}

/** RFC 3629 4, word for word, over one character a byte. */
const WHOLE = String.raw`[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}`;
/** What a code point may begin with. */
const BEGUN = String.raw`[\xc2-\xdf]|\xe0[\xa0-\xbf]?|[\xe1-\xec\xee\xef][\x80-\xbf]?|\xed[\x80-\x9f]?|\xf0(?:[\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3][\x80-\xbf]{0,2}|\xf4(?:[\x80-\x8f][\x80-\xbf]?)?`;
const POSSIBLE = new RegExp(`^((?:${WHOLE})*)(${BEGUN})?`);

/** What the grammar of UTF-8 says: the index of the first impossible byte, or -1, and how many bytes at the end are unfinished. */
export function grammar(bytes: Uint8Array): { impossible: number; unfinished: number } {
  const [possible = '', , begun = ''] = POSSIBLE.exec(String.fromCharCode(...bytes)) ?? [];
  return possible.length < bytes.length
    ? { impossible: possible.length, unfinished: 0 }
    : { impossible: -1, unfinished: begun.length };
}
