/**
 * The vector table: bytes that a peer sends, and what must come of them. It begins with the examples of RFC 6455 5.7, and
 * each rule that bytes can break has a row.
 *
 * Rows for a client are frames of a server, which are not masked and so can be read. In rows for a server the masking key is
 * 00 00 00 00 where that helps to read the payload.
 */
import type { ConnectionOptions, ProtocolRuleName, Role } from '../src/index.ts';
import { type Summary, times } from './support.ts';

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

/** A number as the bytes of a 16-bit integer in network byte order. */
const u16 = (value: number): string => value.toString(16).padStart(4, '0');

/** The examples of RFC 6455 5.7, byte for byte. */
const EXAMPLES: Vector[] = [
  {
    name: 'a single-frame unmasked text message',
    section: '5.7',
    role: 'client',
    hex: '81 05 48 65 6c 6c 6f',
    events: [HELLO],
  },
  {
    name: 'a single-frame masked text message',
    section: '5.7',
    role: 'server',
    hex: '81 85 37 fa 21 3d 7f 9f 4d 51 58',
    events: [HELLO],
  },
  {
    name: 'a fragmented unmasked text message',
    section: '5.7',
    role: 'client',
    hex: '01 03 48 65 6c  80 02 6c 6f',
    events: [HELLO],
  },
  {
    name: 'an unmasked Ping request',
    section: '5.7',
    role: 'client',
    hex: '89 05 48 65 6c 6c 6f',
    events: [['ping', '48 65 6c 6c 6f']],
  },
  {
    name: 'a masked Ping response',
    section: '5.7',
    role: 'server',
    hex: '8a 85 37 fa 21 3d 7f 9f 4d 51 58',
    events: [['pong', '48 65 6c 6c 6f']],
  },
  {
    name: '256 bytes binary message in a single unmasked frame',
    section: '5.7',
    role: 'client',
    hex: `82 7e 0100 ${times(256, 'a5')}`,
    events: [['binary', times(256, 'a5')]],
  },
  {
    name: '64KiB binary message in a single unmasked frame',
    section: '5.7',
    role: 'client',
    hex: `82 7f 0000000000010000 ${times(65536, '5a')}`,
    events: [['binary', times(65536, '5a')]],
  },
];

/** Frames that users of the field know. */
const KNOWN: Vector[] = [
  {
    name: 'a masked Close frame with 1001',
    section: '5.5.1',
    role: 'server',
    hex: '88 82 34 b3 e3 25 37 5a',
    events: [['close', 1001, '']],
  },
  {
    name: 'a masked "hello, this is from client tiger"',
    section: '5.3',
    role: 'server',
    hex: `81 a0 f1 3d 90 39
      99 58 fc 55 9e 11 b0 4d 99 54 e3 19 98 4e b0 5f 83 52 fd 19 92 51 f9 5c 9f 49 b0 4d 98 5a f5 4b`,
    events: [['text', 'hello, this is from client tiger']],
  },
];

const MASKING: Vector[] = [
  {
    name: 'a server refuses a text frame that is not masked',
    section: '5.1',
    role: 'server',
    hex: '81 05 48 65 6c 6c 6f',
    rule: 'unmasked-frame',
  },
  {
    name: 'a server refuses it as soon as the bit is there',
    section: '5.1',
    role: 'server',
    hex: '81 05',
    rule: 'unmasked-frame',
  },
  {
    name: 'a server refuses an empty frame that is not masked',
    section: '5.1',
    role: 'server',
    hex: '82 00',
    rule: 'unmasked-frame',
  },
  {
    name: 'a server refuses a Ping frame that is not masked',
    section: '5.1',
    role: 'server',
    hex: '89 00',
    rule: 'unmasked-frame',
  },
  {
    name: 'a server refuses a Close frame that is not masked',
    section: '5.1',
    role: 'server',
    hex: '88 02 03 e8',
    rule: 'unmasked-frame',
  },
  {
    name: 'a server refuses a second fragment that is not masked',
    section: '5.1',
    role: 'server',
    hex: '01 83 37 fa 21 3d 7f 9f 4d  80 02 6c 6f',
    rule: 'unmasked-frame',
    offset: 9,
  },
  {
    name: 'a client refuses a text frame that is masked',
    section: '5.1',
    role: 'client',
    hex: '81 85 37 fa 21 3d 7f 9f 4d 51 58',
    rule: 'masked-frame',
  },
  {
    name: 'a client refuses it as soon as the bit is there',
    section: '5.1',
    role: 'client',
    hex: '81 85',
    rule: 'masked-frame',
  },
  {
    name: 'a client refuses a masking key of zeros too',
    section: '5.1',
    role: 'client',
    hex: '81 80 00 00 00 00',
    rule: 'masked-frame',
  },
  {
    name: 'a client refuses a Close frame that is masked',
    section: '5.1',
    role: 'client',
    hex: '88 82 34 b3 e3 25 37 5a',
    rule: 'masked-frame',
  },
  {
    name: 'each frame has a masking key of its own',
    section: '5.3',
    role: 'server',
    hex: '01 83 37 fa 21 3d 7f 9f 4d  80 82 01 02 03 04 6d 6d  89 81 ff 00 00 00 9e',
    events: [HELLO, ['ping', '61']],
  },
];

