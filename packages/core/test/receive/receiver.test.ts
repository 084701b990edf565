// What the receiver makes of frames. How it uses the memory of chunks is in receiver-chunks.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveOptions } from '../../src/connection/resolved-options.ts';
import { host } from '../../src/host.ts';
import type { Receiver } from '../../src/receive/receiver.ts';
import { hex, protocolError, type Summary, split, times, toHex, utf8 } from '../support.ts';
import { client, drain, fault, receive } from './tools.ts';

const receiver = suite('receiver');

const HELLO: Summary = ['text', 'Hello'];

/** Whether another connection can use a receiver that has nothing to parse. */
const isFree = (to: Receiver): boolean => to.isStateless && to.pendingSince < 0;

receiver('another connection can use a receiver between two messages, until `discard` is called', () => {
  const to = client();
  assert.is(isFree(to), true);
  const steps: [digits: string, expected: boolean][] = [
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
  for (const [digits, expected] of steps) {
    receive(to, digits);
    assert.is(isFree(to), expected, digits);
  }
  to.discard();
  assert.is(isFree(to), false);
});

receiver('a receiver with rate limits, which are state of one connection, is never shared', () => {
  const to = client({ rateLimits: { messages: { perSecond: 1 } } });
  assert.is(isFree(to), false);
});

receiver('`begin` lets a receiver read another stream, whose first byte has the given offset', () => {
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

receiver('empty chunks change nothing', () => {
  const to = client();
  assert.equal(receive(to, ''), []);
  assert.equal(receive(to, '81 05 48'), []);
  assert.equal(receive(to, ''), []);
  assert.equal(receive(to, '65 6c 6c 6f'), [HELLO]);
  assert.equal(receive(to, ''), []);
});

receiver('5.2 lengths up to 2^53 - 1 are accepted without a limit', () => {
  for (const length of ['7fffffff', '80000000', 'ffffffff', '00000100000000', '00000100000001', '1fffffffffffff']) {
    const to = client({ maxMessageSize: Infinity });
    assert.equal(receive(to, `82 7f ${length.padStart(16, '0')} 01 02 03`), []);
    assert.is(to.pendingSince, 0);
  }
});

receiver('pendingSince is the offset of the incomplete message or frame', () => {
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

receiver('the offset of a fault counts all bytes of the stream', () => {
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

receiver('5.5.1 after discard only headers and Close frames are checked', () => {
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

receiver('5.5.1 discard drops an incomplete code point', () => {
  const to = client({ messages: 'fragments' });
  assert.equal(receive(to, '01 03 61 e2 82'), [['fragment', 1, '61', false]]);
  to.discard();
  assert.equal(receive(to, '80 01 ac  88 00'), [['close', 1005, '']]);
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

receiver(
  "messages: 'fragments' delivers views of the chunk, and copies the bytes of an incomplete code point that it keeps",
  () => {
    const to = client({ messages: 'fragments' });
    const [first, second] = split(hex('01 03 61 e2 82  80 01 ac'), [5]);
    if (first === undefined || second === undefined) return assert.unreachable();
    to.receive(first);
    const piece = to.next(0);
    assert.ok(piece?.type === 'fragment' && piece.data.buffer === first.buffer);
    first.fill(0xff);
    to.receive(second);
    assert.equal(drain(to), [['fragment', 1, 'e2 82 ac', true]]);
  },
);

receiver('8.1 the decoder of the options decodes messages of one frame and of several', () => {
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

receiver('8.1 valid text is delivered even if the decoder refuses it', () => {
  const textDecoder = {
    decode(): string {
      throw new TypeError('no');
    },
  };
  assert.equal(receive(client({ textDecoder }), '81 02 c3 a9'), [['text', 'é']]);
  assert.equal(receive(client({ textDecoder }), '01 01 61  80 02 c3 a9'), [['text', 'aé']]);
  assert.equal(receive(client({ textDecoder }), `81 7d ${times(125, '61')}`), [['text', 'a'.repeat(125)]]);
});

receiver('8.1 text is decoded and validated without a decoder of the host', () => {
  assert.ok(host.textDecoder !== undefined);
  const bare = Object.create(resolveOptions(), { textDecoder: { value: undefined } });
  const text = 'é€🐯'.repeat(12);
  const payload = toHex(utf8(text));
  assert.equal(receive(client(bare), `81 6c ${payload}`), [['text', text]]);
  assert.equal(receive(client(bare), `01 02 c3a9  80 6c ${payload}`), [['text', `é${text}`]]);
  assert.equal(fault(client(bare), `81 6d ${payload} c3`), ['invalid-utf8', 111]);
});

receiver('7.4.1 rate limits count messages when they begin, bytes when they arrive, and control frames', () => {
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

receiver(
  '10.4: a text longer than any string is refused when it is announced, unless it is delivered in fragments',
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
