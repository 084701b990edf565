/** RFC 7692 7.1.2, 7.2: what is kept from one message to the next, and how far back it goes. */
import type { Bytes, Item, Step } from '../case.ts';
import { concat, utf8 } from '../wire/bytes.ts';
import { Deflated } from '../wire/deflate.ts';
import { BINARY } from '../wire/frames.ts';
import { binary, type Family, open, pong, text } from './builder.ts';
import { echoes, frame, HELLO, noise, OPENING, PMD, packed } from './compressed.ts';

export function takeover(family: Family): void {
  const { out, role } = family;
  const about = 'RFC 7692 7.2.2';
  const again = packed([[5, 5]]);
  echoes(
    family,
    'window-kept',
    'a message that only refers to the one before',
    [...frame(family, HELLO), ...frame(family, again)],
    [text('Hello'), text('Hello')],
    about,
  );
  echoes(
    family,
    'window-kept-binary',
    'the window is kept from a text to a binary message',
    [...frame(family, HELLO), ...frame(family, again, BINARY)],
    [text('Hello'), binary('Hello')],
    about,
  );
  echoes(
    family,
    'window-uncompressed',
    'a message that is not compressed leaves the window as it is',
    [...frame(family, HELLO), ...out.text('other'), ...frame(family, again)],
    [text('Hello'), text('other'), text('Hello')],
    'RFC 7692 7.2.3.2',
  );
  echoes(
    family,
    'window-control',
    'control frames leave the window as it is',
    [...frame(family, HELLO), ...out.ping('Ping!'), ...frame(family, again)],
    [text('Hello'), pong('Ping!'), text('Hello')],
    about,
  );
  echoes(
    family,
    'window-empty',
    'an empty compressed message leaves the window as it is',
    [...frame(family, HELLO), ...frame(family, Uint8Array.of(0)), ...frame(family, again)],
    [text('Hello'), text(''), text('Hello')],
    about,
  );
  echoes(
    family,
    'uncompressed',
    'messages that are not compressed where compression was agreed',
    [...out.text('plain'), ...out.binary('plain'), ...out.text('')],
    [text('plain'), binary('plain'), text('')],
    'RFC 7692 6.1',
  );
  echoes(
    family,
    'mixed',
    'compressed messages and others by turns',
    [
      ...out.text('a'),
      ...frame(family, HELLO),
      ...out.binary('b'),
      ...frame(family, again),
      ...out.text('', { final: false }),
      ...out.more('c'),
    ],
    [text('a'), text('Hello'), binary('b'), text('Hello'), text('c')],
    'RFC 7692 6.1',
  );
  const rows = Array.from({ length: 50 }, (_, i) => `message ${i} of a row that goes on and on`);
  const steps = rows.flatMap((row, i): Step[] => [
    {
      do: 'send',
      bytes: frame(
        family,
        packed(i === 0 ? [row] : [[8, rows[i - 1]?.length ?? 0], `${i}`, ' of a row that goes on and on']),
      ),
    },
    { do: 'receive', items: [text(row)] },
  ]);
  family.add(
    'window-row',
    'fifty messages, each referring to the one before, and their echoes',
    { section: about },
    [open(OPENING), ...steps],
    { end: 'alive' },
  );
  // Both directions without takeover: what is echoed must not refer to what came before (the session inflates it without a window).
  const own = role === 'server' ? 'server_no_context_takeover' : 'client_no_context_takeover';
  const extensions = `${PMD}; ${own}`;
  const three = rows.slice(0, 3);
  const long = three.map((row) => `${row} `.repeat(30));
  family.echoes(
    'own-no-takeover',
    `with ${own} each message is compressed by itself`,
    { section: 'RFC 7692 7.2.1' },
    long.flatMap((row) => out.text(row)),
    long.map((row) => text(row)),
    { extensions, needs: role === 'server' ? own : PMD },
  );
  // The suite has promised to use no takeover: a receiver may still have the window, and must read what does without.
  const other = role === 'server' ? 'client_no_context_takeover' : 'server_no_context_takeover';
  family.echoes(
    'other-no-takeover',
    `with ${other} each message stands by itself`,
    { section: 'RFC 7692 7.2.2' },
    [...frame(family, HELLO), ...frame(family, HELLO)],
    [text('Hello'), text('Hello')],
    { extensions: `${PMD}; ${other}`, needs: PMD },
  );
}