const RESERVED: Vector[] = [
  ...['c1', 'a1', '91', 'f1', 'c2', '41', '11'].map(
    (first): Vector => ({
      name: `${first}: a reserved bit on the first frame of a message`,
      section: '5.2',
      role: 'client',
      hex: first,
      rule: 'reserved-bits',
    }),
  ),
  ...['c8 02 03 e8', 'c9 00', 'a9 00', '99 00', 'ca 00'].map(
    (frame): Vector => ({
      name: `${frame}: a reserved bit on a control frame`,
      section: '5.2',
      role: 'client',
      hex: frame,
      rule: 'reserved-bits',
    }),
  ),
  ...['c0 01 61', 'a0 01 61', '90 01 61'].map(
    (frame): Vector => ({
      name: `${frame}: a reserved bit on a continuation frame`,
      section: '5.2',
      role: 'client',
      hex: `01 01 61  ${frame}`,
      rule: 'reserved-bits',
      offset: 3,
    }),
  ),
  {
    name: 'a reserved bit on a masked frame',
    section: '5.2',
    role: 'server',
    hex: 'c1 85 37 fa 21 3d 7f 9f 4d 51 58',
    rule: 'reserved-bits',
  },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode): Vector => ({
      name: `the opcode ${opcode} is reserved`,
      section: '5.2',
      role: opcode % 2 === 0 ? 'client' : 'server',
      hex: (0x80 | opcode).toString(16),
      rule: 'reserved-opcode',
    }),
  ),
  {
    name: 'a reserved opcode between the fragments of a message, which is itself a fragment',
    section: '5.2',
    role: 'client',
    hex: '01 01 61  03 00',
    rule: 'reserved-opcode',
    offset: 3,
  },
];

