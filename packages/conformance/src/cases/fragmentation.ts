/** 5.4: messages in fragments, with everything between them. */
import type { Bytes, Case, Item } from '../case.ts';
import { pattern, utf8 } from '../wire/bytes.ts';
import { BINARY, TEXT } from '../wire/frames.ts';
import { binary, type Family, forBoth, open, pong, text } from './builder.ts';

const about = { section: 'RFC 6455 5.4' } as const;
const KINDS = [
  ['text', TEXT, text],
  ['binary', BINARY, binary],
] as const;

export function fragmentation(): Case[] {
  return forBoth('fragmentation', (family) => {
    whole(family);
    between(family);
    misplaced(family);
  });
}

/** Returns the frames of a message, and what stands behind each of them but the last. */
function fragments(
  { out }: Family,
  opcode: number,
  parts: readonly (string | Uint8Array)[],
  behind: Bytes = [],
): Bytes {
  return parts.flatMap((part, i) => {
    const final = i === parts.length - 1;
    return [...out.frame(i === 0 ? opcode : 0, part, { final }), ...(final ? [] : behind)];
  });
}

function whole(family: Family): void {
  for (const [kind, opcode, item] of KINDS) {
    for (const count of [2, 3, 10, 1000]) {
      const parts = Array.from({ length: count }, (_, i) => `${i},`);
      family.echoes(`${kind}-${count}`, `a ${kind} in ${count} fragments`, about, fragments(family, opcode, parts), [
        item(parts.join('')),
      ]);
    }
    for (const [name, parts] of Object.entries({
      'empty-first': ['', 'hello'],
      'empty-last': ['hello', ''],
      'empty-middle': ['he', '', 'llo'],
      'empty-all': ['', '', ''],
      'empty-many': [...Array.from({ length: 200 }, () => ''), 'x', ...Array.from({ length: 200 }, () => '')],
    })) {
      family.echoes(
        `${kind}-${name}`,
        `a ${kind} with empty fragments (${name})`,
        about,
        fragments(family, opcode, parts),
        [item(parts.join(''))],
      );
    }
    for (const size of [1, 125, 126, 127, 65_535, 65_536]) {
      const block = pattern(size);
      const parts = [size, size, 1].map((length) => ({ ...block, length: Math.min(length, size) }));
      const bytes = parts.flatMap((part, i) => family.out.frame(i === 0 ? opcode : 0, part, { final: i === 2 }));
      const all = Buffer.concat(parts.map(({ block: bytes, length }) => Buffer.alloc(length, bytes)));
      family.echoes(`${kind}-size-${size}`, `a ${kind} in fragments of ${size} bytes`, about, bytes, [item(all)]);
    }
    for (const cut of [1, 2, 3]) {
      family.echoes(
        `${kind}-cut-${cut}`,
        `three fragments of a ${kind} in chunks of ${cut} bytes`,
        about,
        fragments(family, opcode, ['one', 'two', 'three']),
        [item('onetwothree')],
        { cut },
      );
    }
  }
  family.echoes(
    'row',
    'fragmented messages and whole ones by turns',
    about,
    [
      ...fragments(family, TEXT, ['a', 'b']),
      ...family.out.text('c'),
      ...fragments(family, BINARY, ['d', '', 'e']),
      ...family.out.binary('f'),
    ],
    [text('ab'), text('c'), binary('de'), binary('f')],
  );
}

