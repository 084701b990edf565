/**
 * The vector table: bytes that a peer sends, and what must come of them. It begins with the examples of RFC 6455 5.7, and
 * each rule that bytes can break has a row.
 *
 * Rows for a client are frames of a server, which are not masked and so can be read. In rows for a server the masking key is
 * 00 00 00 00 where that helps to read the payload.
 */
import type { ConnectionOptions, ProtocolRuleName, Role } from '../src/index.ts';
import { type Summary, times } from './bytes.ts';

interface Row {
  readonly name: string;
  /** The section of RFC 6455. */
  readonly section: string;
  /** Who receives the bytes. */
  readonly role: Role;
  readonly hex: string;
  readonly options?: ConnectionOptions;
}

/** Whole messages, then perhaps a Close frame: these events and no others. */
export interface ValidVector extends Row {
  readonly events: readonly Summary[];
  readonly rule?: never;
}

/** The last byte breaks the rule, or the bytes up to there make a frame that does. */
export interface InvalidVector extends Row {
  readonly rule: ProtocolRuleName;
  /** Where the frame at fault begins, or the first impossible byte lies. Default: 0. */
  readonly offset?: number;
  /** What is delivered before. Default: nothing. */
  readonly events?: readonly Summary[];
}

export type Vector = ValidVector | InvalidVector;

const HELLO: Summary = ['text', 'Hello'];

function ok(
  section: string,
  role: Role,
  name: string,
  hex: string,
  events: Summary[],
  options?: ConnectionOptions,
): Vector {
  return { name, section, role, hex, events, ...(options && { options }) };
}

type Details = Pick<InvalidVector, 'offset' | 'events' | 'options'>;

function bad(
  section: string,
  role: Role,
  name: string,
  hex: string,
  rule: ProtocolRuleName,
  details?: Details,
): Vector {
  return { name, section, role, hex, rule, ...details };
}

/** A number as the bytes of a 16-bit integer in network byte order. */
const u16 = (value: number): string => value.toString(16).padStart(4, '0');

/** The examples of RFC 6455 5.7, byte for byte. */
// biome-ignore format: a table
const EXAMPLES = [
  ok('5.7', 'client', 'a single-frame unmasked text message', '81 05 48 65 6c 6c 6f', [HELLO]),
  ok('5.7', 'server', 'a single-frame masked text message', '81 85 37 fa 21 3d 7f 9f 4d 51 58', [HELLO]),
  ok('5.7', 'client', 'a fragmented unmasked text message', '01 03 48 65 6c  80 02 6c 6f', [HELLO]),
  ok('5.7', 'client', 'an unmasked Ping request', '89 05 48 65 6c 6c 6f', [['ping', '48 65 6c 6c 6f']]),
  ok('5.7', 'server', 'a masked Ping response', '8a 85 37 fa 21 3d 7f 9f 4d 51 58', [['pong', '48 65 6c 6c 6f']]),
  ok('5.7', 'client', '256 bytes binary message in a single unmasked frame',
    `82 7e 0100 ${times(256, 'a5')}`, [['binary', times(256, 'a5')]]),
  ok('5.7', 'client', '64KiB binary message in a single unmasked frame',
    `82 7f 0000000000010000 ${times(65536, '5a')}`, [['binary', times(65536, '5a')]]),
];

/** Frames that users of the field know. */
// biome-ignore format: a table
const KNOWN = [
  ok('5.5.1', 'server', 'a masked Close frame with 1001', '88 82 34 b3 e3 25 37 5a', [['close', 1001, '']]),
  ok('5.3', 'server', 'a masked "hello, this is from client tiger"',
    `81 a0 f1 3d 90 39
      99 58 fc 55 9e 11 b0 4d 99 54 e3 19 98 4e b0 5f 83 52 fd 19 92 51 f9 5c 9f 49 b0 4d 98 5a f5 4b`,
    [['text', 'hello, this is from client tiger']]),
];