const LENGTHS: Vector[] = [
  { name: 'no payload, text', section: '5.2', role: 'client', hex: '81 00', events: [['text', '']] },
  { name: 'no payload, binary', section: '5.2', role: 'server', hex: '82 80 01 02 03 04', events: [['binary', '']] },
  ...[1, 15, 16, 17, 125].map(
    (length): Vector => ({
      name: `${length} bytes: a length in 7 bits`,
      section: '5.2',
      role: 'client',
      hex: `81 ${length.toString(16).padStart(2, '0')} ${times(length, '61')}`,
      events: [['text', 'a'.repeat(length)]],
    }),
  ),
  ...[126, 127, 128, 65535].map(
    (length): Vector => ({
      name: `${length} bytes: a length in 16 bits`,
      section: '5.2',
      role: 'server',
      hex: `82 fe ${u16(length)} 00 00 00 00 ${times(length, 'b7')}`,
      events: [['binary', times(length, 'b7')]],
    }),
  ),
  {
    name: '65536 bytes, masked: a length in 64 bits',
    section: '5.2',
    role: 'server',
    hex: `81 ff 0000000000010000 20 20 20 20 ${times(65536, '41')}`,
    events: [['text', 'a'.repeat(65536)]],
  },
  ...['0000', '0001', '007d'].map(
    (length): Vector => ({
      name: `${length} in 16 bits is not minimal`,
      section: '5.2',
      role: 'client',
      hex: `82 7e ${length}`,
      rule: 'length-not-minimal',
    }),
  ),
  ...['0000', '007d', '007e', 'ffff'].map(
    (length): Vector => ({
      name: `${length} in 64 bits is not minimal`,
      section: '5.2',
      role: 'server',
      hex: `82 ff 00000000 0000 ${length}`,
      rule: 'length-not-minimal',
    }),
  ),
  {
    name: 'a length that is not minimal in a later frame',
    section: '5.2',
    role: 'client',
    hex: '81 05 48 65 6c 6c 6f  81 7e 0005 48 65 6c 6c 6f',
    events: [HELLO],
    rule: 'length-not-minimal',
    offset: 7,
  },
  {
    name: '2^63: the most significant bit is set',
    section: '5.2',
    role: 'client',
    hex: '82 7f 80 00 00 00 00 00 00 00',
    rule: 'length-sign-bit',
  },
  {
    name: 'the most significant bit, as soon as it is there',
    section: '5.2',
    role: 'client',
    hex: '82 7f 80',
    rule: 'length-sign-bit',
  },
  {
    name: '2^63 + 5: the most significant bit is set',
    section: '5.2',
    role: 'server',
    hex: '82 ff 80 00 00 00 00 00 00 05',
    rule: 'length-sign-bit',
  },
  {
    name: '2^64 - 1: the most significant bit is set, whatever the limits',
    section: '5.2',
    role: 'client',
    options: { maxMessageSize: Infinity },
    hex: '82 7f ff ff ff ff ff ff ff ff',
    rule: 'length-sign-bit',
  },
];

