/** 5.6, 8.1, RFC 3629: text is UTF-8, whole, in fragments, and as it arrives. */
import type { Case } from '../case.ts';
import { concat, hex, unhex, utf8 } from '../wire/bytes.ts';
import { type Family, forBoth, open, text } from './builder.ts';

const SECTION = 'RFC 6455 8.1';

/** Valid texts by name: both ends of each row of RFC 3629 4, and what is often refused by mistake. */
const VALID: Readonly<Record<string, string>> = {
  u0000: '00',
  u007f: '7f',
  u0080: 'c280',
  u07ff: 'dfbf',
  u0800: 'e0a080',
  u0fff: 'e0bfbf',
  u1000: 'e18080',
  ucfff: 'ecbfbf',
  ud7ff: 'ed9fbf',
  ue000: 'ee8080',
  'ufdd0-noncharacter': 'efb790',
  'ufeff-byte-order-mark': 'efbbbf',
  'ufffd-replacement': 'efbfbd',
  'ufffe-noncharacter': 'efbfbe',
  'uffff-noncharacter': 'efbfbf',
  u10000: 'f0908080',
  u3ffff: 'f0bfbfbf',
  u40000: 'f1808080',
  ufffff: 'f3bfbfbf',
  u100000: 'f4808080',
  u10ffff: 'f48fbfbf',
  kosme: 'cebae1bdb9cf83cebcceb5',
  combining: '65cc8165cc80',
  emoji: 'f09f91a9e2808df09f9a80',
  'mark-inside': '61efbbbf62',
  mixed: '24c2a2e282acf09d849e',
};

/** Bytes that no UTF-8 has, by name. */
const INVALID: Readonly<Record<string, string>> = {
  'continuation-80': '80',
  'continuation-bf': 'bf',
  continuations: '80bf80bf',
  'continuation-after-character': 'c3a9a9',
  'lead-2-alone': 'c2',
  'lead-2-then-ascii': 'c220',
  'lead-2-then-lead': 'c2c2',
  'lead-3-alone': 'e1',
  'lead-3-short': 'e180',
  'lead-3-short-then-ascii': 'e18020',
  'lead-4-alone': 'f1',
  'lead-4-short-1': 'f180',
  'lead-4-short-2': 'f18080',
  'lead-4-short-then-ascii': 'f1808020',
  'overlong-slash-2': 'c0af',
  'overlong-slash-3': 'e080af',
  'overlong-slash-4': 'f08080af',
  'overlong-nul-2': 'c080',
  'overlong-nul-3': 'e08080',
  'overlong-nul-4': 'f0808080',
  'overlong-c1bf': 'c1bf',
  'overlong-e09fbf': 'e09fbf',
  'overlong-f08fbfbf': 'f08fbfbf',
  'surrogate-d800': 'eda080',
  'surrogate-db7f': 'edadbf',
  'surrogate-dbff': 'edafbf',
  'surrogate-dc00': 'edb080',
  'surrogate-dfff': 'edbfbf',
  'surrogate-pair': 'eda080edb080',
  'above-110000': 'f4908080',
  'above-13ffff': 'f4bfbfbf',
  'lead-f5': 'f5808080',
  'lead-f7': 'f7bfbfbf',
  'lead-f8': 'f888808080',
  'lead-fb': 'fbbfbfbfbf',
  'lead-fc': 'fc8480808080',
  'byte-fe': 'fe',
  'byte-ff': 'ff',
  'bytes-fefeffff': 'fefeffff',
  utf16: 'fffe68006900',
  'kosme-surrogate-edited': 'cebae1bdb9cf83cebcceb5eda080656469746564',
};

/** The beginnings of {@link INVALID} that no further byte can make valid. */
const HOPELESS: Readonly<Record<string, string>> = {
  continuation: '80',
  'lead-c0': 'c0',
  'lead-c1': 'c1',
  'overlong-3': 'e09f',
  'overlong-4': 'f08f',
  surrogate: 'eda0',
  'above-10ffff': 'f490',
  'lead-f5': 'f5',
  'lead-ff': 'ff',
  'ascii-after-lead': 'c220',
  'ascii-after-lead-3': 'e18020',
  'ascii-after-lead-4': 'f1808020',
};

export function text8(): Case[] {
  return forBoth('utf8', (family) => {
    valid(family);
    invalid(family);
    failFast(family);
  });
}