// biome-ignore format: a table
const MASKING = [
  bad('5.1', 'server', 'a server refuses a text frame that is not masked', '81 05 48 65 6c 6c 6f', 'unmasked-frame'),
  bad('5.1', 'server', 'a server refuses it as soon as the bit is there', '81 05', 'unmasked-frame'),
  bad('5.1', 'server', 'a server refuses an empty frame that is not masked', '82 00', 'unmasked-frame'),
  bad('5.1', 'server', 'a server refuses a Ping frame that is not masked', '89 00', 'unmasked-frame'),
  bad('5.1', 'server', 'a server refuses a Close frame that is not masked', '88 02 03 e8', 'unmasked-frame'),
  bad('5.1', 'server', 'a server refuses a second fragment that is not masked',
    '01 83 37 fa 21 3d 7f 9f 4d  80 02 6c 6f', 'unmasked-frame', { offset: 9 }),
  bad('5.1', 'client', 'a client refuses a text frame that is masked',
    '81 85 37 fa 21 3d 7f 9f 4d 51 58', 'masked-frame'),
  bad('5.1', 'client', 'a client refuses it as soon as the bit is there', '81 85', 'masked-frame'),
  bad('5.1', 'client', 'a client refuses a masking key of zeros too', '81 80 00 00 00 00', 'masked-frame'),
  bad('5.1', 'client', 'a client refuses a Close frame that is masked', '88 82 34 b3 e3 25 37 5a', 'masked-frame'),
  ok('5.3', 'server', 'each frame has a masking key of its own',
    '01 83 37 fa 21 3d 7f 9f 4d  80 82 01 02 03 04 6d 6d  89 81 ff 00 00 00 9e', [HELLO, ['ping', '61']]),
];

// biome-ignore format: a table
const RESERVED = [
  ...['c1', 'a1', '91', 'f1', 'c2', '41', '11'].map((first) =>
    bad('5.2', 'client', `${first}: a reserved bit on the first frame of a message`, first, 'reserved-bits'),
  ),
  ...['c8 02 03 e8', 'c9 00', 'a9 00', '99 00', 'ca 00'].map((frame) =>
    bad('5.2', 'client', `${frame}: a reserved bit on a control frame`, frame, 'reserved-bits'),
  ),
  ...['c0 01 61', 'a0 01 61', '90 01 61'].map((frame) =>
    bad('5.2', 'client', `${frame}: a reserved bit on a continuation frame`,
      `01 01 61  ${frame}`, 'reserved-bits', { offset: 3 }),
  ),
  bad('5.2', 'server', 'a reserved bit on a masked frame', 'c1 85 37 fa 21 3d 7f 9f 4d 51 58', 'reserved-bits'),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    bad('5.2', opcode % 2 === 0 ? 'client' : 'server', `the opcode ${opcode} is reserved`,
      (0x80 | opcode).toString(16), 'reserved-opcode'),
  ),
  bad('5.2', 'client', 'a reserved opcode between the fragments of a message, which is itself a fragment',
    '01 01 61  03 00', 'reserved-opcode', { offset: 3 }),
];

