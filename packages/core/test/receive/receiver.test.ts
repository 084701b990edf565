import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConnectionOptions } from '../../src/connection/options.ts';
import { type ResolvedOptions, resolveOptions } from '../../src/connection/resolved-options.ts';
import { host } from '../../src/host.ts';
import { Receiver } from '../../src/receive/receiver.ts';
import { budget } from '../budget.ts';
import { collectGarbage } from '../garbage.ts';
import { encodeFrame } from '../reference.ts';
import {
  concat,
  equalBytes,
  hex,
  protocolError,
  type Summary,
  split,
  splitBytes,
  summarize,
  times,
  toHex,
} from '../support.ts';

const receiver = suite('receiver');

const HELLO: Summary = ['text', 'Hello'];

function client(options: ConnectionOptions | ResolvedOptions = {}, offset = 0): Receiver {
  const to = new Receiver(resolveOptions(options), false);
  to.begin(offset);
  return to;
}

function server(options: ConnectionOptions = {}): Receiver {
  return new Receiver(resolveOptions(options), true);
}

/** Gives the receiver bytes and takes all events. */
function receive(to: Receiver, digits: string): Summary[] {
  to.receive(hex(digits));
  return drain(to);
}

function drain(from: Receiver): Summary[] {
  const events: Summary[] = [];
  for (let event = from.next(0); event !== undefined; event = from.next(0)) events.push(summarize(event));
  return events;
}

/** Gives the rule that the bytes break, and where. */
function fault(of: Receiver, digits: string): [rule: string, offset: number] {
  const error = protocolError(() => receive(of, digits));
  return [error.rule, of.faultOffset];
}

receiver('gives one event at a time, in order, then undefined', () => {
  const to = client();
  to.receive(hex('81 01 61  89 01 62  82 01 63'));
  const types = [to.next(0), to.next(0), to.next(0), to.next(0), to.next(0)].map((event) => event?.type);
  assert.equal(types, ['text', 'ping', 'binary', undefined, undefined]);
});

receiver('5.2 a data frame that is whole in its chunk is a view of the chunk, unmasked in place', () => {
  const chunk = concat(hex('ff ff'), hex('82 85 37 fa 21 3d 7f 9f 4d 51 58  89 81 01 00 00 00 60')).subarray(2);
  const to = server();
  to.receive(chunk);
  const binary = to.next(0);
  const ping = to.next(0);
  if (binary?.type !== 'binary' || ping?.type !== 'ping') return assert.unreachable();
  assert.equal(summarize(binary), ['binary', '48 65 6c 6c 6f']);
  assert.is(binary.data.buffer, chunk.buffer);
  assert.equal([binary.data.byteOffset, binary.data.length], [8, 5]);
  // What is short is a copy: the chunk is the data's.
  assert.equal([summarize(ping), ping.data.buffer.byteLength], [['ping', '61'], 1]);
});

receiver('a view of a Buffer is a plain Uint8Array', () => {
  const to = client();
  to.receive(Buffer.from('820161890162', 'hex'));
  for (const event of [to.next(0), to.next(0)]) {
    assert.ok(event !== undefined && 'data' in event && Object.getPrototypeOf(event.data) === Uint8Array.prototype);
  }
});

receiver('what is not whole in its chunk has memory of its own', () => {
  const chunks = split(hex('82 05 01 02 03 04 05'), [4]);
  const to = client();
  for (const chunk of chunks) to.receive(chunk);
  const event = to.next(0);
  for (const chunk of chunks) chunk.fill(0xff);
  assert.ok(event?.type === 'binary');
  assert.equal(summarize(event), ['binary', '01 02 03 04 05']);
});

for (const [name, to, digits, end] of [
  ['a short text', client(), '81 05 48 65 6c 6c 6f', '01 61'],
  ['a short masked text', server(), '81 85 00 00 00 00 48 65 6c 6c 6f', '81 00 00 00 00 61'],
  ['a masked text', server(), `81 c8 00 00 00 00 ${times(72, '61')}`, '81 00 00 00 00 61'],
  ['a long masked text', server(), `81 fe 0800 00 00 00 00 ${times(2048, '61')}`, '81 00 00 00 00 61'],
  ['a masked text that is not ASCII', server(), `81 fe 0800 00 00 00 00 ${times(1024, 'c3 a9')}`, '81 00 00 00 00 61'],
] as const) {
  receiver(`lets go of a chunk that has been parsed: ${name}`, async () => {
    const parse = (): WeakRef<ArrayBuffer> => {
      const chunk = hex(`${digits} 82`);
      to.receive(chunk);
      assert.equal(drain(to).length, 1);
      return new WeakRef(chunk.buffer);
    };
    const chunk = parse();
    await collectGarbage();
    assert.is(chunk.deref(), undefined);
    assert.equal(receive(to, end), [['binary', '61']]);
  });
}