function between(family: Family): void {
  const { out } = family;
  for (const [kind, opcode, item] of KINDS) {
    family.echoes(
      `${kind}-ping-between`,
      `a Ping frame between two fragments of a ${kind}`,
      about,
      fragments(family, opcode, ['he', 'llo'], out.ping('p')),
      [pong('p'), item('hello')],
    );
    family.echoes(
      `${kind}-pong-between`,
      `Pong frames between all fragments of a ${kind}`,
      about,
      fragments(family, opcode, ['a', 'b', 'c', 'd'], out.pong('p')),
      [item('abcd')],
    );
    const pings: Bytes = [...out.ping('1'), ...out.ping('2'), ...out.pong('3')];
    const items: Item[] = [{ ...pong('1'), optional: true }, pong('2')];
    family.echoes(
      `${kind}-many-between`,
      `Ping and Pong frames between two fragments of a ${kind}`,
      about,
      fragments(family, opcode, ['he', 'llo'], pings),
      [...items, item('hello')],
    );
    family.echoes(
      `${kind}-cut-between`,
      `a Ping frame between two fragments of a ${kind}, byte by byte`,
      about,
      fragments(family, opcode, ['he', 'llo'], out.ping('p')),
      [pong('p'), item('hello')],
      { cut: 1 },
    );
    family.echoes(
      `${kind}-empty-ping-between`,
      `an empty Ping frame behind an empty fragment of a ${kind}`,
      about,
      fragments(family, opcode, ['', 'x'], out.ping('')),
      [pong(''), item('x')],
    );
    family.add(
      `${kind}-close-between`,
      `a Close frame between two fragments of a ${kind} is answered, and the message is not delivered`,
      { section: 'RFC 6455 5.4, 5.5.1' },
      [open(), { do: 'send', bytes: fragments(family, opcode, ['he', 'llo'], out.close(1000)) }],
      { end: 'closed', code: 1000 },
    );
    family.add(
      `${kind}-unfinished`,
      `a ${kind} whose end never comes is not delivered`,
      about,
      [
        open(),
        { do: 'send', bytes: out.frame(opcode, 'he', { final: false }) },
        { do: 'silence', for: 150 },
        { do: 'send', bytes: out.close(1000) },
      ],
      { end: 'closed', code: 1000 },
    );
  }
}

function misplaced(family: Family): void {
  const { out } = family;
  for (const [name, bytes] of Object.entries<Bytes>({
    'continuation-final': out.more('hello'),
    'continuation-first': out.more('he', { final: false }),
    'continuation-empty': out.more(''),
    'continuation-empty-first': out.more('', { final: false }),
  })) {
    family.fails(name, `a Continuation frame without a message is refused (${name})`, about, bytes);
    family.add(
      `${name}-after`,
      `a Continuation frame after a whole message is refused (${name})`,
      about,
      [
        open(),
        { do: 'send', bytes: out.text('hello') },
        { do: 'receive', items: [text('hello')] },
        { do: 'send', bytes: [...bytes, ...out.ping('after')] },
      ],
      { end: 'failed', codes: [1002] },
    );
    family.add(
      `${name}-after-fragments`,
      `a Continuation frame after a fragmented message is refused (${name})`,
      about,
      [
        open(),
        { do: 'send', bytes: fragments(family, TEXT, ['he', 'llo']) },
        { do: 'receive', items: [text('hello')] },
        { do: 'send', bytes: [...bytes, ...out.ping('after')] },
      ],
      { end: 'failed', codes: [1002] },
    );
  }
  family.fails('continuation-after-ping', 'a Continuation frame after a Ping frame is refused', about, [
    ...out.ping(''),
    ...out.more('hello'),
  ]);
  for (const [kind, opcode] of KINDS) {
    for (const [inner, other] of KINDS) {
      for (const final of [true, false]) {
        for (const payload of ['', 'x']) {
          const name = `${inner}${final ? '' : '-fragment'}${payload === '' ? '-empty' : ''}-inside-${kind}`;
          family.fails(name, `a ${inner} frame inside a fragmented ${kind} is refused`, about, [
            ...out.frame(opcode, utf8('he'), { final: false }),
            ...out.frame(other, payload, { final }),
          ]);
        }
      }
    }
    family.fails(
      `new-after-ping-inside-${kind}`,
      `a new message behind a Ping frame inside a fragmented ${kind} is refused`,
      about,
      [...out.frame(opcode, 'he', { final: false }), ...out.ping(''), ...out.text('x')],
    );
  }
}
