// The rules that findings name: those of the vectors, and of what a subject leaves out or invents.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hex } from '../../packages/core/test/bytes.ts';
import { decodeFrames, judge, judgeBeginning } from '../../packages/core/test/reference.ts';
import { VECTORS } from '../../packages/core/test/vectors.ts';
import { type ReceivedEvent, receiveTarget, Violation } from '../src/index.ts';

const test = suite('rules of findings');

test('the reference names the rule of each vector, or none for limits, deadlines, rates and compression', () => {
  const named = new Set<string>();
  for (const { name, role, rule, hex: digits } of VECTORS) {
    const bytes = hex(digits);
    const { frames, rest } = decodeFrames(bytes);
    const verdict = judge(frames, role === 'server');
    const closed = verdict.events.at(-1)?.[0] === 'close';
    const found =
      verdict.rule ?? (closed ? undefined : judgeBeginning(bytes.subarray(bytes.length - rest), role === 'server'));
    if (found !== undefined) assert.is(found, rule, `${role}: ${name}`);
    if (found !== undefined) named.add(found);
  }
  // All but those about limits, deadlines, rates, and compression.
  assert.equal([...named].sort(), [
    ...['close-code', 'close-payload-length', 'close-reason-utf8', 'continuation-without-message'],
    ...['control-fragmented', 'control-too-long', 'invalid-utf8', 'length-not-minimal', 'length-sign-bit'],
    ...['masked-frame', 'message-interleaved', 'reserved-bits', 'reserved-opcode', 'unmasked-frame'],
  ]);
});

/** The rule and section of the violation, for a subject that makes these events of a stream. */
function ruleOf(stream: string, events: readonly ReceivedEvent[], sent?: string, has = {}): string {
  const target = receiveTarget('client', {
    ...{ name: 'fixed', has },
    play: () => ({ events: [...events, ['end', 1006, false]], sent: sent === undefined ? undefined : hex(sent) }),
  });
  try {
    void target.fuzz(Uint8Array.from([0, 0, 3, 0, 1, ...hex(stream)]));
  } catch (error) {
    if (error instanceof Violation) return `${error.rule?.name} ${error.rule?.section}`;
    throw error;
  }
  return 'none';
}

test('for a missing, changed or invented event, the rule that the subject broke is named too', () => {
  const [text, ping] = ['81 01 61', '89 01 61'];
  for (const [stream, events, expected] of [
    [text, [['text', 'a']], 'none'],
    [text, [], 'text-delivered 5.6'],
    [text, [['fail', 1002]], 'text-delivered 5.6'],
    [text, [['text', 'b']], 'payload 5.3'],
    [ping, [], 'ping-delivered 5.5.2'],
    ['8a 00', [], 'pong-delivered 5.5.3'],
    ['88 02 03 e8', [['close', 1001, '']], 'payload 5.3'],
    ['88 00', [], 'close-delivered 5.5.1'],
    ['88 00 81 00', [['close', 1005, '']], 'none'],
    [
      text,
      [
        ['text', 'a'],
        ['text', ''],
      ],
      'surplus 5.2',
    ],
    [
      text,
      [
        ['text', 'a'],
        ['fail', 1002],
      ],
      'legal 7.1.7',
    ],
    ['81 81 00 00 00 00 61', [['text', 'a']], 'masked-frame 5.1'],
    ['81 02 61', [['text', 'a']], 'surplus 5.2'],
    ['81 7f 80', [['text', '']], 'length-sign-bit 5.2'],
  ] as const) {
    assert.is(ruleOf(stream, events), expected, `${stream}: ${JSON.stringify(events)}`);
  }
});

test('the bytes that a subject sends are checked against its declaration', () => {
  const pings: ReceivedEvent[] = [
    ['ping', '61'],
    ['ping', '62'],
  ];
  const stream = '89 01 61  89 01 62';
  const [one, two] = ['8a 81 00 00 00 00 61', '8a 81 00 00 00 00 62'];
  assert.is(ruleOf(stream, pings, `${one} ${two}`), 'none');
  for (const sent of ['', one, two, `${two} ${one}`]) assert.is(ruleOf(stream, pings, sent), 'pongs 5.5.3', sent);
  const merged = { mergedPongs: true };
  for (const sent of [two, `${one} ${two}`]) assert.is(ruleOf(stream, pings, sent, merged), 'none', sent);
  for (const sent of ['', one, `${two} ${one}`]) assert.is(ruleOf(stream, pings, sent, merged), 'pongs 5.5.3', sent);
  assert.is(ruleOf('81 00', [['text', '']], '8a 00'), 'unmasked-frame 5.1');
  const close = ['88 00', [['close', 1005, '']]] as const;
  assert.is(ruleOf(...close, '88 80 00 00 00 00'), 'none');
  assert.is(ruleOf(...close, ''), 'close-answered 5.5.1');
  const fail = ['83 00', [['fail', 1008]]] as const;
  assert.is(ruleOf(...fail, ''), 'close-answered 5.5.1');
  assert.is(ruleOf(...fail, '', { otherCodes: true }), 'none');
  assert.is(ruleOf('83 00', [], '', { otherCodes: true }), 'reserved-opcode 5.2');
});

test.run();