const LIMITS: Vector[] = [
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
  ].map(
    ([name, length]): Vector => ({
      name: `${name} bytes are refused when they are announced`,
      section: '10.4',
      role: 'client',
      hex: `82 7f ${length}`,
      rule: 'frame-too-big',
    }),
  ),
  ...[
    ['2^53', '00 20 00 00 00 00 00 00'],
    ['2^53 + 1', '00 20 00 00 00 00 00 01'],
    ['2^63 - 1', '7f ff ff ff ff ff ff ff'],
  ].map(
    ([name, length]): Vector => ({
      name: `${name} bytes are refused without any limit, since their number is not exact`,
      section: '10.4',
      role: 'server',
      options: { maxMessageSize: Infinity },
      hex: `82 ff ${length}`,
      rule: 'frame-too-big',
    }),
  ),
  {
    name: 'a frame of maxFrameSize',
    section: '10.4',
    role: 'client',
    options: { maxFrameSize: 5 },
    hex: '81 05 48 65 6c 6c 6f',
    events: [HELLO],
  },
  {
    name: 'a frame of maxFrameSize + 1, before its payload',
    section: '10.4',
    role: 'client',
    options: { maxFrameSize: 4 },
    hex: '81 05',
    rule: 'frame-too-big',
  },
  {
    name: 'a second fragment of maxFrameSize + 1',
    section: '10.4',
    role: 'client',
    options: { maxFrameSize: 2 },
    hex: '01 02 48 65  80 03',
    rule: 'frame-too-big',
    offset: 4,
  },
  {
    name: 'a message of maxMessageSize in fragments',
    section: '10.4',
    role: 'client',
    options: { maxMessageSize: 5 },
    hex: '01 03 48 65 6c  00 00  80 02 6c 6f',
    events: [HELLO],
  },
  {
    name: 'a message of maxMessageSize + 1 in one frame',
    section: '10.4',
    role: 'client',
    options: { maxMessageSize: 4, maxFrameSize: 5 },
    hex: '81 05',
    rule: 'message-too-big',
  },
  {
    name: 'a message of maxMessageSize + 1 in fragments',
    section: '10.4',
    role: 'client',
    options: { maxMessageSize: 4 },
    hex: '01 03 48 65 6c  80 02',
    rule: 'message-too-big',
    offset: 5,
  },
  {
    name: 'a control frame between the fragments does not reset their sum',
    section: '10.4',
    role: 'client',
    options: { maxMessageSize: 4 },
    hex: '01 03 48 65 6c  89 04 61 62 63 64  00 01 6c  8a 00  80 01',
    events: [
      ['ping', '61 62 63 64'],
      ['pong', ''],
    ],
    rule: 'message-too-big',
    offset: 16,
  },
  {
    name: 'a new message resets the sum',
    section: '10.4',
    role: 'client',
    options: { maxMessageSize: 5 },
    hex: '01 03 48 65 6c  80 02 6c 6f  82 05 01 02 03 04 05',
    events: [HELLO, ['binary', '01 02 03 04 05']],
  },
  {
    name: 'a sum of 1 + 2^32 over fragments',
    section: '10.4',
    role: 'client',
    options: { maxMessageSize: 2 ** 32, maxFrameSize: Infinity },
    hex: '02 01 61  80 7f 00 00 00 01 00 00 00 00',
    rule: 'message-too-big',
    offset: 3,
  },
  {
    name: 'a sum of 1 + (2^53 - 1) over fragments',
    section: '10.4',
    role: 'client',
    options: { maxMessageSize: 2 ** 53 - 1, maxFrameSize: Infinity },
    hex: '02 01 61  80 7f 00 1f ff ff ff ff ff ff',
    rule: 'message-too-big',
    offset: 3,
  },
  {
    name: 'a message of maxFragments frames, most of them empty, with control frames between them; then another one',
    section: '10.4',
    role: 'client',
    options: { maxFragments: 3 },
    hex: '01 03 48 65 6c  00 00  8a 00  80 02 6c 6f  01 00  00 05 48 65 6c 6c 6f  80 00',
    events: [['pong', ''], HELLO, HELLO],
  },
  {
    name: 'a message of maxFragments + 1 frames',
    section: '10.4',
    role: 'client',
    options: { maxFragments: 3 },
    hex: '01 00  00 00  8a 00  00 00  00 00',
    events: [['pong', '']],
    rule: 'too-many-fragments',
    offset: 8,
  },
  {
    name: 'a message of one frame where there may be one',
    section: '10.4',
    role: 'client',
    options: { maxFragments: 1 },
    hex: '81 05 48 65 6c 6c 6f  01 05 48 65 6c 6c 6f  80 00',
    events: [HELLO],
    rule: 'too-many-fragments',
    offset: 14,
  },
  {
    name: 'the limits do not apply to control frames',
    section: '10.4',
    role: 'client',
    options: { maxMessageSize: 4, maxFrameSize: 125 },
    hex: `89 7d ${times(125, '61')}`,
    events: [['ping', times(125, '61')]],
  },
];