// biome-ignore format: a table
const LENGTHS = [
  ok('5.2', 'client', 'no payload, text', '81 00', [['text', '']]),
  ok('5.2', 'server', 'no payload, binary', '82 80 01 02 03 04', [['binary', '']]),
  ...[1, 15, 16, 17, 125].map((length) =>
    ok('5.2', 'client', `${length} bytes: a length in 7 bits`,
      `81 ${length.toString(16).padStart(2, '0')} ${times(length, '61')}`, [['text', 'a'.repeat(length)]]),
  ),
  ...[126, 127, 128, 65535].map((length) =>
    ok('5.2', 'server', `${length} bytes: a length in 16 bits`,
      `82 fe ${u16(length)} 00 00 00 00 ${times(length, 'b7')}`, [['binary', times(length, 'b7')]]),
  ),
  ok('5.2', 'server', '65536 bytes, masked: a length in 64 bits',
    `81 ff 0000000000010000 20 20 20 20 ${times(65536, '41')}`, [['text', 'a'.repeat(65536)]]),
  ...['0000', '0001', '007d'].map((length) =>
    bad('5.2', 'client', `${length} in 16 bits is not minimal`, `82 7e ${length}`, 'length-not-minimal'),
  ),
  ...['0000', '007d', '007e', 'ffff'].map((length) =>
    bad('5.2', 'server', `${length} in 64 bits is not minimal`, `82 ff 00000000 0000 ${length}`, 'length-not-minimal'),
  ),
  bad('5.2', 'client', 'a length that is not minimal in a later frame',
    '81 05 48 65 6c 6c 6f  81 7e 0005 48 65 6c 6c 6f', 'length-not-minimal', { offset: 7, events: [HELLO] }),
  bad('5.2', 'client', '2^63: the most significant bit is set', '82 7f 80 00 00 00 00 00 00 00', 'length-sign-bit'),
  bad('5.2', 'client', 'the most significant bit, as soon as it is there', '82 7f 80', 'length-sign-bit'),
  bad('5.2', 'server', '2^63 + 5: the most significant bit is set', '82 ff 80 00 00 00 00 00 00 05', 'length-sign-bit'),
  bad('5.2', 'client', '2^64 - 1: the most significant bit is set, whatever the limits',
    '82 7f ff ff ff ff ff ff ff ff', 'length-sign-bit', { options: { maxMessageSize: Infinity } }),
];

// biome-ignore format: a table
const LIMITS = [
  ...[
    ['2^31 - 1', '00 00 00 00 7f ff ff ff'],
    ['2^31', '00 00 00 00 80 00 00 00'],
    ['2^32 - 1', '00 00 00 00 ff ff ff ff'],
    ['2^32', '00 00 00 01 00 00 00 00'],
    ['2^32 + 1', '00 00 00 01 00 00 00 01'],
    ['2^40', '00 00 01 00 00 00 00 00'],
    ['2^53 - 1', '00 1f ff ff ff ff ff ff'],
    ['2^53', '00 20 00 00 00 00 00 00'],
    ['2^53 + 1', '00 20 00 00 00 00 00 01'],
    ['2^63 - 1', '7f ff ff ff ff ff ff ff'],
  ].map(([name, length]) =>
    bad('10.4', 'client', `${name} bytes are refused when they are announced`, `82 7f ${length}`, 'frame-too-big'),
  ),
  ...[
    ['2^53', '00 20 00 00 00 00 00 00'],
    ['2^53 + 1', '00 20 00 00 00 00 00 01'],
    ['2^63 - 1', '7f ff ff ff ff ff ff ff'],
  ].map(([name, length]) =>
    bad('10.4', 'server', `${name} bytes are refused without any limit, since their number is not exact`,
      `82 ff ${length}`, 'frame-too-big', { options: { maxMessageSize: Infinity } }),
  ),
  ok('10.4', 'client', 'a frame of maxFrameSize', '81 05 48 65 6c 6c 6f', [HELLO], { maxFrameSize: 5 }),
  bad('10.4', 'client', 'a frame of maxFrameSize + 1, before its payload',
    '81 05', 'frame-too-big', { options: { maxFrameSize: 4 } }),
  bad('10.4', 'client', 'a second fragment of maxFrameSize + 1',
    '01 02 48 65  80 03', 'frame-too-big', { offset: 4, options: { maxFrameSize: 2 } }),
  ok('10.4', 'client', 'a message of maxMessageSize in fragments',
    '01 03 48 65 6c  00 00  80 02 6c 6f', [HELLO], { maxMessageSize: 5 }),
  bad('10.4', 'client', 'a message of maxMessageSize + 1 in one frame',
    '81 05', 'message-too-big', { options: { maxMessageSize: 4, maxFrameSize: 5 } }),
  bad('10.4', 'client', 'a message of maxMessageSize + 1 in fragments',
    '01 03 48 65 6c  80 02', 'message-too-big', { offset: 5, options: { maxMessageSize: 4 } }),
  bad('10.4', 'client', 'a control frame between the fragments does not reset their sum',
    '01 03 48 65 6c  89 04 61 62 63 64  00 01 6c  8a 00  80 01',
    'message-too-big', { offset: 16, events: [['ping', '61 62 63 64'], ['pong', '']], options: { maxMessageSize: 4 } }),
  ok('10.4', 'client', 'a new message resets the sum',
    '01 03 48 65 6c  80 02 6c 6f  82 05 01 02 03 04 05', [HELLO, ['binary', '01 02 03 04 05']], { maxMessageSize: 5 }),
  bad('10.4', 'client', 'a sum of 1 + 2^32 over fragments',
    '02 01 61  80 7f 00 00 00 01 00 00 00 00',
    'message-too-big', { offset: 3, options: { maxMessageSize: 2 ** 32, maxFrameSize: Infinity } }),
  bad('10.4', 'client', 'a sum of 1 + (2^53 - 1) over fragments',
    '02 01 61  80 7f 00 1f ff ff ff ff ff ff',
    'message-too-big', { offset: 3, options: { maxMessageSize: 2 ** 53 - 1, maxFrameSize: Infinity } }),
  ok(
    '10.4',
    'client',
    'a message of maxFragments frames, most of them empty, with control frames between them; then another one',
    '01 03 48 65 6c  00 00  8a 00  80 02 6c 6f  01 00  00 05 48 65 6c 6c 6f  80 00',
    [['pong', ''], HELLO, HELLO],
    { maxFragments: 3 },
  ),
  bad('10.4', 'client', 'a message of maxFragments + 1 frames',
    '01 00  00 00  8a 00  00 00  00 00',
    'too-many-fragments', { offset: 8, events: [['pong', '']], options: { maxFragments: 3 } }),
  bad('10.4', 'client', 'a message of one frame where there may be one',
    '81 05 48 65 6c 6c 6f  01 05 48 65 6c 6c 6f  80 00',
    'too-many-fragments', { offset: 14, events: [HELLO], options: { maxFragments: 1 } }),
  ok('10.4', 'client', 'the limits do not apply to control frames',
    `89 7d ${times(125, '61')}`, [['ping', times(125, '61')]], { maxMessageSize: 4, maxFrameSize: 125 }),
];

