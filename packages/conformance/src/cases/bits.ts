/** 5.1, 5.2, 5.3: masks, reserved bits, reserved opcodes. */
import type { Case } from '../case.ts';
import { pattern } from '../wire/bytes.ts';
import { BINARY, CLOSE, CONTINUATION, closePayload, type FrameInit, Frames, PING, PONG, TEXT } from '../wire/frames.ts';
import { binary, type Family, forBoth, forOne, open, pong, text } from './builder.ts';

const KEYS: readonly (readonly number[])[] = [
  [0, 0, 0, 0],
  [255, 255, 255, 255],
  [1, 2, 4, 8],
  [0, 255, 0, 255],
  [128, 0, 0, 1],
];
const OPCODES = { text: TEXT, binary: BINARY, ping: PING, pong: PONG, close: CLOSE } as const;

const payloadOf = (opcode: number): string | Uint8Array => (opcode === CLOSE ? closePayload(1000) : 'hello');

export function masking(): Case[] {
  return [
    ...forOne('masking', 'server', (family) => {
      const { out } = family;
      const about = { section: 'RFC 6455 5.1' };
      for (const [name, opcode] of Object.entries(OPCODES)) {
        family.fails(
          `unmasked-${name}`,
          `a ${name} frame without a mask is refused`,
          about,
          out.frame(opcode, payloadOf(opcode), { key: false }),
        );
        family.fails(
          `unmasked-empty-${name}`,
          `an empty ${name} frame without a mask is refused`,
          about,
          out.frame(opcode, '', { key: false }),
        );
      }
      family.fails(
        'unmasked-long',
        'a long frame without a mask is refused before its payload is complete',
        about,
        out.binary(pattern(70_000), { key: false }),
      );
      family.fails('unmasked-continuation', 'a second fragment without a mask is refused', about, [
        ...out.text('he', { final: false }),
        ...out.more('llo', { key: false }),
      ]);
      for (const [i, key] of KEYS.entries()) {
        for (const length of [5, 200, 70_001]) {
          family.echoes(
            `key-${i}-${length}`,
            `${length} bytes masked with ${key.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`,
            { section: 'RFC 6455 5.3' },
            out.binary(pattern(length), { key }),
            [binary(pattern(length))],
          );
        }
      }
      family.echoes(
        'key-changes',
        'each fragment is unmasked with its own key',
        { section: 'RFC 6455 5.3' },
        [
          ...out.text('one', { final: false, key: [1, 2, 3, 4] }),
          ...out.more('two', { final: false, key: [9, 8, 7, 6] }),
          ...out.more('three', { key: [0, 0, 0, 1] }),
        ],
        [text('onetwothree')],
      );
      for (let at = 6; at < 14; at++) {
        family.echoes(
          `phase-${at - 6}`,
          `a masked payload that is cut after ${at - 6} bytes`,
          { section: 'RFC 6455 5.3' },
          out.binary(pattern(61)),
          [binary(pattern(61))],
          { at },
        );
      }
    }),
    ...forOne('masking', 'client', (family) => {
      const masked = new Frames('client');
      for (const [name, opcode] of Object.entries(OPCODES)) {
        for (const [kind, init] of [
          ['', {}],
          ['-zero-key', { key: [0, 0, 0, 0] }],
        ] as const) {
          family.fails(
            `masked-${name}${kind}`,
            `a masked ${name} frame${kind === '' ? '' : ' whose key is zero'} is refused`,
            { section: 'RFC 6455 5.1' },
            masked.frame(opcode, payloadOf(opcode), init),
          );
        }
        family.fails(
          `masked-empty-${name}`,
          `an empty masked ${name} frame is refused`,
          { section: 'RFC 6455 5.1' },
          masked.frame(opcode, ''),
        );
      }
      family.fails('masked-continuation', 'a masked second fragment is refused', { section: 'RFC 6455 5.1' }, [
        ...family.out.text('he', { final: false }),
        ...masked.more('llo'),
      ]);
      const names = Array.from({ length: 16 }, (_, i) => `message ${i}`);
      // The session compares the keys of all frames that it receives.
      family.echoes(
        'fresh-keys',
        'sixteen messages are masked with keys that differ',
        { section: 'RFC 6455 5.3, CVE-2025-10148' },
        names.flatMap((name) => family.out.text(name)),
        names.map((name) => text(name)),
      );
    }),
  ];
}

export function reserved(): Case[] {
  return forBoth('reserved', (family) => {
    bits(family);
    opcodes(family);
  });
}

function bits(family: Family): void {
  const { out } = family;
  const about = { section: 'RFC 6455 5.2' };
  for (let rsv = 1; rsv < 8; rsv++) {
    const name = rsv.toString(2).padStart(3, '0');
    for (const [kind, opcode] of Object.entries(OPCODES)) {
      family.fails(
        `rsv-${name}-${kind}`,
        `a ${kind} frame with RSV ${name} is refused`,
        about,
        out.frame(opcode, payloadOf(opcode), { rsv }),
      );
    }
    family.fails(
      `rsv-${name}-fragment`,
      `a first fragment with RSV ${name} is refused`,
      about,
      out.text('he', { rsv, final: false }),
    );
    family.fails(`rsv-${name}-continuation`, `a Continuation frame with RSV ${name} is refused`, about, [
      ...out.text('he', { final: false }),
      ...out.more('llo', { rsv }),
    ]);
  }
}

function opcodes(family: Family): void {
  const { out } = family;
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    const about = { section: 'RFC 6455 5.2' };
    const reject = (name: string, title: string, payload: string, init: FrameInit = {}): void =>
      family.fails(
        `opcode-${opcode}-${name}`,
        `${title} with opcode ${opcode} is refused`,
        about,
        out.frame(opcode, payload, init),
      );
    reject('empty', 'an empty frame', '');
    reject('payload', 'a frame', 'hello');
    if (opcode < 8) reject('fragment', 'a fragment', 'hello', { final: false });
    family.fails(`opcode-${opcode}-inside`, `a frame with opcode ${opcode} between fragments is refused`, about, [
      ...out.text('he', { final: false }),
      ...out.frame(opcode, 'x'),
    ]);
    family.add(
      `opcode-${opcode}-after`,
      `a frame with opcode ${opcode} after a message is refused`,
      about,
      [
        open(),
        { do: 'send', bytes: out.text('hello') },
        { do: 'receive', items: [text('hello')] },
        { do: 'send', bytes: [...out.frame(opcode, ''), ...out.ping('after')] },
      ],
      { end: 'failed', codes: [1002] },
    );
  }
  family.echoes(
    'none',
    'all that is not reserved is accepted in a row',
    { section: 'RFC 6455 5.2' },
    [
      ...out.text('a'),
      ...out.binary('b'),
      ...out.pong('c'),
      ...out.ping('d'),
      ...out.frame(TEXT, 'e', { final: false }),
      ...out.frame(CONTINUATION, 'f'),
    ],
    [text('a'), binary('b'), pong('d'), text('ef')],
  );
}