const FRAGMENTATION: Vector[] = [
  {
    name: 'a byte a frame',
    section: '5.4',
    role: 'client',
    hex: '01 01 48  00 01 65  00 01 6c  00 01 6c  80 01 6f',
    events: [HELLO],
  },
  {
    name: 'a binary message in masked fragments',
    section: '5.4',
    role: 'server',
    hex: '02 82 00 00 00 00 01 02  00 81 ff 00 00 00 fc  80 81 00 00 00 00 04',
    events: [['binary', '01 02 03 04']],
  },
  {
    name: 'fragments without payload: first, between and last',
    section: '5.4',
    role: 'client',
    hex: '01 00  00 02 48 65  00 00  00 03 6c 6c 6f  80 00',
    events: [HELLO],
  },
  {
    name: 'nothing but fragments without payload',
    section: '5.4',
    role: 'client',
    hex: '02 00  00 00  80 00',
    events: [['binary', '']],
  },
  {
    name: 'control frames between fragments',
    section: '5.4',
    role: 'client',
    hex: '01 03 48 65 6c  89 01 61  8a 01 62  00 00  89 00  80 02 6c 6f',
    events: [['ping', '61'], ['pong', '62'], ['ping', ''], HELLO],
  },
  {
    name: 'masked control frames between fragments do not disturb the masking key',
    section: '5.4',
    role: 'server',
    hex: '01 83 37 fa 21 3d 7f 9f 4d  89 81 01 00 00 00 60  80 82 37 fa 21 3d 5b 95',
    events: [['ping', '61'], HELLO],
  },
  {
    name: 'a Close frame between fragments',
    section: '5.4',
    role: 'client',
    hex: '01 03 48 65 6c  88 02 03 e8',
    events: [['close', 1000, '']],
  },
  {
    name: 'messages one after the other, fragmented and not',
    section: '5.4',
    role: 'client',
    hex: '82 01 01  01 02 48 65  80 03 6c 6c 6f  82 01 02  02 00  80 01 03',
    events: [['binary', '01'], HELLO, ['binary', '02'], ['binary', '03']],
  },
  ...['01', '81', '02', '82'].map(
    (first): Vector => ({
      name: `${first}: a new message before the one in progress is complete`,
      section: '5.4',
      role: 'client',
      hex: `01 03 48 65 6c  ${first} 02 6c 6f`,
      rule: 'message-interleaved',
      offset: 5,
    }),
  ),
  {
    name: 'a new message before the one in progress is complete, which has no payload so far',
    section: '5.4',
    role: 'client',
    hex: '02 00  02 00',
    rule: 'message-interleaved',
    offset: 2,
  },
  {
    name: 'a new message after a control frame, while a message is in progress',
    section: '5.4',
    role: 'server',
    hex: '01 81 00 00 00 00 61  89 80 00 00 00 00  81 81 00 00 00 00',
    events: [['ping', '']],
    rule: 'message-interleaved',
    offset: 13,
  },
  ...['80 02 6c 6f', '00 02 6c 6f', '80 00', '00 00'].map(
    (frame): Vector => ({
      name: `${frame}: a continuation of nothing`,
      section: '5.4',
      role: 'client',
      hex: frame,
      rule: 'continuation-without-message',
    }),
  ),
  ...(['00', '80'] as const).map(
    (first): Vector => ({
      name: `${first}: a continuation of nothing is refused at its first byte`,
      section: '5.4',
      role: first === '00' ? 'client' : 'server',
      hex: first,
      rule: 'continuation-without-message',
    }),
  ),
  ...['01', '02', '81', '82'].map(
    (first): Vector => ({
      name: `${first}: a new message inside of another is refused at its first byte`,
      section: '5.4',
      role: 'server',
      hex: `02 81 00 00 00 00 61  89 80 00 00 00 00  ${first}`,
      events: [['ping', '']],
      rule: 'message-interleaved',
      offset: 13,
    }),
  ),
  ...(
    [
      ['00', 'continuation-without-message', ''],
      ['81', 'message-interleaved', '01 01 61'],
    ] as const
  ).map(
    ([first, rule, before]): Vector => ({
      name: `${first}: out of place, and longer than any limit as well: 1002 and not 1009`,
      section: '5.4',
      role: 'client',
      hex: `${before} ${first} 7f 00000000 ffffffff`,
      rule,
      offset: before === '' ? 0 : 3,
      options: { maxFrameSize: 1000, maxMessageSize: 1000 },
    }),
  ),
  ...(
    [
      ['40', 'client', ''],
      ['c1', 'server', '01 81 00 00 00 00 61'],
    ] as const
  ).map(
    ([first, role, before]): Vector => ({
      name: `${first}: a reserved bit out of place is a reserved bit`,
      section: '5.2',
      role,
      hex: `${before} ${first}`,
      rule: 'reserved-bits',
      offset: before === '' ? 0 : 7,
    }),
  ),
  {
    name: 'a continuation after an unfragmented message',
    section: '5.4',
    role: 'client',
    hex: '81 05 48 65 6c 6c 6f  80 02 6c 6f',
    events: [HELLO],
    rule: 'continuation-without-message',
    offset: 7,
  },
  {
    name: 'a continuation after a complete fragmented message',
    section: '5.4',
    role: 'client',
    hex: '01 03 48 65 6c  80 02 6c 6f  80 00',
    events: [HELLO],
    rule: 'continuation-without-message',
    offset: 9,
  },
  {
    name: 'a continuation after a control frame',
    section: '5.4',
    role: 'server',
    hex: '89 80 00 00 00 00  80 80 00 00 00 00',
    events: [['ping', '']],
    rule: 'continuation-without-message',
    offset: 6,
  },
];

