/** The fields of a frame with a legal header, each with its bits and what they mean. */
import { CloseCode, Opcode } from '@sockless/core';
import { type FrameHeader, RSV1 } from '@sockless/core/frame';
import { type Inflated, ratio } from './inflation.ts';

/** A field of the frame: the bits `from` to `to - 1`, counted from the frame's first. */
export interface Field {
  /** Determines the colour of the field. */
  readonly id: 'fin' | 'rsv' | 'opcode' | 'mask' | 'length' | 'extended' | 'key' | 'payload' | 'unread';
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** The value in binary, hexadecimal or decimal, whichever is clearest. */
  readonly value: string;
  readonly meaning: string;
  readonly section: string;
  /** The RFC of the section. Default: 6455. */
  readonly rfc?: 7692;
  /** Whether this is what breaks a rule; then `meaning` says which. */
  readonly broken?: boolean;
}

export const OPCODES: Readonly<Record<Opcode, { name: string; section: string; meaning: string }>> = {
  [Opcode.Continuation]: {
    name: 'continuation',
    section: '5.4',
    meaning: 'The next fragment of the message that an earlier frame began.',
  },
  [Opcode.Text]: { name: 'text', section: '5.6', meaning: 'Begins a text message, which is always UTF-8.' },
  [Opcode.Binary]: {
    name: 'binary',
    section: '5.6',
    meaning: 'Begins a message of bytes, whose meaning is up to the application.',
  },
  [Opcode.Close]: {
    name: 'close',
    section: '5.5.1',
    meaning: 'Begins or answers the closing handshake. No more data follows from this side.',
  },
  [Opcode.Ping]: {
    name: 'ping',
    section: '5.5.2',
    meaning: 'Are you there? The peer answers with a Pong frame that has the same payload.',
  },
  [Opcode.Pong]: {
    name: 'pong',
    section: '5.5.3',
    meaning: 'The answer to a Ping frame, with the same payload.',
  },
};

const utf8 = new TextDecoder();

/** Formats bytes in hexadecimal: `81 05`. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, hexByte).join(' ');
}

export const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0');

/** Formats a number with thousands separators. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** A field without what it means. */
type Place = Omit<Field, 'meaning'>;

/** Returns where each field of a header is and what it says, whether the header is legal or not. One that is not there has no bits. */
export function headerLayout(bytes: Uint8Array): Readonly<Record<Exclude<Field['id'], 'payload' | 'unread'>, Place>> {
  const [first = 0, second = 0] = bytes;
  const opcode = first & 15;
  const { name, section } = (OPCODES as Partial<typeof OPCODES>)[opcode as Opcode] ?? {
    name: 'reserved',
    section: '5.2',
  };
  const masked = second >= 0x80;
  const short = second & 0x7f;
  const keyAt = 2 + extendedBytes(short);
  const size = keyAt + (masked ? 4 : 0);
  const rsv = ((first >> 4) & 7).toString(2).padStart(3, '0');
  const extended = bytes.subarray(2, keyAt);
  return {
    fin: { id: 'fin', name: 'FIN', from: 0, to: 1, value: String(first >> 7), section: '5.2' },
    rsv: { id: 'rsv', name: 'RSV1–3', from: 1, to: 4, value: rsv, section: '5.2' },
    opcode: { id: 'opcode', name: 'opcode', from: 4, to: 8, value: `0x${opcode.toString(16)} ${name}`, section },
    mask: { id: 'mask', name: 'MASK', from: 8, to: 9, value: masked ? '1' : '0', section: '5.1' },
    length: { id: 'length', name: 'Payload len', from: 9, to: 16, value: String(short), section: '5.2' },
    extended: {
      ...{ id: 'extended', name: 'Extended length', from: 16, to: 8 * keyAt, section: '5.2' },
      value: extended.length < keyAt - 2 ? `${hex(extended)} …` : bigEndian(extended).toLocaleString('en-US'),
    },
    key: {
      ...{ id: 'key', name: 'Masking-key', from: 8 * keyAt, to: 8 * size, section: '5.3' },
      value: hex(bytes.subarray(keyAt, size)),
    },
  };
}

/** Returns how many bytes of extended length follow these 7 bits. */
const extendedBytes = (short: number): number => (short === 126 ? 2 : short === 127 ? 8 : 0);

const bigEndian = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** Describes the 7 bits of the payload length; `direct` says what they mean when they are the length. */
export function lengthMeaning({ value }: Place, direct: (length: string) => string): string {
  const extended = extendedBytes(Number(value));
  if (extended === 0) return direct(bytesOf(Number(value)));
  return `${value} means that the length is in the next ${extended} bytes.`;
}

