/** RFC 7692 6 and 7.2: compressed messages, in blocks of every type and in fragments. */
import type { Case } from '../case.ts';
import { pattern, unhex, utf8 } from '../wire/bytes.ts';
import { Deflated } from '../wire/deflate.ts';
import { BINARY, TEXT } from '../wire/frames.ts';
import { binary, type Family, forBoth, open, pong, text } from './builder.ts';
import { echoes, frame, HELLO, OPENING, packed } from './compressed.ts';
import { bits, broken } from './deflate-broken.ts';
import { final, takeover, windows } from './deflate-window.ts';

export function deflate(): Case[] {
  return forBoth('deflate', (family) => {
    blocks(family);
    fragments(family);
    takeover(family);
    windows(family);
    final(family);
    broken(family);
    bits(family);
  });
}

function blocks(family: Family): void {
  // RFC 7692 7.2.3.1 to 7.2.3.6.
  const examples: Readonly<Record<string, string>> = {
    'one-block': 'f248cdc9c90700',
    stored: '000500faff48656c6c6f00',
    final: 'f348cdc9c9070000',
    'two-blocks': 'f24805000000ffffcac9c90700',
  };
  for (const [name, digits] of Object.entries(examples))
    echoes(
      family,
      `example-${name}`,
      `the example ${digits}`,
      frame(family, unhex(digits)),
      [text('Hello')],
      'RFC 7692 7.2.3',
    );
  echoes(
    family,
    'example-again',
    'the example that refers to the message before',
    [...frame(family, HELLO), ...frame(family, unhex('f200110000'))],
    [text('Hello'), text('Hello')],
    'RFC 7692 7.2.3.2',
  );
  echoes(
    family,
    'empty',
    'an empty message of one byte',
    frame(family, Uint8Array.of(0)),
    [text('')],
    'RFC 7692 7.2.3.6',
  );
  echoes(family, 'empty-block', 'an empty message with an empty block', frame(family, packed([])), [text('')]);
  for (const length of [1, 2, 125, 126, 1000, 65_535]) {
    const data = Buffer.alloc(length, pattern(length).block);
    echoes(
      family,
      `stored-${length}`,
      `a stored block of ${length} bytes`,
      frame(family, new Deflated().stored(data).message(), BINARY),
      [binary(data)],
    );
    if (length < 2000)
      echoes(
        family,
        `fixed-${length}`,
        `a block of ${length} bytes with the fixed codes`,
        frame(family, packed([data]), BINARY),
        [binary(data)],
      );
  }
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  echoes(family, 'all-bytes', 'every byte, with the fixed codes', frame(family, packed([all]), BINARY), [binary(all)]);
  for (const length of [3, 10, 11, 18, 67, 130, 257, 258]) {
    for (const distance of [1, 2, 4]) {
      const start = 'abcd';
      const all = `${start}${start.slice(-distance).repeat(260).slice(0, length)}`;
      echoes(
        family,
        `match-${length}-${distance}`,
        `a match of ${length} bytes, ${distance} back`,
        frame(family, packed([start, [length, distance]])),
        [text(all)],
      );
    }
  }
  echoes(
    family,
    'mixed-blocks',
    'stored, fixed and dynamic blocks in one message',
    frame(
      family,
      new Deflated()
        .stored('ab')
        .fixed(['cd', [4, 4]])
        .bomb(4)
        .stored('')
        .fixed([[3, 1]])
        .message(),
    ),
    [text(`abcdabcd${'a'.repeat(1 + 4 * 258)}aaa`)],
  );
  echoes(
    family,
    'many-blocks',
    'a message of 200 empty stored blocks and a little text',
    frame(
      family,
      Array.from({ length: 200 })
        .reduce((data: Deflated) => data.stored(''), new Deflated().fixed(['x']))
        .message(),
    ),
    [text('x')],
  );
  echoes(
    family,
    'utf8',
    'compressed text beyond ASCII',
    frame(family, packed([utf8('κόσμε €𝄞')])),
    [text('κόσμε €𝄞')],
    'RFC 7692 6.1',
  );
  const long = Buffer.alloc(1 + 4 * 258 * 256, 'a');
  echoes(
    family,
    'dynamic',
    'a dynamic block that becomes a thousand times as long',
    frame(family, new Deflated().bomb(4 * 256).message()),
    [text({ block: Uint8Array.of(97), length: long.length })],
  );
}

function fragments(family: Family): void {
  const { out } = family;
  const about = 'RFC 7692 6.1, 7.2.1';
  const data = packed(['Hello, ', [5, 7], 'world']);
  for (let at = 0; at <= data.length; at++) {
    echoes(
      family,
      `fragment-at-${at}`,
      `a compressed message in two fragments, the first of ${at} bytes`,
      [...out.text(data.subarray(0, at), { rsv: 4, final: false }), ...out.more(data.subarray(at))],
      [text('Hello, Helloworld')],
      about,
    );
  }
  const each = [...data].flatMap((byte, i) =>
    out.frame(i === 0 ? TEXT : 0, Uint8Array.of(byte), { rsv: i === 0 ? 4 : 0, final: i === data.length - 1 }),
  );
  echoes(
    family,
    'fragment-each',
    'a compressed message in fragments of one byte',
    each,
    [text('Hello, Helloworld')],
    about,
  );
  const pings = [...data].flatMap((byte, i) => [
    ...out.frame(i === 0 ? TEXT : 0, Uint8Array.of(byte), { rsv: i === 0 ? 4 : 0, final: i === data.length - 1 }),
    ...(i === 2 ? out.ping('inside') : []),
  ]);
  echoes(
    family,
    'fragment-ping',
    'a Ping frame inside a fragmented compressed message',
    pings,
    [pong('inside'), text('Hello, Helloworld')],
    about,
  );

  for (const cut of [1, 2, 3])
    echoes(
      family,
      `cut-${cut}`,
      `three compressed messages in chunks of ${cut} bytes`,
      [...frame(family, data), ...frame(family, HELLO), ...frame(family, data)],
      [text('Hello, Helloworld'), text('Hello'), text('Hello, Helloworld')],
      about,
      cut,
    );
  family.add(
    'stray-continuation',
    'a Continuation frame after a whole compressed message is refused',
    { section: 'RFC 6455 5.4' },
    [
      open(OPENING),
      { do: 'send', bytes: frame(family, HELLO) },
      { do: 'receive', items: [text('Hello')] },
      { do: 'send', bytes: [...out.more('x'), ...out.ping('after')] },
    ],
    { end: 'failed', codes: [1002] },
  );
  family.fails(
    'interleaved',
    'a new message inside a fragmented compressed one is refused',
    { section: 'RFC 6455 5.4' },
    [...out.text(data.subarray(0, 3), { rsv: 4, final: false }), ...frame(family, HELLO)],
    OPENING,
  );
}