const CONTROL: Vector[] = [
  { name: 'a Ping frame without payload', section: '5.5.2', role: 'client', hex: '89 00', events: [['ping', '']] },
  {
    name: 'a masked Ping frame of 125 bytes',
    section: '5.5.2',
    role: 'server',
    hex: `89 fd 00 00 00 00 ${times(125, 'e1')}`,
    events: [['ping', times(125, 'e1')]],
  },
  {
    name: 'an unsolicited Pong frame',
    section: '5.5.3',
    role: 'client',
    hex: '8a 02 ff 00',
    events: [['pong', 'ff 00']],
  },
  ...['88', '89', '8a'].flatMap((first): Vector[] => [
    {
      name: `${first}: a control frame of 126 bytes`,
      section: '5.5',
      role: 'client',
      hex: `${first} 7e`,
      rule: 'control-too-long',
    },
    {
      name: `${first}: a masked control frame with a length in 64 bits`,
      section: '5.5',
      role: 'server',
      hex: `${first} ff 0000000000010000`,
      rule: 'control-too-long',
    },
  ]),
  {
    name: 'a whole Ping frame of 126 bytes',
    section: '5.5',
    role: 'client',
    hex: `89 7e 007e ${times(126, '61')}`,
    rule: 'control-too-long',
  },
  ...['08', '09', '0a'].map(
    (first): Vector => ({
      name: `${first}: a control frame that is fragmented`,
      section: '5.5',
      role: 'client',
      hex: `81 00  ${first} 00`,
      events: [['text', '']],
      rule: 'control-fragmented',
      offset: 2,
    }),
  ),
];

const ALLOWED_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
const REFUSED_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 65535];