receiver('who transfers the memory of an event takes nothing from the message that began behind it', () => {
  const to = client();
  const first = new Uint8Array(20_000).fill(7);
  first.set(hex(`82 0b ${times(11, '01')} 82 7e 7530`));
  to.receive(first);
  const event = to.next(0);
  assert.ok(event?.type === 'binary');
  assert.is(to.next(0), undefined);
  structuredClone(event.data, { transfer: [event.data.buffer as ArrayBuffer] });
  to.receive(new Uint8Array(30_000 - (20_000 - 17)).fill(7));
  const message = to.next(0);
  assert.ok(message?.type === 'binary');
  assert.ok(message.data.length === 30_000 && message.data.every((byte) => byte === 7));
});

/** A binary frame as the peer of a client sends it, or of a server, with a mask that changes every byte. */
function binaryFrame(masked: boolean, payload: Uint8Array, opcode = 2): Uint8Array<ArrayBuffer> {
  return encodeFrame({ opcode, payload, ...(masked ? { key: [0x37, 0xfa, 0x21, 0x3d] } : {}) });
}

/** Bytes that are all different from their neighbours; as text, ASCII or not. */
const pattern = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, (_, i) => (i * 7 + 1) & 0xff);
const textOf = (length: number, character: string): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`${'abcdefg '.repeat(length / 8 - 1)}${character.repeat(8)}`);

for (const masked of [true, false]) {
  for (const [kind, opcode, payload] of [
    ['binary', 2, pattern(65_536)],
    ['ASCII text', 1, textOf(65_536, 'z')],
    ['text', 1, textOf(65_536, 'é')],
  ] as const) {
    receiver(`64 KiB that arrive as sockets read them, 65,536 bytes and the rest (masked: ${masked}, ${kind})`, () => {
      const to = masked ? server() : client();
      const bytes = binaryFrame(masked, payload, opcode);
      const expected = opcode === 1 ? new TextDecoder().decode(payload) : payload;
      // The second time, and with frames before and behind, too.
      for (const parts of [
        [bytes],
        [bytes],
        [binaryFrame(masked, pattern(9)), bytes],
        [bytes, bytes],
        [bytes, bytes],
      ]) {
        const stream = concat(...parts);
        const data: (string | Uint8Array)[] = [];
        for (const chunk of split(stream, [65_536])) {
          to.receive(chunk);
          for (let event = to.next(0); event !== undefined; event = to.next(0)) {
            assert.ok(event.type === 'text' || event.type === 'binary');
            data.push(event.data);
          }
        }
        const whole = parts.map((part) => (part === bytes ? expected : pattern(9)));
        assert.is(data.length, whole.length);
        for (const [i, one] of data.entries()) {
          if (typeof one === 'string') assert.ok(one === whole[i]);
          else equalBytes(one, whole[i] as Uint8Array);
        }
      }
    });
  }

  receiver(`what was delivered out of a chunk is not touched when what began behind it is moved (${masked})`, () => {
    // Three by three these are all alignments as well.
    for (let before = 0; before <= 40; before += budget(3, 1)) {
      for (const rest of [0, 1, 2, 4, 8, 10, 14, 15, 100]) {
        const to = masked ? server() : client();
        const large = binaryFrame(masked, pattern(70_000));
        const small = binaryFrame(masked, pattern(before));
        const first = concat(small, large.subarray(0, large.length - rest));
        to.receive(first);
        const event = to.next(0);
        assert.ok(event?.type === 'binary');
        const next = to.next(0);
        if (next === undefined) to.receive(large.slice(large.length - rest));
        const message = next ?? to.next(0);
        assert.ok(message?.type === 'binary');
        equalBytes(message.data, pattern(70_000), `${before} bytes before, ${rest} to come`);
        equalBytes(event.data, pattern(before));
        // Who has been given the one may do with its memory what it likes.
        if (rest > 0) new Uint8Array(event.data.buffer).fill(0xff);
        if (rest > 0) equalBytes(message.data, pattern(70_000));
      }
    }
  });

  receiver(`the room of a header is used, whether it came with its payload or before it (${masked})`, () => {
    const frame = binaryFrame(masked, pattern(70_000));
    const header = frame.length - 70_000;
    for (let cut = 0; cut <= header; cut++) {
      for (let rest = 1; rest <= header + 1; rest++) {
        const to = masked ? server() : client();
        const around = concat(pattern(100), frame.subarray(cut, frame.length - rest), pattern(100));
        const chunks = [frame.slice(0, cut), around.subarray(100, -100), frame.slice(frame.length - rest)];
        for (const chunk of chunks) {
          to.receive(chunk);
          if (chunk !== chunks[2]) assert.is(to.next(0), undefined);
        }
        const event = to.next(0);
        assert.ok(event?.type === 'binary');
        const what = `${cut} bytes of the header before, ${rest} bytes behind`;
        equalBytes(event.data, pattern(70_000), what);
        // No allocation where it fits; never a byte beyond the chunk.
        assert.is(event.data.buffer === around.buffer, rest <= header - cut, what);
        equalBytes(concat(around.subarray(0, 100), around.subarray(-100)), concat(pattern(100), pattern(100)), what);
      }
    }
  });

  receiver(`a fragment whose room is used leaves the frames behind it alone (${masked})`, () => {
    const key = masked ? { key: [1, 2, 3, 4] } : {};
    const stream = concat(
      encodeFrame({ fin: false, opcode: 2, payload: pattern(5000), ...key }),
      encodeFrame({ opcode: 9, payload: pattern(5), ...key }),
      encodeFrame({ opcode: 0, payload: pattern(4), ...key }),
      encodeFrame({ opcode: 2, payload: pattern(300), ...key }),
    );
    const to = masked ? server() : client();
    to.receive(stream);
    const events = [to.next(0), to.next(0), to.next(0)];
    assert.equal(
      events.map((event) => event && summarize(event)),
      [
        ['ping', toHex(pattern(5))],
        ['binary', toHex(concat(pattern(5000), pattern(4)))],
        ['binary', toHex(pattern(300))],
      ],
    );
  });
}