export function windows(family: Family): void {
  const { role, out } = family;
  // A distance as far as the window goes, and one byte more.
  const reach = (distance: number): Bytes => {
    const filler = Buffer.alloc(distance - 3, 'x');
    return [
      ...frame(family, new Deflated().stored(concat(utf8('abc'), filler)).message(), BINARY),
      ...frame(family, packed([[3, distance]]), BINARY),
    ];
  };
  const items = (distance: number): Item[] => [
    binary(concat(utf8('abc'), Buffer.alloc(distance - 3, 'x'))),
    binary('abc'),
  ];
  for (const distance of [256, 1024, 16_384, 32_505, 32_506, 32_767, 32_768])
    echoes(
      family,
      `distance-${distance}`,
      `a distance of ${distance} in a window of 32 KiB`,
      reach(distance),
      items(distance),
      'RFC 7692 7.2.2',
    );
  // What the implementation sends must stay within the window that was agreed; the session measures every distance.
  const own = role === 'server' ? 'server_max_window_bits' : 'client_max_window_bits';
  const other = role === 'server' ? 'client_max_window_bits' : 'server_max_window_bits';
  for (let bits = 8; bits < 16; bits++) {
    const size = 2 ** bits;
    const block = Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + bits) & 255);
    const apart = concat(block, noise(size + 64), block);
    family.echoes(
      `own-window-${bits}`,
      `it sends with a window of 2^${bits} bytes`,
      { section: 'RFC 7692 7.2.1' },
      [...out.binary(apart), ...out.binary(apart)],
      [binary(apart), binary(apart)],
      { extensions: `${PMD}; ${own}=${bits}`, needs: role === 'server' ? own : `${PMD}; ${own}` },
    );
    // Of a server the suite offers its own window, and the answer names the limit, if it has one: what is sent keeps to both.
    // A server leaves out what is the default, and the distances above ask for that.
    if (role === 'server' && bits === 15) continue;
    const distance = size;
    const extensions = `${PMD}; ${other}=${bits}`;
    family.echoes(
      `other-window-${bits}`,
      `it receives with a window of 2^${bits} bytes`,
      { section: 'RFC 7692 7.2.2' },
      reach(distance),
      items(distance),
      { extensions, needs: role === 'server' ? `${other}=${bits}` : PMD },
    );
  }
}

export function final(family: Family): void {
  const about = 'RFC 7692 7.2.3.4';
  const closed = (words: string): Deflated => new Deflated().fixed([words], { final: true });
  echoes(
    family,
    'final-then-plain',
    'after a block with BFINAL the next message is right',
    [...frame(family, closed('Hello').message()), ...frame(family, packed(['world']))],
    [text('Hello'), text('world')],
    about,
  );
  echoes(
    family,
    'final-window',
    'after a block with BFINAL the window is kept',
    [...frame(family, closed('Hello').message()), ...frame(family, packed([[5, 5]]))],
    [text('Hello'), text('Hello')],
    about,
  );
  echoes(
    family,
    'final-window-twice',
    'after two blocks with BFINAL the window is kept',
    [
      ...frame(family, closed('Hello').message()),
      ...frame(family, closed(' world').message()),
      ...frame(family, packed([[11, 11]])),
    ],
    [text('Hello'), text(' world'), text('Hello world')],
    about,
  );
  echoes(
    family,
    'final-inside',
    'a block with BFINAL inside a message',
    frame(family, closed('Hello').fixed([' world']).message()),
    [text('Hello world')],
    about,
  );
  echoes(
    family,
    'final-inside-window',
    'a block behind one with BFINAL refers to it',
    frame(
      family,
      closed('Hello')
        .fixed([[5, 5]])
        .message(),
    ),
    [text('HelloHello')],
    about,
  );
  echoes(
    family,
    'final-stored',
    'a stored block with BFINAL, and one that refers to it',
    [...frame(family, new Deflated().stored('Hello', { final: true }).message()), ...frame(family, packed([[5, 5]]))],
    [text('Hello'), text('Hello')],
    about,
  );
  echoes(
    family,
    'final-many',
    'ten blocks with BFINAL in one message',
    frame(
      family,
      Array.from({ length: 10 })
        .reduce((data: Deflated, _, i) => data.fixed([`${i}`], { final: true }), new Deflated())
        .message(),
    ),
    [text('0123456789')],
    about,
  );
  echoes(
    family,
    'final-empty',
    'an empty block with BFINAL',
    [...frame(family, HELLO), ...frame(family, closed('').message()), ...frame(family, packed([[5, 5]]))],
    [text('Hello'), text(''), text('Hello')],
    about,
  );
  echoes(
    family,
    'final-all',
    'every message of a row ends with BFINAL',
    Array.from({ length: 20 }, (_, i) => frame(family, closed(`message ${i}`).message())).flat(),
    Array.from({ length: 20 }, (_, i) => text(`message ${i}`)),
    about,
  );
  echoes(
    family,
    'final-cut',
    'messages with BFINAL byte by byte',
    [...frame(family, closed('Hello').message()), ...frame(family, packed([[5, 5]]))],
    [text('Hello'), text('Hello')],
    about,
    1,
  );
}
