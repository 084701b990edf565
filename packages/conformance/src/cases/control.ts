/** 5.5: Ping and Pong frames, and where pongs come. */
import type { Case, Step } from '../case.ts';
import { pattern } from '../wire/bytes.ts';
import { CLOSE, PING, PONG } from '../wire/frames.ts';
import { type Family, forBoth, maybePong, open, pong, text } from './builder.ts';

const CONTROL = { ping: PING, pong: PONG, close: CLOSE } as const;

export function control(): Case[] {
  return forBoth('control', (family) => {
    pings(family);
    pongs(family);
    faults(family);
  });
}

function pings(family: Family): void {
  const { out } = family;
  const about = { section: 'RFC 6455 5.5.2, 5.5.3' };
  for (const length of [0, 1, 2, 4, 64, 124, 125]) {
    const payload = pattern(length).block;
    family.echoes(
      `ping-${length}`,
      `a Ping frame of ${length} bytes is answered with its payload`,
      about,
      out.ping(payload),
      [pong(payload)],
    );
  }
  const binary = Uint8Array.of(0, 255, 254, 253, 128, 0x7f, 0xc3, 0x28);
  family.echoes('ping-not-utf8', 'the payload of a Ping frame need not be UTF-8', about, out.ping(binary), [
    pong(binary),
  ]);
  for (const cut of [1, 3]) {
    family.echoes(
      `ping-cut-${cut}`,
      `a Ping frame in chunks of ${cut} bytes`,
      about,
      out.ping(pattern(125).block),
      [pong(pattern(125).block)],
      { cut },
    );
  }
  const steps = Array.from({ length: 10 }, (_, i): Step[] => [
    { do: 'send', bytes: out.ping(`ping ${i}`) },
    { do: 'receive', items: [pong(`ping ${i}`)] },
  ]);
  family.add(
    'ping-each',
    'ten Ping frames, each after the answer to the one before',
    about,
    [open(), ...steps.flat()],
    { end: 'alive' },
  );
  for (const count of [2, 10, 1000]) {
    // 5.5.3: an endpoint "MAY elect to send a Pong frame for only the most recently processed Ping frame".
    const items = Array.from({ length: count }, (_, i) => (i < count - 1 ? maybePong(`ping ${i}`) : pong(`ping ${i}`)));
    family.echoes(
      `ping-row-${count}`,
      `of ${count} Ping frames in a row at least the last one is answered, and answers keep their order`,
      // So many at once are a flood, which an implementation may refuse.
      count === 1000 ? { ...about, severity: 'may' } : about,
      Array.from({ length: count }, (_, i) => out.ping(`ping ${i}`)).flat(),
      items,
    );
  }
  family.echoes(
    'ping-after-text',
    'a message and a Ping frame are answered in order',
    about,
    [...out.text('first'), ...out.ping('second')],
    [text('first'), pong('second')],
  );
  family.echoes(
    'ping-before-text',
    'a Ping frame and a message are answered in order',
    about,
    [...out.ping('first'), ...out.text('second')],
    [pong('first'), text('second')],
  );
  family.echoes(
    'ping-between',
    'Ping frames between messages are answered between their echoes',
    about,
    [...out.text('a'), ...out.ping('1'), ...out.text('b'), ...out.ping('2'), ...out.text('c')],
    [text('a'), maybePong('1'), text('b'), pong('2'), text('c')],
  );
  family.add(
    'ping-inside',
    'a Ping frame inside a message is answered before the message is complete',
    { section: 'RFC 6455 5.4, 5.5.2' },
    [
      open(),
      { do: 'send', bytes: [...out.text('he', { final: false }), ...out.ping('now')] },
      { do: 'receive', items: [pong('now')] },
      { do: 'send', bytes: out.more('llo') },
      { do: 'receive', items: [text('hello')] },
    ],
    { end: 'alive' },
  );
}

function pongs(family: Family): void {
  const { out } = family;
  // 5.5.3: "A Pong frame MAY be sent unsolicited. […] A response to an unsolicited Pong frame is not expected."
  for (const payload of ['', 'unsolicited']) {
    family.add(
      `pong-${payload === '' ? 'empty' : 'data'}`,
      'an unsolicited Pong frame is not answered',
      { section: 'RFC 6455 5.5.3' },
      [open(), { do: 'send', bytes: out.pong(payload) }, { do: 'silence', for: 150 }],
      { end: 'alive' },
    );
  }
  family.echoes(
    'pong-row',
    'a hundred unsolicited Pong frames',
    { section: 'RFC 6455 5.5.3' },
    [...Array.from({ length: 100 }, (_, i) => out.pong(`${i}`)).flat(), ...out.text('done')],
    [text('done')],
  );
  family.echoes(
    'pong-between',
    'unsolicited Pong frames between a Ping frame and a message',
    { section: 'RFC 6455 5.5.3' },
    [...out.pong('x'), ...out.ping('y'), ...out.pong('y'), ...out.text('z')],
    [pong('y'), text('z')],
  );
}

function faults(family: Family): void {
  const { out } = family;
  const about = { section: 'RFC 6455 5.5' };
  // 5.5: "All control frames MUST have a payload length of 125 bytes or less": whoever answers one that is longer sends such a frame,
  // but an implementation that takes a Pong frame does not. 10.7: "the endpoint MAY drop the TCP connection".
  const unanswered = { section: 'RFC 6455 5.5, 10.7', severity: 'should' } as const;
  for (const [name, opcode] of Object.entries(CONTROL)) {
    for (const length of [126, 127, 128, 65_535, 65_536]) {
      const payload = { ...pattern(length) };
      // The first bytes of a Close frame are a legal code.
      const block = opcode === CLOSE ? Uint8Array.of(3, 232, ...payload.block.subarray(2)) : payload.block;
      if (opcode === CLOSE && length > payload.block.length) continue;
      family.fails(
        `long-${name}-${length}`,
        `a ${name} frame of ${length} bytes is refused`,
        opcode === PONG ? unanswered : about,
        out.frame(opcode, { block, length }),
      );
    }
    family.add(
      `long-${name}-header`,
      `a ${name} frame that announces 126 bytes is refused before they arrive`,
      { section: 'RFC 6455 5.5', severity: 'should' },
      [open(), { do: 'send', bytes: out.frame(opcode, '', { bits: 16, announced: 126n }) }],
      { end: 'failed', codes: [1002] },
    );
    const payload = opcode === CLOSE ? Uint8Array.of(3, 232) : 'hello';
    family.fails(
      `fragment-${name}`,
      `a ${name} frame that is not final is refused`,
      about,
      out.frame(opcode, payload, { final: false }),
    );
    family.fails(
      `fragment-empty-${name}`,
      `an empty ${name} frame that is not final is refused`,
      about,
      out.frame(opcode, '', { final: false }),
    );
    family.fails(`fragments-${name}`, `a ${name} frame in two fragments is refused`, about, [
      ...out.frame(opcode, payload, { final: false }),
      ...out.more(''),
    ]);
    family.fails(`fragment-inside-${name}`, `a ${name} frame that is not final, inside a message, is refused`, about, [
      ...out.text('he', { final: false }),
      ...out.frame(opcode, payload, { final: false }),
      ...out.more('llo'),
    ]);
  }
}