receiver('is at rest between two messages, with nothing to parse', () => {
  const to = client();
  assert.is(to.isAtRest, true);
  const steps: [digits: string, isAtRest: boolean][] = [
    ['81', false],
    ['01', false],
    ['61', true],
    ['01 01 61', false],
    ['89 00', false],
    ['80 01', false],
    ['62', true],
    ['82 05 01', false],
    ['02 03 04', false],
    ['05', true],
    ['89 02 01', false],
    ['02', true],
    ['', true],
  ];
  for (const [digits, isAtRest] of steps) {
    to.receive(hex(digits));
    assert.is(to.isAtRest, digits === '', 'whether there is something to parse');
    drain(to);
    assert.is(to.isAtRest, isAtRest, digits);
  }
  // One event has been taken, not all.
  to.receive(hex('81 00 81 00'));
  to.next(0);
  assert.is(to.isAtRest, false);
  to.next(0);
  assert.is(to.isAtRest, false);
  to.next(0);
  assert.is(to.isAtRest, true);
  to.discard();
  assert.is(to.isAtRest, false);
});

receiver('is never at rest where it knows something of its connection', () => {
  const to = client({ rateLimits: { messages: { perSecond: 1 } } });
  assert.is(to.isAtRest, false);
});

receiver('begins again anywhere in another stream', () => {
  const to = client();
  for (const offset of [0, 1000, 2 ** 40, 7]) {
    to.begin(offset);
    assert.equal(receive(to, '82 02 01 02 01 01'), [['binary', '01 02']]);
    assert.is(to.pendingSince, offset + 4);
    assert.equal(receive(to, '61'), []);
    assert.equal(receive(to, '80 00'), [['text', 'a']]);
    assert.is(to.pendingSince, -1);
  }
  to.begin(500);
  assert.equal(fault(to, '82 00 83'), ['reserved-opcode', 502]);
});

