// RFC 6455 5.2, 5.4: from bytes to frames, across any cuts. properties/frames.test.ts compares it with the reference.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameReader, type FrameRules, type MessageState } from '../../src/frame/index.ts';
import { StateError } from '../../src/rules.ts';
import { budget } from '../budget.ts';
import { collectGarbage } from '../garbage.ts';
import { hex, protocolError, split, splitBytes, times, toHex } from '../support.ts';

const reader = suite('frame-reader');

const RULES: FrameRules = { masked: undefined, rsv: 0, maxFrameSize: 1000 };

/** Reads chunks to their ends, and returns for each part the opcode if it is the first, its bytes, offset and the rest. */
function read(from: FrameReader, chunks: readonly string[], state?: MessageState): unknown[][] {
  return chunks.map((digits) => {
    const chunk = hex(digits);
    from.receive(chunk);
    const parts: unknown[] = [];
    for (let part = from.next(state); part !== undefined; part = from.next(state)) {
      const { header, first, start, end, left, offset, whole } = part;
      const bytes = toHex(chunk.subarray(start, end));
      parts.push([first ? header.opcode : '…', bytes, offset, left, ...(whole ? ['whole'] : [])]);
    }
    return parts;
  });
}

reader('5.2 a frame that is whole in its chunk is one part, still masked', () => {
  const chunks = ['81 05 48 65 6c 6c 6f  89 00  82 83 01 02 03 04 61 62 63'];
  const parts = [
    [1, '48 65 6c 6c 6f', 0, 0, 'whole'],
    [9, '', 0, 0, 'whole'],
    [2, '61 62 63', 0, 0, 'whole'],
  ];
  assert.equal(read(new FrameReader(RULES), chunks), [parts]);
});

reader('5.2 a frame across chunks has a part when its header is complete, and one for each further chunk', () => {
  const chunks = ['82', '05', '', '01 02', '03', '04 05 8a', '80 01 02 03', '04', '82 02 ff', 'ff'];
  assert.equal(read(new FrameReader(RULES), chunks), [
    [],
    [[2, '', 0, 5]],
    [],
    [['…', '01 02', 0, 3]],
    [['…', '03', 2, 2]],
    [['…', '04 05', 3, 0]],
    [],
    [[10, '', 0, 0, 'whole']],
    [[2, 'ff', 0, 1]],
    [['…', 'ff', 1, 0]],
  ]);
});

reader('the part object is reused, with the values of the latest header', () => {
  const from = new FrameReader(RULES);
  from.receive(hex('01 01 61  80 82 01 02 03 04 62 63'));
  const first = from.next();
  assert.equal(first?.header, { final: false, rsv: 0, opcode: 1, masked: false, key: 0, length: 1 });
  const second = from.next();
  assert.is(second, first);
  assert.equal(second?.header, { final: true, rsv: 0, opcode: 0, masked: true, key: 0x01020304, length: 2 });
});

reader('5.2 the longest payload is read in parts', () => {
  const from = new FrameReader({ ...RULES, maxFrameSize: Infinity });
  const longest = 2 ** 53 - 1;
  assert.equal(read(from, ['82 7f 00 1f ff ff ff ff ff ff 01 02', '03']), [
    [[2, '01 02', 0, longest - 2]],
    [['…', '03', 2, longest - 3]],
  ]);
});

for (const [name, state, bytes, rule, offset] of [
  ['another message in a message', { inMessage: true }, '89 00 81', 'message-interleaved', 2],
  ['another message, also a binary one', { inMessage: true }, '02 00', 'message-interleaved', 0],
  ['a continuation of nothing', { inMessage: false }, '00', 'continuation-without-message', 0],
  ['another broken rule is reported first', { inMessage: false }, 'c0', 'reserved-bits', 0],
  ['an undefined opcode', { inMessage: true }, '83 00', 'reserved-opcode', 0],
] as const) {
  reader(`5.4 a wrong fragment fails at its first byte: ${name}`, () => {
    for (const chunks of [[bytes], bytes.split(' ')]) {
      const from = new FrameReader(RULES);
      read(from, ['89 00']);
      const error = protocolError(() => read(from, chunks, state));
      assert.equal([error.rule, error.offset], [rule, offset + 2]);
      assert.is(from.headerBytes.length, 1);
    }
  });
}

reader(
  '5.4 control frames may come between fragments; without a value for inMessage, data frames may come in any order',
  () => {
    const legal = (bytes: string, state?: MessageState): number =>
      read(new FrameReader(RULES), [bytes], state).flat().length;
    assert.is(legal('89 00 8a 00 88 00 00 00 80 00', { inMessage: true }), 5);
    assert.is(legal('89 00 8a 00 88 00 01 00 82 00', { inMessage: false }), 5);
    assert.is(legal('01 00 01 00 80 00 80 00'), 4);
    assert.is(legal('01 00 01 00 80 00 80 00', {}), 4);
    assert.is(legal('01 00 01 00 80 00 80 00', { inMessage: undefined }), 4);
  },
);

