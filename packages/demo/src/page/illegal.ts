/** The fields of a header that breaks a rule: as far as its bytes are there, with the field that breaks it. */
import { PROTOCOL_RULES, type ProtocolError, type ProtocolRuleName } from '@sockless/core';
import { bytesOf, type Field, hex, OPCODES } from './fields.ts';

/** The field that breaks a rule about headers. */
const BREAKS: Readonly<Partial<Record<ProtocolRuleName, Field['id']>>> = {
  'reserved-bits': 'rsv',
  'reserved-opcode': 'opcode',
  'control-fragmented': 'fin',
  'control-too-long': 'length',
  'close-payload-length': 'length',
  'unmasked-frame': 'mask',
  'masked-frame': 'mask',
  'length-not-minimal': 'extended',
  'length-sign-bit': 'extended',
  'frame-too-big': 'extended',
};

/** Returns the fields of bytes whose header is not legal, and last the bytes that nobody reads. */
export function illegalFields(bytes: Uint8Array, { rule }: ProtocolError): Field[] {
  const { section, sentence, remedy } = PROTOCOL_RULES[rule];
  const [first = 0, second = 0] = bytes;
  const opcode = first & 15;
  const known = (OPCODES as Readonly<Record<number, (typeof OPCODES)[0]>>)[opcode];
  const masked = second >= 0x80;
  const short = second & 127;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const keyAt = 2 + extended;
  const size = Math.min(bytes.length, keyAt + (masked ? 4 : 0));
  const fields: Field[] = [
    {
      id: 'fin',
      name: 'FIN',
      from: 0,
      to: 1,
      value: String(first >> 7),
      meaning: first >= 0x80 ? 'The message would be complete with this frame.' : 'More fragments would follow.',
      section: '5.2',
    },
    {
      id: 'rsv',
      name: 'RSV1–3',
      from: 1,
      to: 4,
      value: ((first >> 4) & 7).toString(2).padStart(3, '0'),
      meaning: 'Reserved for extensions, such as compression.',
      section: '5.2',
    },
    {
      id: 'opcode',
      name: 'opcode',
      from: 4,
      to: 8,
      value: `0x${opcode.toString(16)} ${known?.name ?? 'reserved'}`,
      meaning: known?.meaning ?? '',
      section: known?.section ?? '5.2',
    },
    {
      id: 'mask',
      name: 'MASK',
      from: 8,
      to: 9,
      value: masked ? '1' : '0',
      meaning: masked ? 'The payload would be masked.' : 'The payload would not be masked.',
      section: '5.1',
    },
    {
      id: 'length',
      name: 'Payload len',
      from: 9,
      to: 16,
      value: String(short),
      meaning:
        extended === 0
          ? `The payload would have ${bytesOf(short)}.`
          : `${short} means that the length is in the next ${extended} bytes.`,
      section: '5.2',
    },
    {
      id: 'extended',
      name: 'Extended length',
      from: 16,
      to: 16 + 8 * extended,
      value: extendedLength(bytes.subarray(2, keyAt), extended),
      meaning: `The length of the payload, in ${8 * extended} bits.`,
      section: '5.2',
    },
    {
      id: 'key',
      name: 'Masking-key',
      from: 8 * keyAt,
      to: 8 * (keyAt + (masked ? 4 : 0)),
      value: hex(bytes.subarray(keyAt, size)),
      meaning: 'The payload would be unmasked with it.',
      section: '5.3',
    },
    {
      id: 'unread',
      name: 'Not read',
      from: 8 * size,
      to: 8 * bytes.length,
      value: bytesOf(bytes.length - size),
      meaning: 'The connection has failed: nothing that follows is read.',
      section: '7.1.7',
    },
  ];
  const broken = { broken: true, meaning: `${sentence[0]?.toUpperCase()}${sentence.slice(1)}: ${remedy}.`, section };
  return fields
    .filter(({ from, to }) => from < to && from < 8 * bytes.length)
    .map((field) => (field.id === BREAKS[rule] ? { ...field, ...broken } : field));
}

function extendedLength(bytes: Uint8Array, size: number): string {
  if (bytes.length < size) return `${hex(bytes)} …`;
  return bytes.reduce((length, byte) => (length << 8n) | BigInt(byte), 0n).toLocaleString('en-US');
}