receiver('empty chunks mean nothing', () => {
  const to = client();
  assert.equal(receive(to, ''), []);
  assert.equal(receive(to, '81 05 48'), []);
  assert.equal(receive(to, ''), []);
  assert.equal(receive(to, '65 6c 6c 6f'), [HELLO]);
  assert.equal(receive(to, ''), []);
});

receiver('chunks that arrive before the events are taken wait in order', () => {
  for (const polled of [0, 1, 2]) {
    const to = client();
    const bytes = hex('81 05 48 65 6c 6c 6f  89 00  82 7e 0100'.concat(times(256, '07'), '81 05 48 65 6c 6c 6f'));
    const events: Summary[] = [];
    to.receive(hex('81 01 61  81 01 62'));
    for (let i = 0; i < polled; i++) {
      const event = to.next(0);
      if (event !== undefined) events.push(summarize(event));
    }
    for (const chunk of splitBytes(bytes)) to.receive(chunk);
    events.push(...drain(to));
    assert.equal(events, [['text', 'a'], ['text', 'b'], HELLO, ['ping', ''], ['binary', times(256, '07')], HELLO]);
  }
});

receiver('says whether bytes wait that it has not looked at', () => {
  const to = client();
  to.receive(hex('81 01 61  81 01 62'));
  to.next(0);
  to.next(0);
  to.receive(hex('89'));
  to.receive(hex('00'));
  assert.equal(drain(to), [['ping', '']]);
});

receiver('5.2 lengths up to 2^53 - 1 are accepted where there is no limit, and waited for', () => {
  for (const length of ['7fffffff', '80000000', 'ffffffff', '00000100000000', '00000100000001', '1fffffffffffff']) {
    const to = client({ maxMessageSize: Infinity });
    assert.equal(receive(to, `82 7f ${length.padStart(16, '0')} 01 02 03`), []);
    assert.is(to.pendingSince, 0);
  }
});

receiver('says where the message or frame begins that is not whole', () => {
  const to = client({}, 100);
  const steps: [digits: string, pendingSince: number][] = [
    ['', -1],
    ['89', 100], // half a header
    ['01', 100], // a Ping frame without its payload
    ['61', -1],
    ['01 01', 103], // the first fragment
    ['61', 103], // between fragments
    ['8a 01', 103], // inside a Pong frame between fragments
    ['62 80', 103],
    ['00', -1],
    ['81 02 c3', 111],
    ['a9', -1],
    ['82 7e', 115],
    ['01', 115],
    [`00 ${times(256, '00')} 82`, 375],
  ];
  for (const [digits, pendingSince] of steps) {
    receive(to, digits);
    assert.is(to.pendingSince, pendingSince, `after ${digits.slice(0, 20)}`);
  }
});

receiver('offsets of faults count all bytes of the stream', () => {
  const cases: [before: string, broken: string, rule: string, offset: number][] = [
    ['', '83', 'reserved-opcode', 1000],
    ['81 01 61', '80', 'continuation-without-message', 1003],
    ['81 01 61 81 03 61', '62 ff', 'invalid-utf8', 1007],
    ['88 02', '03 ed', 'close-code', 1000],
    ['81 7e', '00 7d', 'length-not-minimal', 1000],
  ];
  for (const [before, broken, rule, offset] of cases) {
    const whole = client({}, 1000);
    assert.equal(fault(whole, `${before} ${broken} 00`), [rule, offset]);
    const cut = client({}, 1000);
    receive(cut, before);
    assert.equal(fault(cut, `${broken} 00`), [rule, offset]);
  }
});

receiver('5.5.1 once it discards, only Ping frames and a Close frame are delivered', () => {
  const to = server();
  to.discard();
  const pings = receive(
    to,
    '81 85 37 fa 21 3d 7f 9f 4d 51 58  89 80 00 00 00 00  8a 80 00 00 00 00  82 80 00 00 00 00',
  );
  assert.equal(pings, [['ping', '']]);
  assert.equal(receive(to, '88 82 34 b3 e3 25 37 5a'), [['close', 1001, '']]);
});

