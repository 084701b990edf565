/** RFC 7692 6 and 7.2: compressed messages, whole and broken. */
import type { Bytes, Case, Item, Step } from '../case.ts';
import { concat, pattern, unhex, utf8 } from '../wire/bytes.ts';
import { Deflated, type Symbols } from '../wire/deflate.ts';
import { BINARY, TEXT } from '../wire/frames.ts';
import { binary, type Family, forBoth, open, pong, text } from './builder.ts';

const PMD = 'permessage-deflate';
const OPENING = { extensions: PMD, needs: PMD } as const;
const SECTION = 'RFC 7692 7.2.2';
const HELLO = unhex('f248cdc9c90700');

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

const packed = (symbols: Symbols): Uint8Array => new Deflated().fixed(symbols).message();
/** Returns the frame of a compressed message. */
const frame = ({ out }: Family, data: Uint8Array, opcode = TEXT): Bytes => out.frame(opcode, data, { rsv: 4 });

function echoes(
  family: Family,
  name: string,
  title: string,
  bytes: Bytes,
  items: readonly Item[],
  section = SECTION,
  cut?: number,
): void {
  family.echoes(name, title, { section }, bytes, items, { ...OPENING, ...(cut === undefined ? {} : { cut }) });
}

function blocks(family: Family): void {
  // RFC 7692 7.2.3.1 to 7.2.3.6.
  const examples: Readonly<Record<string, string>> = {
    'one-block': 'f248cdc9c90700',
    stored: '000500faff48656c6c6f00',
    final: 'f348cdc9c9070000',
    'two-blocks': 'f248050000ffffcac9c90700'.replace('0000ffff', '000000ffff'),
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

function takeover(family: Family): void {
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

function windows(family: Family): void {
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

/** Bytes that do not compress, the same each time. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 16;
  });
}

function final(family: Family): void {
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

function broken(family: Family): void {
  const refuse = (
    name: string,
    title: string,
    data: Uint8Array,
    section = SECTION,
    severity: 'must' | 'hardening' = 'must',
  ): void =>
    family.fails(
      `broken-${name}`,
      title,
      { section, severity, codes: [1007, 1002, 1011] },
      frame(family, data),
      OPENING,
    );
  refuse('type-3', 'a block of type 3 is refused', new Deflated().bits(6, 3).message());
  refuse('stored-length', 'a stored block whose length is not confirmed is refused', unhex('000500000048656c6c6f00'));
  refuse('distance-first', 'a distance before the first byte is refused', packed([[3, 1]]));
  refuse('distance-far', 'a distance beyond what was sent is refused', packed(['Hello', [3, 6]]));
  refuse(
    'distance-code',
    'a distance code that does not exist is refused',
    new Deflated().fixed(['abc'], { open: true }).bits(0x40, 7).bits(0x0f, 5).bits(0, 7).message(),
  );
  refuse(
    'noise',
    'bytes that are no DEFLATE are refused',
    noise(100).map((byte) => byte | 6),
  );
  refuse(
    'dynamic-lengths',
    'a dynamic block with impossible code lengths is refused',
    new Deflated().bits(4, 3).bits(0x3fff, 14).bits(0xffffff, 24).bits(0xffffff, 24).message(),
  );
  const whole = packed(['hello hello hello']);
  for (const at of [1, 3, 5, whole.length - 2])
    refuse(
      `truncated-${at}`,
      `a message that ends after ${at} of ${whole.length} bytes is refused`,
      whole.subarray(0, at),
      'RFC 7692 7.2.1',
    );
  refuse(
    'truncated-stored',
    'a stored block that ends too early is refused',
    new Deflated().stored('hello hello').raw().subarray(0, 9),
    'RFC 7692 7.2.1',
  );
  refuse('trailing', 'bytes behind the end are refused', concat(whole, unhex('aabbcc')), 'RFC 7692 7.2.1');
  // The empty block that 7.2.1 takes off the end, and that was not.
  refuse(
    'utf8',
    'a compressed text that is not UTF-8 is refused',
    packed([unhex('c3a9ff')]),
    'RFC 7692 6.1, RFC 6455 8.1',
  );
  refuse(
    'utf8-cut',
    'a compressed text that ends inside a character is refused',
    packed([unhex('e282')]),
    'RFC 7692 6.1, RFC 6455 8.1',
  );
  const { out } = family;
  family.fails(
    'broken-plain-text',
    'a compressed flag on a text that is not compressed is refused',
    { section: SECTION, codes: [1007, 1002, 1011] },
    out.text('Hello', { rsv: 4 }),
    OPENING,
  );
}

function bits(family: Family): void {
  const { out } = family;
  const about = { section: 'RFC 7692 6.1' };
  const data = packed(['Hello']);
  family.fails(
    'rsv1-continuation',
    'RSV1 on a Continuation frame is refused',
    about,
    [...out.text(data.subarray(0, 3), { rsv: 4, final: false }), ...out.more(data.subarray(3), { rsv: 4 })],
    OPENING,
  );
  family.fails(
    'rsv1-continuation-plain',
    'RSV1 on a Continuation frame of a message that is not compressed is refused',
    about,
    [...out.text('he', { final: false }), ...out.more('llo', { rsv: 4 })],
    OPENING,
  );
  family.fails('rsv1-ping', 'a compressed Ping frame is refused', about, out.ping(data, { rsv: 4 }), OPENING);
  family.fails('rsv1-pong', 'a compressed Pong frame is refused', about, out.pong(data, { rsv: 4 }), OPENING);
  family.fails('rsv1-close', 'a compressed Close frame is refused', about, out.close(1000, '', { rsv: 4 }), OPENING);
  for (const rsv of [1, 2, 3, 5, 6, 7])
    family.fails(
      `rsv-${rsv}`,
      `RSV ${rsv.toString(2).padStart(3, '0')} is refused although compression was agreed`,
      { section: 'RFC 6455 5.2' },
      out.text(data, { rsv }),
      OPENING,
    );
}