// biome-ignore format: a table
const FRAGMENTATION = [
  ok('5.4', 'client', 'a byte a frame', '01 01 48  00 01 65  00 01 6c  00 01 6c  80 01 6f', [HELLO]),
  ok('5.4', 'server', 'a binary message in masked fragments',
    '02 82 00 00 00 00 01 02  00 81 ff 00 00 00 fc  80 81 00 00 00 00 04', [['binary', '01 02 03 04']]),
  ok('5.4', 'client', 'fragments without payload: first, between and last',
    '01 00  00 02 48 65  00 00  00 03 6c 6c 6f  80 00', [HELLO]),
  ok('5.4', 'client', 'nothing but fragments without payload', '02 00  00 00  80 00', [['binary', '']]),
  ok('5.4', 'client', 'control frames between fragments',
    '01 03 48 65 6c  89 01 61  8a 01 62  00 00  89 00  80 02 6c 6f',
    [['ping', '61'], ['pong', '62'], ['ping', ''], HELLO]),
  ok('5.4', 'server', 'masked control frames between fragments do not disturb the masking key',
    '01 83 37 fa 21 3d 7f 9f 4d  89 81 01 00 00 00 60  80 82 37 fa 21 3d 5b 95', [['ping', '61'], HELLO]),
  ok('5.4', 'client', 'a Close frame between fragments', '01 03 48 65 6c  88 02 03 e8', [['close', 1000, '']]),
  ok('5.4', 'client', 'messages one after the other, fragmented and not',
    '82 01 01  01 02 48 65  80 03 6c 6c 6f  82 01 02  02 00  80 01 03',
    [['binary', '01'], HELLO, ['binary', '02'], ['binary', '03']]),
  ...['01', '81', '02', '82'].map((first) =>
    bad('5.4', 'client', `${first}: a new message before the one in progress is complete`,
      `01 03 48 65 6c  ${first} 02 6c 6f`, 'message-interleaved', { offset: 5 }),
  ),
  bad('5.4', 'client', 'a new message before the one in progress is complete, which has no payload so far',
    '02 00  02 00', 'message-interleaved', { offset: 2 }),
  bad('5.4', 'server', 'a new message after a control frame, while a message is in progress',
    '01 81 00 00 00 00 61  89 80 00 00 00 00  81 81 00 00 00 00',
    'message-interleaved', { offset: 13, events: [['ping', '']] }),
  ...['80 02 6c 6f', '00 02 6c 6f', '80 00', '00 00'].map((frame) =>
    bad('5.4', 'client', `${frame}: a continuation of nothing`, frame, 'continuation-without-message'),
  ),
  ...(['00', '80'] as const).map((first) =>
    bad('5.4', first === '00' ? 'client' : 'server', `${first}: a continuation of nothing is refused at its first byte`,
      first, 'continuation-without-message'),
  ),
  ...['01', '02', '81', '82'].map((first) =>
    bad('5.4', 'server', `${first}: a new message inside of another is refused at its first byte`,
      `02 81 00 00 00 00 61  89 80 00 00 00 00  ${first}`,
      'message-interleaved', { offset: 13, events: [['ping', '']] }),
  ),
  ...(
    [
      ['00', 'continuation-without-message', ''],
      ['81', 'message-interleaved', '01 01 61'],
    ] as const
  ).map(([first, rule, before]) =>
    bad('5.4', 'client', `${first}: out of place, and longer than any limit as well: 1002 and not 1009`,
      `${before} ${first} 7f 00000000 ffffffff`,
      rule, { offset: before === '' ? 0 : 3, options: { maxFrameSize: 1000, maxMessageSize: 1000 } }),
  ),
  ...(
    [
      ['40', 'client', ''],
      ['c1', 'server', '01 81 00 00 00 00 61'],
    ] as const
  ).map(([first, role, before]) =>
    bad('5.2', role, `${first}: a reserved bit out of place is a reserved bit`,
      `${before} ${first}`, 'reserved-bits', { offset: before === '' ? 0 : 7 }),
  ),
  bad('5.4', 'client', 'a continuation after an unfragmented message',
    '81 05 48 65 6c 6c 6f  80 02 6c 6f', 'continuation-without-message', { offset: 7, events: [HELLO] }),
  bad('5.4', 'client', 'a continuation after a complete fragmented message',
    '01 03 48 65 6c  80 02 6c 6f  80 00', 'continuation-without-message', { offset: 9, events: [HELLO] }),
  bad('5.4', 'server', 'a continuation after a control frame',
    '89 80 00 00 00 00  80 80 00 00 00 00', 'continuation-without-message', { offset: 6, events: [['ping', '']] }),
];