receiver('5.5.1 it may begin to discard anywhere inside a message or frame', () => {
  const bytes = hex(
    '01 81 00 00 00 00 61  89 85 37 fa 21 3d 7f 9f 4d 51 58  80 81 00 00 00 00 62  88 82 34 b3 e3 25 37 5a',
  );
  for (const messages of ['whole', 'fragments'] as const) {
    for (let cut = 0; cut <= bytes.length; cut++) {
      for (const rest of ['whole', 'bytes']) {
        const to = server({ messages });
        const [before, behind] = split(bytes, [cut]);
        if (before === undefined || behind === undefined) return assert.unreachable();
        to.receive(before);
        const closed = drain(to).some(([type]) => type === 'close');
        to.discard();
        for (const chunk of rest === 'whole' ? [behind] : splitBytes(behind)) to.receive(chunk);
        const events = drain(to).filter(([type]) => type !== 'ping');
        assert.equal(events, closed ? [] : [['close', 1001, '']], `from byte ${cut} on, then ${rest}`);
      }
    }
  }
});

receiver('5.5.1 what is discarded is not judged, but for its headers and the Close frame', () => {
  const limits = { maxMessageSize: 5, rateLimits: { messages: { perSecond: 1 }, controlFrames: { perSecond: 1 } } };
  const discarding = (): Receiver => {
    const to = client(limits);
    to.discard();
    return to;
  };
  assert.equal(receive(discarding(), '81 01 ff  80 00  01 05 01 02 03 04 05  00 05 01 02 03 04 05  88 00'), [
    ['close', 1005, ''],
  ]);
  assert.equal(receive(discarding(), '89 00  8a 00  89 00  81 00  81 00  88 02 03e8'), [
    ['ping', ''],
    ['ping', ''],
    ['close', 1000, ''],
  ]);
  assert.equal(fault(discarding(), '81 01 61  83'), ['reserved-opcode', 3]);
  assert.equal(fault(discarding(), '81 06'), ['frame-too-big', 0]);
  assert.equal(fault(discarding(), '88 01 03'), ['close-payload-length', 0]);
});

receiver('5.5.1 the rest of what it was keeping is let go when it begins to discard', () => {
  const to = client({ messages: 'fragments' });
  assert.equal(receive(to, '01 03 61 e2 82'), [['fragment', 1, '61', false]]);
  to.discard();
  assert.equal(receive(to, '80 01 ac  88 00'), [['close', 1005, '']]);
});

receiver("messages: 'fragments' delivers payload as it arrives, also inside a frame", () => {
  const to = client({ messages: 'fragments' });
  const steps: [digits: string, events: Summary[]][] = [
    ['82 05', []],
    ['01 02', [['fragment', 2, '01 02', false]]],
    ['03', [['fragment', 2, '03', false]]],
    ['04 05', [['fragment', 2, '04 05', true]]],
    [
      '02 02 06 07  89 01 61  00 01 08',
      [
        ['fragment', 2, '06 07', false],
        ['ping', '61'],
        ['fragment', 2, '08', false],
      ],
    ],
    ['00 00', []],
    ['80 00', [['fragment', 2, '', true]]],
    ['81 00', [['fragment', 1, '', true]]],
    ['81 01 61', [['fragment', 1, '61', true]]],
  ];
  for (const [digits, events] of steps) assert.equal(receive(to, digits), events, digits);
});

receiver("5.6 messages: 'fragments' delivers a text in whole code points", () => {
  const to = client({ messages: 'fragments' });
  const steps: [digits: string, events: Summary[]][] = [
    ['01 03 61 e2 82', [['fragment', 1, '61', false]]],
    ['00 01 ac', [['fragment', 1, 'e2 82 ac', false]]],
    ['00 01 f0', []],
    ['00 01 9f', []],
    ['00 02 90', []],
    ['af', [['fragment', 1, 'f0 9f 90 af', false]]],
    ['00 03 62 c3 a9', [['fragment', 1, '62 c3 a9', false]]],
    ['00 01 c3', []],
  ];
  for (const [digits, events] of steps) assert.equal(receive(to, digits), events, digits);
  assert.equal(fault(to, '80 02 a9 c3'), ['invalid-utf8', 30]);
});

receiver("messages: 'fragments' delivers views, and keeps no view of a chunk itself", () => {
  const to = client({ messages: 'fragments' });
  const [first, second] = split(hex('01 03 61 e2 82  80 01 ac'), [5]);
  if (first === undefined || second === undefined) return assert.unreachable();
  to.receive(first);
  const piece = to.next(0);
  assert.ok(piece?.type === 'fragment' && piece.data.buffer === first.buffer);
  first.fill(0xff);
  to.receive(second);
  assert.equal(drain(to), [['fragment', 1, 'e2 82 ac', true]]);
});

