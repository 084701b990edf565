/** RFC 7692 6.1, 7.2: what is no DEFLATE, ends too early or too late, or has RSV1 where it may not be. */
import { concat, unhex } from '../wire/bytes.ts';
import { Deflated } from '../wire/deflate.ts';
import type { Family } from './builder.ts';
import { frame, noise, OPENING, packed, SECTION } from './compressed.ts';

export function broken(family: Family): void {
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
  // 7.2.2: "Decompress the resulting data using DEFLATE". Neither RFC says what becomes of data that end inside of a block; half a message
  // that is delivered as a whole one is harm all the same.
  const truncated = ['RFC 7692 7.2.2', 'hardening'] as const;
  const whole = packed(['hello hello hello']);
  for (const at of [1, 3, 5, whole.length - 2])
    refuse(
      `truncated-${at}`,
      `a message that ends after ${at} of ${whole.length} bytes is refused`,
      whole.subarray(0, at),
      ...truncated,
    );
  refuse(
    'truncated-stored',
    'a stored block that ends too early is refused',
    new Deflated().stored('hello hello').raw().subarray(0, 9),
    ...truncated,
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

export function bits(family: Family): void {
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