// biome-ignore format: a table
const CONTROL = [
  ok('5.5.2', 'client', 'a Ping frame without payload', '89 00', [['ping', '']]),
  ok('5.5.2', 'server', 'a masked Ping frame of 125 bytes',
    `89 fd 00 00 00 00 ${times(125, 'e1')}`, [['ping', times(125, 'e1')]]),
  ok('5.5.3', 'client', 'an unsolicited Pong frame', '8a 02 ff 00', [['pong', 'ff 00']]),
  ...['88', '89', '8a'].flatMap((first) => [
    bad('5.5', 'client', `${first}: a control frame of 126 bytes`, `${first} 7e`, 'control-too-long'),
    bad('5.5', 'server', `${first}: a masked control frame with a length in 64 bits`,
      `${first} ff 0000000000010000`, 'control-too-long'),
  ]),
  bad('5.5', 'client', 'a whole Ping frame of 126 bytes', `89 7e 007e ${times(126, '61')}`, 'control-too-long'),
  ...['08', '09', '0a'].map((first) =>
    bad('5.5', 'client', `${first}: a control frame that is fragmented`,
      `81 00  ${first} 00`, 'control-fragmented', { offset: 2, events: [['text', '']] }),
  ),
];

const ALLOWED_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
const REFUSED_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 65535];

