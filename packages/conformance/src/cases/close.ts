/** 5.5.1, 7: Close frames, their codes and reasons, and what comes before, with and after them. */
import type { Bytes, Case, Severity, Step } from '../case.ts';
import { pattern, unhex, utf8 } from '../wire/bytes.ts';
import { cutsOf, type Family, forBoth, open, pong, text } from './builder.ts';

/** Codes that an endpoint may send (7.4.1, 7.4.2, and what IANA has registered since). */
const VALID = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
const INVALID = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 9999, 65_535];
const REASONS: Readonly<Record<string, string>> = {
  continuation: '80',
  overlong: 'c0af',
  surrogate: 'eda080',
  'above-10ffff': 'f4908080',
  short: 'e282',
  ff: 'ff',
};

export function close(): Case[] {
  return forBoth('close', (family) => {
    payloads(family);
    faults(family);
    order(family);
    transports(family);
  });
}

function payloads(family: Family): void {
  const { out } = family;
  const about = { section: 'RFC 6455 5.5.1' };
  const answered = (name: string, title: string, bytes: Bytes, code?: number, cut?: number): void =>
    family.add(name, title, about, [open(), { do: 'send', bytes, ...cutsOf({ cut }) }], {
      end: 'closed',
      ...(code === undefined ? {} : { code }),
    });
  answered('empty', 'a Close frame without a payload is answered', out.close());
  for (const code of VALID)
    answered(`code-${code}`, `a Close frame with ${code} is answered`, out.close(code, 'why'), code);
  for (const length of [0, 1, 122, 123])
    answered(`reason-${length}`, `a reason of ${length} bytes`, out.close(1000, pattern(length).block), 1000);
  answered('reason-utf8', 'a reason beyond ASCII', out.close(1000, utf8('auf Wiederhören €𝄞')), 1000);
  for (const cut of [1, 2, 3])
    answered(`cut-${cut}`, `a Close frame in chunks of ${cut} bytes`, out.close(1000, 'in parts'), 1000, cut);
}

function faults(family: Family): void {
  const { out } = family;
  const behind = (bytes: Bytes): Bytes => bytes;
  family.fails(
    'one-byte',
    'a Close frame of one byte is refused',
    { section: 'RFC 6455 5.5.1' },
    behind(out.frame(8, Uint8Array.of(3))),
    { bare: true },
  );
  for (const code of INVALID) {
    // 7.4: the sender must not; a receiver that answers with the same code does what it must not either.
    family.fails(
      `code-${code}`,
      `a Close frame with ${code} is refused`,
      { section: 'RFC 6455 7.4', severity: 'should' },
      out.close(code),
      { bare: true },
    );
    family.fails(
      `code-${code}-reason`,
      `a Close frame with ${code} and a reason is refused`,
      { section: 'RFC 6455 7.4', severity: 'should' },
      out.close(code, 'why'),
      { bare: true },
    );
  }
  for (const [name, digits] of Object.entries(REASONS)) {
    family.fails(
      `reason-${name}`,
      `a reason that is not UTF-8 (${digits}) is refused`,
      { section: 'RFC 6455 5.5.1, 8.1', codes: [1007, 1002] },
      out.close(1000, unhex(digits)),
      { bare: true },
    );
  }
}

