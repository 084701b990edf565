/** 5.2: lengths at every border, headers in every cut, lengths that are too long for what they say. */
import type { Case } from '../case.ts';
import { concat, pattern, utf8, whole } from '../wire/bytes.ts';
import { BINARY, PING, TEXT } from '../wire/frames.ts';
import { binary, type Family, forBoth, open, pong, text } from './builder.ts';

const SECTION = 'RFC 6455 5.2';
/** Both sides of each border between the three encodings of a length, and of powers of two around them. */
const LENGTHS = [
  0, 1, 2, 3, 124, 125, 126, 127, 128, 129, 255, 256, 257, 65_534, 65_535, 65_536, 65_537, 131_071, 131_072,
];

/** Lengths, and the encodings that are longer than needed. */
const PADDED: readonly (readonly [length: number, bits: 16 | 64])[] = [
  [0, 16],
  [1, 16],
  [124, 16],
  [125, 16],
  [0, 64],
  [1, 64],
  [125, 64],
  [126, 64],
  [127, 64],
  [65_534, 64],
  [65_535, 64],
];

export function framing(): Case[] {
  return forBoth('framing', (family) => {
    lengths(family);
    cuts(family);
    padded(family);
    announced(family);
    several(family);
  });
}

function lengths(family: Family): void {
  const { out } = family;
  for (const length of LENGTHS) {
    const about = { section: SECTION };
    family.echoes(
      `text-${length}`,
      `a text of ${length} bytes is received and sent whole`,
      about,
      out.text(pattern(length)),
      [text(pattern(length))],
    );
    family.echoes(
      `binary-${length}`,
      `a binary message of ${length} bytes is received and sent whole`,
      about,
      out.binary(pattern(length)),
      [binary(pattern(length))],
    );
  }
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  family.echoes('binary-all-bytes', 'a binary message of all 256 bytes', { section: SECTION }, out.binary(all), [
    binary(all),
  ]);
  family.echoes('text-zeros', 'a text of NUL characters', { section: SECTION }, out.text(new Uint8Array(200)), [
    text(new Uint8Array(200)),
  ]);
}

function cuts(family: Family): void {
  const { out, role } = family;
  for (const length of [5, 126, 65_536]) {
    const header = (length < 126 ? 2 : length < 65_536 ? 4 : 10) + (role === 'server' ? 4 : 0);
    for (let at = 1; at <= header; at++) {
      family.echoes(
        `cut-${length}-at-${at}`,
        `a text of ${length} bytes whose header is cut after ${at} bytes`,
        { section: SECTION },
        out.text(pattern(length)),
        [text(pattern(length))],
        { at },
      );
    }
  }
  for (const cut of [1, 2, 3, 5, 7]) {
    family.echoes(
      `chunks-${cut}`,
      `three messages and a Ping in chunks of ${cut} bytes`,
      { section: SECTION },
      [...out.text('first'), ...out.binary(pattern(200)), ...out.ping('p'), ...out.text('')],
      [text('first'), binary(pattern(200)), pong('p'), text('')],
      { cut },
    );
  }
}

function padded(family: Family): void {
  const { out } = family;
  // 5.2: "the minimal number of bytes MUST be used to encode the length": of the sender. That a receiver insists is strict.
  const about = { section: SECTION, severity: 'should' } as const;
  for (const [length, bits] of PADDED) {
    for (const [name, opcode] of [
      ['text', TEXT],
      ['binary', BINARY],
    ] as const) {
      family.fails(
        `padded-${name}-${length}-in-${bits}`,
        `a ${name} of ${length} bytes whose length has ${bits} bits is refused`,
        about,
        out.frame(opcode, pattern(length), { bits }),
      );
    }
  }
  for (const bits of [16, 64] as const) {
    family.fails(
      `padded-ping-in-${bits}`,
      `a Ping frame whose length has ${bits} bits is refused`,
      { section: 'RFC 6455 5.5', severity: 'should' },
      out.frame(PING, 'hello', { bits }),
    );
  }
}

const BIG: readonly (readonly [name: string, length: bigint])[] = [
  ['2^31-1', 2n ** 31n - 1n],
  ['2^31', 2n ** 31n],
  ['2^31+5', 2n ** 31n + 5n],
  ['2^32-1', 2n ** 32n - 1n],
  ['2^32', 2n ** 32n],
  ['2^32+5', 2n ** 32n + 5n],
  ['2^40', 2n ** 40n],
  ['2^53-1', 2n ** 53n - 1n],
  ['2^53+5', 2n ** 53n + 5n],
  ['2^62', 2n ** 62n],
  ['2^63-1', 2n ** 63n - 1n],
];

function announced(family: Family): void {
  const { out } = family;
  for (const [name, length] of [
    ['2^63', 2n ** 63n],
    ['2^63+5', 2n ** 63n + 5n],
    ['2^64-1', 2n ** 64n - 1n],
  ] as const) {
    for (const [kind, opcode] of [
      ['text', TEXT],
      ['binary', BINARY],
    ] as const) {
      family.fails(
        `sign-${kind}-${name}`,
        `a ${kind} that announces ${name} bytes, with the most significant bit set, is refused at once`,
        { section: SECTION, codes: [1002, 1009] },
        out.frame(opcode, 'hello', { bits: 64, announced: length }),
      );
    }
  }
  // An implementation may wait for such a payload, or refuse it. It must not take the first bytes for all of it.
  for (const [name, length] of BIG) {
    for (const [kind, opcode] of [
      ['text', TEXT],
      ['binary', BINARY],
    ] as const) {
      const bytes = [...out.frame(opcode, 'hello', { bits: 64, announced: length }), ...out.ping('behind')];
      family.add(
        `announced-${kind}-${name}`,
        `a ${kind} that announces ${name} bytes is not taken for a shorter one`,
        { section: 'CVE-2020-27813, CVE-2026-1528', severity: 'hardening' },
        [open(), { do: 'send', bytes }],
        { end: 'untouched' },
      );
    }
  }
  const bytes = [
    ...out.text('he', { final: false }),
    ...out.frame(0, 'llo', { bits: 64, announced: 2n ** 64n - 2n }),
    ...out.ping('behind'),
  ];
  family.add(
    'announced-sum',
    'lengths of fragments whose sum passes 2^64 are not taken for a short message',
    { section: 'CVE-2020-13935', severity: 'must' },
    [open(), { do: 'send', bytes }],
    { end: 'untouched' },
  );
}

function several(family: Family): void {
  const { out } = family;
  for (const count of [2, 10, 100]) {
    const names = Array.from({ length: count }, (_, i) => `message ${i}`);
    family.echoes(
      `row-${count}`,
      `${count} messages in one chunk are echoed in order`,
      { section: SECTION },
      names.flatMap((name) => out.text(name)),
      names.map((name) => text(name)),
    );
  }
  const mixed = [whole(utf8('a')), pattern(126), pattern(0), pattern(65_536), whole(concat(utf8('z')))];
  family.echoes(
    'row-mixed',
    'messages of every encoding of the length in one chunk',
    { section: SECTION },
    mixed.flatMap((payload) => out.binary(payload)),
    mixed.map((payload) => binary(payload)),
  );
  family.echoes(
    'row-empty',
    'twenty empty messages in one chunk',
    { section: SECTION },
    Array.from({ length: 20 }, () => out.binary('')).flat(),
    Array.from({ length: 20 }, () => binary('')),
  );
}