/** Returns the fields of a frame whose header is `size` bytes long. */
export function headerFields(
  header: FrameHeader,
  bytes: Uint8Array,
  size: number,
  payload: Uint8Array,
  compression: boolean,
  inflated: Inflated | undefined,
): Field[] {
  const { final, opcode, masked, length } = header;
  const { fin, rsv, opcode: type, mask, length: short, extended, key } = headerLayout(bytes);
  const bits = extended.to - extended.from;
  const fields: Field[] = [
    {
      ...fin,
      meaning: final
        ? opcode === Opcode.Continuation
          ? 'The last fragment: the message is complete.'
          : 'The message is complete with this frame.'
        : 'More fragments of this message follow.',
    },
    { ...rsv, ...reservedMeaning(header, compression, inflated) },
    { ...type, meaning: OPCODES[opcode].meaning },
    {
      ...mask,
      meaning: masked
        ? 'The payload is masked, because a client must mask every frame.'
        : 'The payload is not masked, because a server never masks.',
    },
    { ...short, meaning: lengthMeaning(short, (direct) => `${direct}: up to 125, these 7 bits are the length.`) },
    {
      ...extended,
      meaning: `The length in ${bits} bits, because ${bits === 16 ? 'it is over 125' : 'it does not fit in 16'}.`,
    },
    {
      ...key,
      meaning: 'Fresh and unpredictable for each frame: byte i of the payload is XORed with byte i mod 4 of the key.',
    },
  ].filter(({ from, to }) => from < to);
  if (length > 0) {
    fields.push({
      id: 'payload',
      name: 'Payload data',
      from: 8 * size,
      to: 8 * (size + length),
      value: bytesOf(length),
      ...(inflated === undefined
        ? { meaning: payloadMeaning(header, payload), section: opcode === Opcode.Close ? '5.5.1' : '5.2' }
        : { meaning: compressedMeaning(header, inflated), section: '7.2.2', rfc: 7692 }),
    });
  }
  return fields;
}

function reservedMeaning(
  { opcode, rsv }: FrameHeader,
  compression: boolean,
  inflated: Inflated | undefined,
): Pick<Field, 'meaning' | 'section' | 'rfc'> {
  if (!compression) {
    const meaning = 'Reserved for extensions, such as compression. None is in use, so all must be 0.';
    return { meaning, section: '5.2' };
  }
  const bit = 'RSV1 is the bit “Per-Message Compressed” of permessage-deflate';
  const about =
    opcode >= Opcode.Close
      ? `${bit}: control frames are never compressed.`
      : opcode === Opcode.Continuation
        ? `${bit}: only the first frame of a message has it. This message is ${inflated ? '' : 'not '}compressed.`
        : (rsv & RSV1) !== 0
          ? `${bit}: this message is compressed.`
          : `${bit}: this message is not compressed.`;
  return { meaning: `${about} RSV2 and RSV3 are reserved.`, section: '6', rfc: 7692 };
}

function compressedMeaning({ final }: FrameHeader, { frame, message, problem }: Inflated): string {
  if (problem !== '') return `The data of the application, compressed. Not inflated: ${problem}.`;
  const one = `The data of the application, compressed: ${inflatedTo(frame)}.`;
  const several = final && message.packed !== frame.packed;
  return several ? `${one} The whole message: ${inflatedTo(message)}.` : one;
}

/** Describes two sizes and their ratio. */
export function inflatedTo(sizes: Inflated['frame']): string {
  const share = ratio(sizes);
  return `${bytesOf(sizes.packed)} for ${count(sizes.inflated)}${share === '' ? '' : `, which is ${share}`}`;
}

function payloadMeaning({ opcode, length }: FrameHeader, payload: Uint8Array): string {
  const shown = payload.length < length ? ` Only the first ${count(payload.length)} bytes are mirrored here.` : '';
  switch (opcode) {
    case Opcode.Close: {
      const { code, name, reason } = closeReason(payload);
      return `Close code ${code}, ${name}${reason === '' ? '; no reason given' : `; reason “${reason}”`}.`;
    }
    case Opcode.Ping:
      return 'Any bytes; the peer sends them back. This heartbeat numbers its Ping frames.';
    case Opcode.Pong:
      return 'The bytes of the Ping frame that this one answers.';
    default:
      return `The data of the application${opcode === Opcode.Continuation ? ', continued' : ''}.${shown}`;
  }
}

/** Reads the payload of a Close frame: code, the code's name, reason. */
export function closeReason(payload: Uint8Array): { code: string; name: string; reason: string } {
  if (payload.length < 2) return { code: 'none', name: 'the frame has none', reason: '' };
  const code = ((payload[0] as number) << 8) | (payload[1] as number);
  const known = Object.entries(CloseCode).find(([, value]) => value === code)?.[0];
  const name = known?.replace(/(?<=.)(?=[A-Z])/g, ' ').toLowerCase();
  return { code: String(code), name: name ?? range(code), reason: utf8.decode(payload.subarray(2)) };
}

const range = (code: number): string => (code >= 4000 ? 'private use' : code >= 3000 ? 'registered' : 'unknown');

/** Formats a number of things: `1 byte`, `2,000 bytes`. */
export const countOf = (value: number, one: string): string => `${count(value)} ${value === 1 ? one : `${one}s`}`;

/** Formats a length: `1 byte`, `2,000 bytes`. */
export const bytesOf = (length: number): string => countOf(length, 'byte');