reader(
  'the error has the offset of the frame, and headerBytes has its header up to and including the wrong byte',
  () => {
    for (const [bytes, rule, header] of [
      ['f1 00', 'reserved-bits', 'f1'],
      ['89 7e 00', 'control-too-long', '89 7e'],
      ['82 7e 00 7d 00', 'length-not-minimal', '82 7e 00 7d'],
      ['82 7f 80 00 00', 'length-sign-bit', '82 7f 80'],
      ['82 fe 03 e9 01 02 03 04', 'frame-too-big', '82 fe 03 e9'],
    ] as const) {
      const stream = hex(`81 03 61 62 63  ${bytes}`);
      for (const chunks of [[stream], splitBytes(stream), split(stream, [6]), split(stream, [3, 7])]) {
        const from = new FrameReader(RULES);
        const error = protocolError(() => read(from, chunks.map(toHex)));
        assert.equal([error.rule, error.offset, toHex(from.headerBytes)], [rule, 5, header], `${chunks.length} chunks`);
      }
    }
  },
);

reader('headerBytes is a copy of an incomplete header', () => {
  const from = new FrameReader(RULES);
  assert.is(toHex(from.headerBytes), '');
  read(from, ['81 00 82 fe 03', 'e8 01']);
  const bytes = from.headerBytes;
  assert.equal([toHex(bytes), bytes.buffer.byteLength], ['82 fe 03 e8 01', 5]);
  bytes.fill(0xff);
  read(from, ['02 03 04 05']);
  assert.is(toHex(from.headerBytes), '');
});

reader('pendingSince is the offset of an incomplete frame', () => {
  const from = new FrameReader(RULES);
  const since = ['', '89', '01', '61 82 02', '01', '02', '8a 00 81'].map((digits) => {
    read(from, [digits]);
    return from.pendingSince;
  });
  assert.equal(since, [-1, 0, 0, 3, 3, -1, 9]);
});

reader('a chunk is never written to, and is released when it has been read', async () => {
  const from = new FrameReader(RULES);
  const parse = (): WeakRef<ArrayBuffer> => {
    const chunk = hex(`82 83 01 02 03 04 61 62 63  82 fe 03 e8 01 02 03 04 ${times(10, '61')}`);
    const before = toHex(chunk);
    from.receive(chunk);
    while (from.next() !== undefined);
    assert.is(toHex(chunk), before);
    return new WeakRef(chunk.buffer);
  };
  const chunk = parse();
  await collectGarbage();
  assert.is(chunk.deref(), undefined);
});

reader('a chunk is refused while the chunk before is being read, and the refusal changes nothing', () => {
  const from = new FrameReader(RULES);
  from.receive(hex('82 01 61 82 01 62'));
  from.next();
  const isRefused = (error: unknown): boolean => error instanceof StateError && error.rule === 'chunk-unread';
  for (const frame of ['first', 'second']) {
    assert.throws(() => from.receive(hex('82 01 63')), isRefused, frame);
    assert.is(from.next() === undefined, frame === 'second');
  }
  assert.equal(read(from, ['82 01 63']), [[[2, '63', 0, 0, 'whole']]]);
});

reader('a chunk must be a Uint8Array', () => {
  const from = new FrameReader(RULES);
  for (const chunk of ['82 00', 7, undefined, [0x82, 0], new ArrayBuffer(2), new Uint16Array(2)] as unknown[]) {
    assert.throws(
      () => from.receive(chunk as Uint8Array),
      (error: unknown) => error instanceof TypeError,
    );
  }
  assert.equal(read(from, ['82 00']), [[[2, '', 0, 0, 'whole']]]);
});

reader('a chunk that was transferred before it was read throws; after it was read, transferring is allowed', () => {
  const from = new FrameReader(RULES);
  const chunk = hex('82 01 61 82 01 62');
  from.receive(chunk);
  from.next();
  structuredClone(chunk, { transfer: [chunk.buffer] });
  assert.throws(
    () => from.next(),
    (error: unknown) => error instanceof TypeError,
  );

  const other = new FrameReader(RULES);
  const whole = hex('82 01 61');
  other.receive(whole);
  other.next();
  structuredClone(whole, { transfer: [whole.buffer] });
  assert.is(other.next(), undefined);
  assert.equal(read(other, ['82 01 62']), [[[2, '62', 0, 0, 'whole']]]);
});

reader('10.4 each of many empty frames is read, and none is pending at the end', () => {
  const from = new FrameReader({ ...RULES, maxFrameSize: Infinity });
  const many = budget(1000, 100_000);
  const frames = hex(times(100, '80 00'));
  let count = 0;
  for (let n = 0; n < many; n++) {
    from.receive(frames);
    while (from.next() !== undefined) count++;
  }
  assert.is(count, 100 * many);
  assert.is(from.pendingSince, -1);
});

reader.run();