receiver('8.1 decodes with the given decoder, whole or not', () => {
  const lengths: number[] = [];
  const textDecoder = {
    decode(bytes: Uint8Array): string {
      lengths.push(bytes.length);
      return 'decoded';
    },
  };
  assert.equal(receive(client({ textDecoder }), '81 02 c3 a9'), [['text', 'decoded']]);
  assert.equal(receive(client({ textDecoder }), '01 01 61  80 02 c3 a9'), [['text', 'decoded']]);
  assert.equal(lengths, [2, 3]);
});

receiver('8.1 a decoder that refuses what is valid is not believed', () => {
  const textDecoder = {
    decode(): string {
      throw new TypeError('no');
    },
  };
  assert.equal(receive(client({ textDecoder }), '81 02 c3 a9'), [['text', 'é']]);
  assert.equal(receive(client({ textDecoder }), '01 01 61  80 02 c3 a9'), [['text', 'aé']]);
  assert.equal(receive(client({ textDecoder }), `81 7d ${times(125, '61')}`), [['text', 'a'.repeat(125)]]);
});

receiver('8.1 works without a decoder of the host', () => {
  assert.ok(host.textDecoder !== undefined);
  const bare = Object.create(resolveOptions(), { textDecoder: { value: undefined } });
  const text = 'é€🐯'.repeat(12);
  const payload = Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('');
  assert.equal(receive(client(bare), `81 6c ${payload}`), [['text', text]]);
  assert.equal(receive(client(bare), `01 02 c3a9  80 6c ${payload}`), [['text', `é${text}`]]);
  assert.equal(fault(client(bare), `81 6d ${payload} c3`), ['invalid-utf8', 111]);
});

receiver('7.4.1 rate limits count messages when they begin, bytes when they come, and control frames', () => {
  const rateLimits = { messages: { perSecond: 2 }, bytes: { perSecond: 10 }, controlFrames: { perSecond: 2 } };
  const cases: [digits: string, types: string[], rule: string, offset: number][] = [
    ['81 00  82 00  81 00', ['text', 'binary'], 'message-rate', 4],
    ['01 00  00 00  80 00  81 00  01 00', ['text', 'text'], 'message-rate', 8],
    ['81 05 48656c6c6f  81 06 616161616161', ['text'], 'byte-rate', 7],
    ['81 05 48656c6c6f  01 05 6161616161  80 01 61', ['text'], 'byte-rate', 14],
    ['89 00  8a 00  89 00', ['ping', 'pong'], 'control-rate', 4],
    ['89 00  8a 00  88 00', ['ping', 'pong'], 'control-rate', 4],
  ];
  for (const [digits, types, rule, offset] of cases) {
    const to = client({ rateLimits });
    to.receive(hex(digits));
    const seen = types.map(() => to.next(0)?.type);
    assert.equal(seen, types, digits);
    assert.is(protocolError(() => drain(to)).rule, rule, digits);
    assert.is(to.faultOffset, offset, digits);
  }
});

receiver('7.4.1 rate limits forget with time', () => {
  const to = client({ rateLimits: { messages: { perSecond: 1 } } });
  to.receive(hex('81 00  81 00'));
  assert.is(to.next(0)?.type, 'text');
  assert.is(to.next(1000)?.type, 'text');
});

receiver(
  '10.4: a text longer than any string is refused when it is announced; bytes and fragments of it are not',
  () => {
    const longer = '7f 00 00 00 00 1f ff ff e9';
    const longest = '7f 00 00 00 00 1f ff ff e8';
    const whole = (): Receiver => client({ maxMessageSize: Infinity });
    const refused = (digits: string): void => {
      assert.is(protocolError(() => receive(whole(), digits)).rule, 'message-too-big');
    };
    refused(`81 ${longer}`);
    refused(`01 01 61  80 ${longest}`);
    assert.equal(receive(whole(), `81 ${longest}`), []);
    assert.equal(receive(whole(), `82 ${longer}`), []);
    assert.equal(receive(client({ maxMessageSize: Infinity, messages: 'fragments' }), `81 ${longer}`), []);
  },
);

receiver.run();