// biome-ignore format: a table
const CLOSING = [
  ok('5.5.1', 'client', 'a Close frame without payload', '88 00', [['close', 1005, '']]),
  ok('5.5.1', 'server', 'a Close frame with a code and a reason',
    '88 85 37 fa 21 3d 34 12 43 44 52', [['close', 1000, 'bye']]),
  ok('5.5.1', 'client', 'a Close frame with the longest reason',
    `88 7d 0fa0 ${times(123, '61')}`, [['close', 4000, 'a'.repeat(123)]]),
  ok('5.5.1', 'client', 'a Close frame with a reason that is not ASCII',
    '88 0c 03e8 e2 82 ac 20 f0 9f 90 af 21 21', [['close', 1000, '€ 🐯!!']]),
  ok('5.5.1', 'client', 'frames after a Close frame are ignored',
    '81 05 48 65 6c 6c 6f  88 02 03e9  81 05 48 65 6c 6c 6f  c3 ff ff', [HELLO, ['close', 1001, '']]),
  bad('5.5.1', 'client', 'half a code', '88 01 03', 'close-payload-length'),
  bad('5.5.1', 'client', 'half a code, as soon as it is announced', '88 01', 'close-payload-length'),
  bad('5.5.1', 'server', 'half a code, masked',
    '89 80 00 00 00 00  88 81 01 02 03 04 02', 'close-payload-length', { offset: 6, events: [['ping', '']] }),
  ...ALLOWED_CODES.map((code) =>
    ok('7.4', 'client', `the close code ${code} may be received`, `88 02 ${u16(code)}`, [['close', code, '']]),
  ),
  ...REFUSED_CODES.map((code) =>
    bad('7.4', 'client', `the close code ${code} must not be received`, `88 02 ${u16(code)}`, 'close-code'),
  ),
  bad('7.4', 'client', 'a code that must not be received, with a reason, after a message',
    '81 05 48 65 6c 6c 6f  88 05 03ed 62 79 65', 'close-code', { offset: 7, events: [HELLO] }),
  ...['ff', '80', 'c0 80', 'ed a0 80', 'f4 90 80 80', '61 c3', '61 e2 82', 'c3 28'].map((reason) =>
    bad('8.1', 'client', `the reason ${reason} is not UTF-8`,
      `88 0${2 + reason.split(' ').length} 03e8 ${reason}`, 'close-reason-utf8'),
  ),
];

/** Texts, with the characters that they are. */
const VALID_UTF8 = [
  ['00', '\0'],
  ['7f', '\x7f'],
  ['c2 80', '\x80'],
  ['df bf', '\u07ff'],
  ['e0 a0 80', '\u0800'],
  ['ed 9f bf', '\ud7ff'],
  ['ee 80 80', '\ue000'],
  ['ef bf bd', '\ufffd'],
  ['ef bf bf', '\uffff'],
  ['f0 90 80 80', '\u{10000}'],
  ['f4 8f bf bf', '\u{10ffff}'],
  ['ef bb bf 61', '\ufeffa'],
  ['ce ba e1 bd b9 cf 83 ce bc ce b5', '\u03ba\u1f79\u03c3\u03bc\u03b5'],
] as const;