function order(family: Family): void {
  const { out } = family;
  const about = { section: 'RFC 6455 5.5.1' };
  const after = (name: string, title: string, bytes: Bytes): void =>
    family.add(`after-${name}`, title, about, [open(), { do: 'send', bytes: [...out.close(1000), ...bytes] }], {
      end: 'closed',
      code: 1000,
    });
  after('text', 'a message after the Close frame is not echoed', out.text('late'));
  after('ping', 'a Ping frame after the Close frame is not answered', out.ping('late'));
  after('close', 'a second Close frame is not answered', out.close(1001));
  after('bad-frame', 'a bad frame after the Close frame changes nothing', out.frame(3, 'x'));
  after('bad-text', 'a text that is not UTF-8, after the Close frame, changes nothing', out.text(unhex('ff')));
  after('half-frame', 'half a frame after the Close frame changes nothing', out.text('late', { announced: 100n }));
  const close = (name: string, title: string, script: readonly Step[], severity: Severity = 'must'): void =>
    family.add(name, title, { ...about, severity }, [open(), ...script], { end: 'closed', code: 1000 });
  // The Close frame must be answered, and the application, which echoes, may learn of the message only afterwards.
  close(
    'behind-text',
    'a message before the Close frame, in the same chunk, is echoed first',
    [
      { do: 'send', bytes: [...out.text('last'), ...out.close(1000)] },
      { do: 'receive', items: [text('last')] },
    ],
    'may',
  );
  close('behind-ping', 'a Ping frame before the Close frame, in the same chunk, is answered first', [
    { do: 'send', bytes: [...out.ping('last'), ...out.close(1000)] },
    { do: 'receive', items: [pong('last')] },
  ]);
  close(
    'behind-many',
    'a hundred messages before the Close frame are echoed first',
    [
      { do: 'send', bytes: [...Array.from({ length: 100 }, (_, i) => out.text(`${i}`)).flat(), ...out.close(1000)] },
      { do: 'receive', items: Array.from({ length: 100 }, (_, i) => text(`${i}`)) },
    ],
    'may',
  );
  close(
    'behind-long',
    'a message of 256 KiB before the Close frame is echoed first',
    [
      { do: 'send', bytes: [...out.binary(pattern(262_144)), ...out.close(1000)] },
      { do: 'receive', items: [{ ...text(pattern(262_144)), type: 'binary' }] },
    ],
    'may',
  );
  // The code that fails a connection; the rest is not read (7.1.7).
  const failing: readonly (readonly [name: string, bytes: Bytes, code: number])[] = [
    ['opcode', out.frame(3, ''), 1002],
    ['utf8', out.text(unhex('ff')), 1007],
    ['continuation', out.more(''), 1002],
  ];
  for (const [name, bytes, code] of failing) {
    family.add(
      `failed-${name}-text`,
      `after failing the connection (${name}) nothing is processed`,
      { section: 'RFC 6455 7.1.7' },
      [open(), { do: 'send', bytes: [...bytes, ...out.text('late'), ...out.ping('after')] }],
      { end: 'failed', codes: [code] },
    );
    family.add(
      `failed-${name}-close`,
      `failing the connection (${name}), and a Close frame behind`,
      { section: 'RFC 6455 7.1.7' },
      [open(), { do: 'send', bytes: [...bytes, ...out.close(1000)] }],
      { end: 'failed', codes: [code] },
    );
    family.add(
      `failed-${name}-twice`,
      `failing the connection (${name}) twice sends one Close frame`,
      { section: 'RFC 6455 7.1.7' },
      [open(), { do: 'send', bytes: [...bytes, ...bytes] }],
      { end: 'failed', codes: [code] },
    );
  }
}

function transports(family: Family): void {
  const { out } = family;
  // 7.2.1: "If at any point the underlying transport layer connection is unexpectedly lost, the client MUST _Fail the WebSocket
  // Connection_." No sentence says so of a server, which only keeps what nobody needs.
  const about = { section: 'RFC 6455 7.2.1', severity: family.role === 'client' ? 'must' : 'hardening' } as const;
  family.add(
    'half-close',
    'the end of our side without a Close frame ends the connection',
    about,
    [open(), { do: 'half-close' }],
    { end: 'ended' },
  );
  family.add(
    'half-close-inside',
    'the end of our side inside a frame ends the connection',
    about,
    [open(), { do: 'send', bytes: out.text('hello', { announced: 100n }) }, { do: 'half-close' }],
    { end: 'ended' },
  );
  family.add(
    'half-close-fragment',
    'the end of our side inside a message ends the connection, and delivers nothing',
    about,
    [open(), { do: 'send', bytes: out.text('he', { final: false }) }, { do: 'half-close' }],
    { end: 'ended' },
  );
  family.add(
    'close-and-end',
    'a Close frame and the end of our side',
    { section: 'RFC 6455 7.1.1' },
    [open(), { do: 'send', bytes: out.close(1000) }, { do: 'half-close' }],
    { end: 'ended' },
  );
  family.add(
    'text-and-end',
    'a message and the end of our side',
    about,
    [open(), { do: 'send', bytes: out.text('hello') }, { do: 'half-close' }],
    { end: 'ended' },
  );
  const hardening = { section: 'CVE-2022-25762', severity: 'hardening' } as const;
  const survived = (name: string, title: string, script: readonly Step[]): void =>
    family.add(name, title, hardening, [open(), ...script, { do: 'drop' }], { end: 'survived' });
  survived('drop', 'the connection is dropped', []);
  survived('drop-inside', 'the connection is dropped inside a frame', [
    { do: 'send', bytes: out.text('hello', { announced: 100n }) },
  ]);
  survived('drop-after-close', 'the connection is dropped after a Close frame', [
    { do: 'send', bytes: out.close(1000) },
  ]);
  survived('drop-before-echo', 'the connection is dropped while a message of 4 MiB is echoed', [
    { do: 'send', bytes: out.binary(pattern(2 ** 22)) },
  ]);
  survived('drop-after-fault', 'the connection is dropped behind a bad frame', [
    { do: 'send', bytes: out.frame(3, '') },
  ]);
}
