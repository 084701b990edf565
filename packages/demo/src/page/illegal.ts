/** The fields of a header that breaks a rule: as far as its bytes are there, with the field that breaks it. */
import { PROTOCOL_RULES, type ProtocolError, type ProtocolRuleName } from '@sockless/core';
import { bytesOf, type Field, headerLayout, lengthMeaning, OPCODES } from './fields.ts';

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
  const { fin, rsv, opcode, mask, length, extended, key } = headerLayout(bytes);
  const end = Math.min(8 * bytes.length, key.to);
  const [first = 0] = bytes;
  const known = (OPCODES as Readonly<Record<number, (typeof OPCODES)[0]>>)[first & 15];
  const fields: Field[] = [
    {
      ...fin,
      meaning: first >= 0x80 ? 'The message would be complete with this frame.' : 'More fragments would follow.',
    },
    { ...rsv, meaning: 'Reserved for extensions, such as compression.' },
    { ...opcode, meaning: known?.meaning ?? '' },
    { ...mask, meaning: `The payload would ${mask.value === '1' ? '' : 'not '}be masked.` },
    { ...length, meaning: lengthMeaning(length, (direct) => `The payload would have ${direct}.`) },
    { ...extended, meaning: `The length of the payload, in ${extended.to - extended.from} bits.` },
    { ...key, meaning: 'The payload would be unmasked with it.' },
    {
      id: 'unread',
      name: 'Not read',
      from: end,
      to: 8 * bytes.length,
      value: bytesOf(bytes.length - end / 8),
      meaning: 'The connection has failed: nothing that follows is read.',
      section: '7.1.7',
    },
  ];
  const broken = { broken: true, meaning: `${sentence[0]?.toUpperCase()}${sentence.slice(1)}: ${remedy}.`, section };
  return fields
    .filter(({ from, to }) => from < to && from < 8 * bytes.length)
    .map((field) => (field.id === BREAKS[rule] ? { ...field, ...broken } : field));
}
