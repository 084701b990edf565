/** 10.4 and HARDENING: floods, bombs, and whatever grows with what a peer announces. */
import type { Bytes, Case } from '../case.ts';
import { hex, materialise, pattern, whole } from '../wire/bytes.ts';
import { Deflated } from '../wire/deflate.ts';
import { TEXT } from '../wire/frames.ts';
import { binary, type Family, forBoth, open, text } from './builder.ts';

const PMD = 'permessage-deflate';
const OPENING = { extensions: PMD, needs: PMD } as const;

export function limits(): Case[] {
  return forBoth('limits', (family) => {
    tiny(family);
    announced(family);
    bombs(family);
  });
}

const repeated = (bytes: Bytes, times: number): Bytes => [{ repeat: hex(materialise(bytes)), times }];

function tiny(family: Family): void {
  const { out } = family;
  const about = { section: 'CVE-2026-48779, CVE-2026-12151', severity: 'hardening' } as const;
  const flood = (name: string, title: string, bytes: Bytes, slow = false): void =>
    family.add(name, title, { ...about, slow }, [open(), { do: 'send', bytes, cut: 65_536, unread: true }], {
      end: 'survived',
    });
  flood('empty-fragments', 'a hundred thousand empty fragments of a message that never ends', [
    ...out.text('', { final: false }),
    ...repeated(out.more('', { final: false }), 100_000),
  ]);
  flood('tiny-fragments', 'a hundred thousand fragments of one byte of a message that never ends', [
    ...out.text('a', { final: false }),
    ...repeated(out.more('a', { final: false }), 100_000),
  ]);
  flood(
    'million-fragments',
    'a million empty fragments',
    [...out.binary('', { final: false }), ...repeated(out.more('', { final: false }), 1_000_000)],
    true,
  );
  flood('pongs', 'a hundred thousand Pong frames', repeated(out.pong(''), 100_000));
  flood('empty-messages', 'fifty thousand empty messages', repeated(out.text(''), 50_000));
  const count = 20_000;
  family.echoes(
    'fragments-20000',
    'a message in twenty thousand fragments of one byte',
    { ...about, severity: 'may' },
    [...out.text('a', { final: false }), ...repeated(out.more('a', { final: false }), count - 2), ...out.more('a')],
    [text({ block: whole(Buffer.alloc(1000, 'a')).block, length: count })],
  );
  const frames = out.binary(pattern(2000));
  family.add(
    'one-byte-chunks',
    'a message in chunks of one byte, each a packet',
    { section: 'ws#2331', severity: 'hardening' },
    [open(), { do: 'send', bytes: frames, cut: 1 }, { do: 'receive', items: [binary(pattern(2000))] }],
    { end: 'alive' },
  );
}

function announced(family: Family): void {
  const { out } = family;
  const about = { section: 'CVE-2022-35922', severity: 'hardening' } as const;
  for (const power of [30, 40, 50]) {
    family.add(
      `announced-2^${power}`,
      `a frame announces 2^${power} bytes, and nothing of them comes`,
      about,
      [open(), { do: 'send', bytes: out.binary('x', { bits: 64, announced: 2n ** BigInt(power) }) }],
      { end: 'survived' },
    );
  }
  const fragment = out.frame(0, 'x', { bits: 64, announced: 2n ** 50n, final: false });
  family.add(
    'announced-fragment',
    'a fragment announces 2^50 bytes',
    about,
    [open(), { do: 'send', bytes: [...out.binary('x', { final: false }), ...fragment] }],
    { end: 'survived' },
  );
}

/** The parts of a bomb: what begins it, how many bytes of zeros follow, and what ends it. */
function bomb(mebibytes: number): { head: Uint8Array; zeros: number; tail: Uint8Array } {
  const small = new Deflated().bomb(4 * 64).message();
  const middle = Buffer.from(small).indexOf(Buffer.alloc(60)) + 30;
  return { head: small.subarray(0, middle), zeros: mebibytes * 1016, tail: small.subarray(middle) };
}

function bombs(family: Family): void {
  const { out } = family;
  // 1,016 bytes become a mebibyte. 300 MiB are more than anybody needs in one message.
  const { head, zeros, tail } = bomb(300);
  const about = { section: 'CVE-2026-1526, CVE-2026-54490', severity: 'hardening' } as const;
  const block = { block: new Uint8Array(1000), length: zeros };
  const pieces: Bytes = [
    ...out.text(head, { rsv: 4, final: false }),
    ...out.more(block, { final: false }),
    ...out.more(tail),
  ];
  family.add(
    'bomb-fragments',
    'three fragments of 300 KiB that become 300 MiB are refused',
    about,
    [open(OPENING), { do: 'send', bytes: pieces }],
    { end: 'failed', codes: [1009], within: 20_000 },
  );
  const many: Bytes = [
    ...out.text(head, { rsv: 4, final: false }),
    ...repeated(out.more(new Uint8Array(1016), { final: false }), 300),
    ...out.more(tail),
  ];
  family.add(
    'bomb-many-fragments',
    '300 fragments that become a mebibyte each are refused',
    about,
    [open(OPENING), { do: 'send', bytes: many }],
    { end: 'failed', codes: [1009], within: 20_000 },
  );
  const whole = Buffer.concat([head, Buffer.alloc(zeros), tail]);
  family.add(
    'bomb-whole',
    'one frame of 300 KiB that becomes 300 MiB is refused',
    about,
    [open(OPENING), { do: 'send', bytes: out.frame(TEXT, whole, { rsv: 4 }), cut: 16_384 }],
    { end: 'failed', codes: [1009], within: 20_000 },
  );
  const empty = unendingBlocks();
  family.add(
    'bomb-nothing',
    'a hundred thousand empty blocks that become nothing',
    about,
    [open(OPENING), { do: 'send', bytes: out.text(empty, { rsv: 4 }) }],
    { end: 'survived' },
  );
  const finals = Buffer.alloc(200_000, Uint8Array.of(3, 0));
  family.add(
    'bomb-final',
    'a hundred thousand empty blocks with BFINAL',
    about,
    [open(OPENING), { do: 'send', bytes: out.text(Buffer.concat([finals, Uint8Array.of(0)]), { rsv: 4 }) }],
    { end: 'survived' },
  );
}

/** Stored blocks of no bytes, one behind the other. */
const unendingBlocks = (): Uint8Array =>
  Buffer.concat([Buffer.alloc(500_000, Uint8Array.of(0, 0, 0, 255, 255)), Uint8Array.of(0)]);