function valid(family: Family): void {
  const { out } = family;
  const about = { section: SECTION };
  for (const [name, digits] of Object.entries(VALID)) {
    const bytes = unhex(digits);
    family.echoes(`valid-${name}`, `the text ${digits} is delivered as it is`, about, out.text(bytes), [text(bytes)]);
    const parts = [...bytes].flatMap((_, i) =>
      out.frame(i === 0 ? 1 : 0, bytes.subarray(i, i + 1), { final: i === bytes.length - 1 }),
    );
    if (bytes.length > 1)
      family.echoes(`valid-${name}-fragments`, `the text ${digits} in fragments of one byte`, about, parts, [
        text(bytes),
      ]);
  }
  const all = concat(...Object.values(VALID).map(unhex));
  for (const cut of [1, 2, 3, 5])
    family.echoes(
      `valid-all-cut-${cut}`,
      `all valid texts in one, in chunks of ${cut} bytes`,
      about,
      out.text(all),
      [text(all)],
      { cut },
    );
  // Code points that end at, and cross, the borders of words and blocks.
  for (const offset of [13, 14, 15, 16, 31, 63, 125, 1022, 4095, 65_533]) {
    const bytes = utf8(`${'a'.repeat(offset)}€𝄞é${'b'.repeat(20)}`);
    family.echoes(
      `valid-at-${offset}`,
      `characters of several bytes behind ${offset} bytes of ASCII`,
      about,
      out.text(bytes),
      [text(bytes)],
    );
  }
  const long = utf8('κόσμε€𝄞'.repeat(5000));
  family.echoes('valid-long', 'a long text that is hardly ASCII', about, out.text(long), [text(long)]);
}

function invalid(family: Family): void {
  const { out } = family;
  const about = { section: SECTION, codes: [1007] };
  for (const [name, digits] of Object.entries(INVALID)) {
    const bytes = unhex(digits);
    family.fails(`invalid-${name}`, `the text ${digits} is refused`, about, out.text(bytes));
    const surrounded = concat(utf8('before '), bytes, utf8(' after'));
    family.fails(
      `invalid-${name}-fragments`,
      `the text ${digits} inside a longer one, in three fragments, is refused`,
      about,
      [
        ...out.text(surrounded.subarray(0, 7), { final: false }),
        ...out.more(surrounded.subarray(7, 8), { final: false }),
        ...out.more(surrounded.subarray(8)),
      ],
    );
  }
  for (const length of [16, 64, 1000, 70_000]) {
    for (const [where, at] of [
      ['start', 0],
      ['middle', length >> 1],
      ['end', length - 1],
    ] as const) {
      const bytes = new Uint8Array(length).fill(97);
      bytes[at] = 255;
      family.fails(
        `invalid-${where}-of-${length}`,
        `a byte ff at the ${where} of ${length} bytes of ASCII is refused`,
        about,
        out.text(bytes),
      );
    }
  }
  family.fails('invalid-then-binary', 'a text that ends inside a character is refused, whatever follows', about, [
    ...out.text(unhex('e282')),
    ...out.binary(unhex('ac')),
  ]);
  family.fails('invalid-last-empty', 'an empty last fragment does not complete a character', about, [
    ...out.text(unhex('e282'), { final: false }),
    ...out.more(''),
  ]);
  for (const [name, digits] of [
    ['utf8', 'e282ac'],
    ['invalid', 'fffe80'],
  ] as const) {
    const bytes = unhex(digits);
    family.echoes(
      `binary-${name}`,
      `a binary message of ${digits} is no text`,
      { section: 'RFC 6455 5.6' },
      out.binary(bytes),
      [{ type: 'binary', payload: [hex(bytes)] }],
    );
  }
}

/** What is invalid already is refused before the message, or even the frame, is complete: one may wait, and the peer sends for nothing. */
function failFast(family: Family): void {
  const { out } = family;
  for (const [name, digits] of Object.entries(HOPELESS)) {
    const bytes = concat(utf8('text '), unhex(digits));
    const about = { section: SECTION, severity: 'should' } as const;
    const expect = { end: 'failed', codes: [1007] } as const;
    family.add(
      `fast-${name}`,
      `${digits} is refused before the message is complete`,
      about,
      [open(), { do: 'send', bytes: out.text(bytes, { final: false }) }],
      expect,
    );
    family.add(
      `fast-${name}-inside`,
      `${digits} is refused before its frame is complete`,
      about,
      [open(), { do: 'send', bytes: out.text(bytes, { announced: 100n }) }],
      expect,
    );
  }
}