/** What is not UTF-8, with the index of the first byte that cannot be: the length where the end comes too early. */
const INVALID_UTF8 = [
  ['a tail byte alone', '80', 0],
  ['a tail byte too many', 'c2 80 80', 2],
  ['fe', '61 fe', 1],
  ['ff', '61 62 ff', 2],
  ['an overlong 2-byte form', 'c0 80', 0],
  ['an overlong 2-byte form of DEL', '61 c1 bf', 1],
  ['an overlong 3-byte form', 'e0 80 80', 1],
  ['the last overlong 3-byte form', 'e0 9f bf', 1],
  ['an overlong 4-byte form', 'f0 80 80 80', 1],
  ['the last overlong 4-byte form', 'f0 8f bf bf', 1],
  ['a 5-byte form', 'f8 88 80 80 80', 0],
  ['a 6-byte form', 'fc 84 80 80 80 80', 0],
  ['the first surrogate', 'ed a0 80', 1],
  ['the last surrogate', 'ed bf bf', 1],
  ['a surrogate pair', 'ed a0 bd ed b8 80', 1],
  ['U+110000', 'f4 90 80 80', 1],
  ['a lead byte beyond U+10FFFF', '61 f5 80 80 80', 1],
  ['ASCII instead of the 2nd byte of 2', 'c3 28', 1],
  ['ASCII instead of the 3rd byte of 3', 'e2 82 28', 2],
  ['a lead byte instead of the 4th byte of 4', 'f0 9f 90 c3', 3],
  ['a surrogate behind a word in Greek', 'ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80', 12],
  ['the end inside 2 bytes', '61 c3', 2],
  ['the end inside 3 bytes, after 1', 'e2', 1],
  ['the end inside 3 bytes, after 2', 'e2 82', 2],
  ['the end inside 4 bytes, after 1', 'f0', 1],
  ['the end inside 4 bytes, after 3', '61 f0 9f 90', 4],
] as const;

// biome-ignore format: a table
const TEXT = [
  ...VALID_UTF8.flatMap(([bytes, text]) => [
    ok('8.1', 'client', `${bytes} is valid`, `81 0${bytes.split(' ').length.toString(16)} ${bytes}`, [['text', text]]),
    ok('5.6', 'client', `${bytes} is valid, a byte a fragment`,
      `01 00 ${bytes
        .split(' ')
        .map((byte) => ` 00 01 ${byte} `)
        .join('')} 80 00`, [['text', text]]),
  ]),
  ...INVALID_UTF8.flatMap(([name, bytes, index]) => {
    const all = bytes.split(' ');
    const possible = all.slice(0, index);
    const truncated = index === all.length;
    return [
      bad('8.1', 'client', `${name}: ${bytes}`,
        `81 0${all.length.toString(16)} ${bytes}`, 'invalid-utf8', { offset: 2 + index }),
      bad('8.1', 'client', `${name}: ${bytes}, a byte a fragment`,
        `01 00 ${possible.map((byte) => ` 00 01 ${byte} `).join('')} 80 0${truncated ? '0' : `1 ${all[index]}`}`,
        'invalid-utf8', { offset: 2 + 3 * index + 2 }),
      ...(truncated
        ? []
        : [
            bad('8.1', 'server', `${name}: ${bytes}, refused inside a frame and long before its end`,
              `01 ff 0000000000100000 00 00 00 00 ${all.slice(0, index + 1).join(' ')}`,
              'invalid-utf8', { offset: 14 + index }),
          ]),
    ];
  }),
  bad('8.1', 'server', 'an impossible byte under a masking key',
    '81 87 37 fa 21 3d f9 40 c0 80 8e 05 60', 'invalid-utf8', { offset: 11 }),
  bad('8.1', 'client', 'an impossible byte after 100 bytes of ASCII',
    `81 7e 0080 ${times(100, '61')} ff ${times(27, '61')}`, 'invalid-utf8', { offset: 104 }),
  ok('5.6', 'client', 'a code point in two fragments, with a Ping frame between them',
    '01 02 f0 9f  89 02 c3 28  80 02 90 af', [['ping', 'c3 28'], ['text', '🐯']]),
  bad('8.1', 'client', 'a code point that a new fragment does not complete',
    '01 02 61 e2  89 00  80 02 61 61', 'invalid-utf8', { offset: 8, events: [['ping', '']] }),
  bad('8.1', 'client', 'the next text begins anew',
    '81 02 c3 a9  81 01 a9', 'invalid-utf8', { offset: 6, events: [['text', 'é']] }),
  ok('5.6', 'client', 'binary messages are not UTF-8', '82 03 ed a0 80', [['binary', 'ed a0 80']]),
];

export const VECTORS: readonly Vector[] = [
  ...EXAMPLES,
  ...KNOWN,
  ...MASKING,
  ...RESERVED,
  ...LENGTHS,
  ...LIMITS,
  ...FRAGMENTATION,
  ...CONTROL,
  ...CLOSING,
  ...TEXT,
];
