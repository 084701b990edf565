/** Messages of 0 bytes to 16 MiB in many cuts, and a peer that does not read. */
import type { Case } from '../case.ts';
import { hex, materialise, pattern, utf8 } from '../wire/bytes.ts';
import { binary, forBoth, open, text } from './builder.ts';

const KIB = 1024;
/** Lengths, and the sizes of the chunks that they come in. */
const ECHOES: readonly (readonly [length: number, cuts: readonly number[]])[] = [
  [0, [1]],
  [1, [1]],
  [64, [1, 7]],
  [KIB, [1, 7, 500]],
  [16 * KIB, [100, 4096]],
  [64 * KIB, [997, 16_384]],
  [256 * KIB, [4096, 65_536]],
  [KIB * KIB, [16_384, 65_536]],
  [4 * KIB * KIB, [65_536]],
];

export function echo(): Case[] {
  return forBoth('echo', (family) => {
    const { out } = family;
    const about = { section: 'RFC 6455 6.2' };
    for (const [length, cuts] of ECHOES) {
      for (const cut of cuts) {
        family.echoes(
          `binary-${length}-in-${cut}`,
          `${length} bytes in chunks of ${cut}`,
          about,
          out.binary(pattern(length)),
          [binary(pattern(length))],
          { cut },
        );
        family.echoes(
          `text-${length}-in-${cut}`,
          `a text of ${length} bytes in chunks of ${cut}`,
          about,
          out.text(pattern(length)),
          [text(pattern(length))],
          { cut },
        );
      }
    }
    const euros = { block: utf8('€'.repeat(400)), length: 1200 * 800 };
    family.echoes(
      'text-euros',
      'a text of 320,000 characters of three bytes in chunks that cut them',
      about,
      out.text(euros),
      [text(euros)],
      { cut: 16_384 },
    );
    const large = { ...about, severity: 'may', slow: true } as const;
    family.echoes('binary-16-MiB', 'a binary message of 16 MiB', large, out.binary(pattern(2 ** 24)), [
      binary(pattern(2 ** 24)),
    ]);
    family.echoes('text-16-MiB', 'a text of 16 MiB', large, out.text(pattern(2 ** 24)), [text(pattern(2 ** 24))]);
    const sixteen = Array.from({ length: 256 }, (_, i) =>
      out.frame(i === 0 ? 2 : 0, pattern(65_536), { final: i === 255 }),
    ).flat();
    const block = Buffer.alloc(65_536, pattern(65_536).block);
    family.echoes('fragments-16-MiB', '16 MiB in fragments of 64 KiB', large, sixteen, [
      binary({ block, length: 2 ** 24 }),
    ]);
    const many = Array.from({ length: 2000 }, (_, i) => `message number ${i}`);
    family.echoes(
      'many',
      'two thousand messages in a row',
      about,
      many.flatMap((one) => out.text(one)),
      many.map((one) => text(one)),
    );
    unread(family);
  });
}

/** Whoever does not read is given up, or holds the implementation up: what it reads afterwards is whole and in order. */
function unread(family: Parameters<Parameters<typeof forBoth>[1]>[0]): void {
  const { out } = family;
  const about = { section: 'CVE-2020-35896', severity: 'hardening', slow: true } as const;
  const sized = pattern(65_536);
  const flood = [{ repeat: hex(materialise(out.binary(sized))), times: 512 }];
  family.add(
    'unread-messages',
    '512 messages of 64 KiB whose echoes are not read for a second',
    about,
    [open(), { do: 'send', bytes: flood, cut: 65_536, unread: true }, { do: 'wait', for: 1000 }],
    { end: 'survived' },
  );
  const pings = [{ repeat: out.ping(new Uint8Array(125)).join(''), times: 50_000 }];
  family.add(
    'unread-pings',
    'fifty thousand Ping frames whose answers are not read for a second',
    { ...about, section: 'tyrus#954, curl#21911' },
    [open(), { do: 'send', bytes: pings, cut: 65_536, unread: true }, { do: 'wait', for: 1000 }],
    { end: 'survived' },
  );
}