const CLOSING: Vector[] = [
  {
    name: 'a Close frame without payload',
    section: '5.5.1',
    role: 'client',
    hex: '88 00',
    events: [['close', 1005, '']],
  },
  {
    name: 'a Close frame with a code and a reason',
    section: '5.5.1',
    role: 'server',
    hex: '88 85 37 fa 21 3d 34 12 43 44 52',
    events: [['close', 1000, 'bye']],
  },
  {
    name: 'a Close frame with the longest reason',
    section: '5.5.1',
    role: 'client',
    hex: `88 7d 0fa0 ${times(123, '61')}`,
    events: [['close', 4000, 'a'.repeat(123)]],
  },
  {
    name: 'a Close frame with a reason that is not ASCII',
    section: '5.5.1',
    role: 'client',
    hex: '88 0c 03e8 e2 82 ac 20 f0 9f 90 af 21 21',
    events: [['close', 1000, '€ 🐯!!']],
  },
  {
    name: 'frames after a Close frame are ignored',
    section: '5.5.1',
    role: 'client',
    hex: '81 05 48 65 6c 6c 6f  88 02 03e9  81 05 48 65 6c 6c 6f  c3 ff ff',
    events: [HELLO, ['close', 1001, '']],
  },
  { name: 'half a code', section: '5.5.1', role: 'client', hex: '88 01 03', rule: 'close-payload-length' },
  {
    name: 'half a code, as soon as it is announced',
    section: '5.5.1',
    role: 'client',
    hex: '88 01',
    rule: 'close-payload-length',
  },
  {
    name: 'half a code, masked',
    section: '5.5.1',
    role: 'server',
    hex: '89 80 00 00 00 00  88 81 01 02 03 04 02',
    events: [['ping', '']],
    rule: 'close-payload-length',
    offset: 6,
  },
  ...ALLOWED_CODES.map(
    (code): Vector => ({
      name: `the close code ${code} may be received`,
      section: '7.4',
      role: 'client',
      hex: `88 02 ${u16(code)}`,
      events: [['close', code, '']],
    }),
  ),
  ...REFUSED_CODES.map(
    (code): Vector => ({
      name: `the close code ${code} must not be received`,
      section: '7.4',
      role: 'client',
      hex: `88 02 ${u16(code)}`,
      rule: 'close-code',
    }),
  ),
  {
    name: 'a code that must not be received, with a reason, after a message',
    section: '7.4',
    role: 'client',
    hex: '81 05 48 65 6c 6c 6f  88 05 03ed 62 79 65',
    events: [HELLO],
    rule: 'close-code',
    offset: 7,
  },
  ...['ff', '80', 'c0 80', 'ed a0 80', 'f4 90 80 80', '61 c3', '61 e2 82', 'c3 28'].map(
    (reason): Vector => ({
      name: `the reason ${reason} is not UTF-8`,
      section: '8.1',
      role: 'client',
      hex: `88 0${2 + reason.split(' ').length} 03e8 ${reason}`,
      rule: 'close-reason-utf8',
    }),
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

const TEXT: Vector[] = [
  ...VALID_UTF8.flatMap(([bytes, text]): Vector[] => [
    {
      name: `${bytes} is valid`,
      section: '8.1',
      role: 'client',
      hex: `81 0${bytes.split(' ').length.toString(16)} ${bytes}`,
      events: [['text', text]],
    },
    {
      name: `${bytes} is valid, a byte a fragment`,
      section: '5.6',
      role: 'client',
      hex: `01 00 ${bytes
        .split(' ')
        .map((byte) => ` 00 01 ${byte} `)
        .join('')} 80 00`,
      events: [['text', text]],
    },
  ]),
  ...INVALID_UTF8.flatMap(([name, bytes, index]): Vector[] => {
    const all = bytes.split(' ');
    const possible = all.slice(0, index);
    const truncated = index === all.length;
    return [
      {
        name: `${name}: ${bytes}`,
        section: '8.1',
        role: 'client',
        hex: `81 0${all.length.toString(16)} ${bytes}`,
        rule: 'invalid-utf8',
        offset: 2 + index,
      },
      {
        name: `${name}: ${bytes}, a byte a fragment`,
        section: '8.1',
        role: 'client',
        hex: `01 00 ${possible.map((byte) => ` 00 01 ${byte} `).join('')} 80 0${truncated ? '0' : `1 ${all[index]}`}`,
        rule: 'invalid-utf8',
        offset: 2 + 3 * index + 2,
      },
      ...(truncated
        ? []
        : [
            {
              name: `${name}: ${bytes}, refused inside a frame and long before its end`,
              section: '8.1',
              role: 'server',
              hex: `01 ff 0000000000100000 00 00 00 00 ${all.slice(0, index + 1).join(' ')}`,
              rule: 'invalid-utf8',
              offset: 14 + index,
            } as const,
          ]),
    ];
  }),
  {
    name: 'an impossible byte under a masking key',
    section: '8.1',
    role: 'server',
    hex: '81 87 37 fa 21 3d f9 40 c0 80 8e 05 60',
    rule: 'invalid-utf8',
    offset: 11,
  },
  {
    name: 'an impossible byte after 100 bytes of ASCII',
    section: '8.1',
    role: 'client',
    hex: `81 7e 0080 ${times(100, '61')} ff ${times(27, '61')}`,
    rule: 'invalid-utf8',
    offset: 104,
  },
  {
    name: 'a code point in two fragments, with a Ping frame between them',
    section: '5.6',
    role: 'client',
    hex: '01 02 f0 9f  89 02 c3 28  80 02 90 af',
    events: [
      ['ping', 'c3 28'],
      ['text', '🐯'],
    ],
  },
  {
    name: 'a code point that a new fragment does not complete',
    section: '8.1',
    role: 'client',
    hex: '01 02 61 e2  89 00  80 02 61 61',
    events: [['ping', '']],
    rule: 'invalid-utf8',
    offset: 8,
  },
  {
    name: 'the next text begins anew',
    section: '8.1',
    role: 'client',
    hex: '81 02 c3 a9  81 01 a9',
    events: [['text', 'é']],
    rule: 'invalid-utf8',
    offset: 6,
  },
  {
    name: 'binary messages are not UTF-8',
    section: '5.6',
    role: 'client',
    hex: '82 03 ed a0 80',
    events: [['binary', 'ed a0 80']],
  },
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
