// The simulated TCP connection: what it takes, when bytes arrive, and how FIN and RST are reported.
import { VirtualClock, WireEnd, WireError } from '@sockless/adapter/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('wire');

interface Scene {
  readonly clock: VirtualClock;
  readonly near: WireEnd;
  readonly far: WireEnd;
  /** The events of the near end. */
  readonly events: string[];
}

function begin(): Scene {
  const clock = new VirtualClock(1000);
  const [near, far] = WireEnd.pair(clock);
  const events: string[] = [];
  near.onReadable = () => void events.push('readable');
  near.onWritable = () => void events.push('writable');
  return { clock, near, far, events };
}

/** Returns the bytes that can be read now, then 'end' or the code of an error, if there is one. */
function drain(end: WireEnd): (number | string)[] {
  const all: (number | string)[] = [];
  try {
    for (let bytes = end.read(3); bytes !== undefined; bytes = end.read(3)) {
      if (bytes === 'end') return [...all, 'end'];
      all.push(...bytes);
    }
  } catch (error) {
    all.push((error as WireError).code);
  }
  return all;
}

const codeOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    assert.instance(error, WireError);
    assert.is((error as WireError).message, (error as WireError).code);
    return (error as WireError).code;
  }
};

test('bytes arrive after the latency, as they were when they were taken, and in order whatever the jitter', () => {
  const { clock, near, far, events } = begin();
  const delays = [20, 5, 30];
  far.latency = () => delays.shift() ?? 0;
  const bytes = Uint8Array.of(1, 2);
  assert.is(far.take(bytes), 2);
  bytes.fill(9);
  far.take(Uint8Array.of(3));
  far.take(Uint8Array.of(4, 5));
  clock.advance(19);
  assert.equal([drain(near), events], [[], []]);
  clock.advance(1);
  assert.equal(
    [drain(near), events],
    [
      [1, 2, 3],
      ['readable', 'readable'],
    ],
  );
  far.latency = 10;
  clock.advance(10);
  assert.equal(drain(near), [4, 5]);
  far.take(Uint8Array.of(6));
  clock.advance(9);
  assert.equal(drain(near), []);
  clock.advance(1);
  assert.equal(drain(near), [6]);
});

test('a wire takes no more bytes than its two ends can buffer; there is room again when the other end has read', () => {
  const { clock, near, far, events } = begin();
  near.capacity = 5;
  assert.equal([near.take(new Uint8Array(4)), near.take(new Uint8Array(4)), near.take(new Uint8Array(4))], [4, 1, 0]);
  assert.is(near.unread, 5);
  clock.advance(10);
  assert.equal(events, []);
  assert.equal(drain(far), [0, 0, 0, 0, 0]);
  clock.advance(0);
  assert.equal([events, near.unread], [['writable'], 0]);
  // It is called only for an end that wanted more.
  near.take(new Uint8Array(4));
  clock.advance(1);
  drain(far);
  clock.advance(1);
  assert.equal(events, ['writable']);
});

test('`take` takes at most `most` bytes, and the rest can be written a moment later', () => {
  const { clock, near, events } = begin();
  near.most = 2;
  assert.is(near.take(new Uint8Array(3)), 2);
  assert.equal(events, []);
  clock.advance(0);
  assert.equal(events, ['writable']);
  assert.is(near.take(new Uint8Array(1)), 1);
  assert.is(clock.timers, 1);
  clock.advance(1);
  assert.equal([events, clock.timers], [['writable'], 0]);
});

test('the parts into which bytes are cut arrive one by one', () => {
  const { clock, near, far, events } = begin();
  far.cut = (bytes) => [bytes.subarray(0, 1), bytes.subarray(1)];
  far.take(Uint8Array.of(1, 2, 3));
  clock.advance(1);
  assert.equal([events.length, drain(near)], [2, [1, 2, 3]]);
});

test('bytes that are held back arrive when they are released, in order', () => {
  const { clock, near, far } = begin();
  far.release();
  far.hold();
  far.take(Uint8Array.of(1));
  far.hold();
  far.shutdown();
  clock.advance(10);
  assert.equal(drain(near), []);
  far.release();
  clock.advance(1);
  assert.equal(drain(near), [1, 'end']);
});

test('a cut cable loses everything, and neither end notices', () => {
  const { clock, near, far, events } = begin();
  far.dropping = true;
  assert.is(far.take(Uint8Array.of(1)), 1);
  far.shutdown();
  far.close();
  clock.advance(10);
  assert.equal([drain(near), events, near.ended, near.dead], [[], [], false, false]);
});

test('after a FIN nothing more is taken, and the other direction stays open', () => {
  const { clock, near, far } = begin();
  near.take(Uint8Array.of(1));
  near.shutdown();
  near.shutdown();
  assert.equal([near.finished, far.ended, codeOf(() => near.take(Uint8Array.of(2)))], [true, false, 'EPIPE']);
  clock.advance(1);
  assert.equal([far.ended, drain(far)], [true, [1, 'end']]);
  far.take(Uint8Array.of(3));
  clock.advance(1);
  assert.equal(drain(near), [3]);
});

test('closing sends a FIN, and every operation on a closed end fails', () => {
  const { clock, near, far } = begin();
  near.close();
  assert.equal([near.closed, near.finished, near.dead], [true, true, false]);
  for (const call of [() => near.take(new Uint8Array(1)), () => near.read(1), () => near.shutdown()]) {
    assert.is(codeOf(call), 'EBADF');
  }
  near.close();
  near.reset();
  clock.advance(1);
  assert.equal([drain(far), far.dead], [['end'], false]);
});

test('closing with bytes that were not read sends an RST', () => {
  const { clock, near, far } = begin();
  far.take(Uint8Array.of(1));
  clock.advance(1);
  near.close();
  assert.equal([near.closed, near.dead], [true, true]);
  clock.advance(1);
  assert.equal([drain(far), far.dead], [['ECONNRESET'], true]);
});

test('a closed end answers bytes with an RST, once', () => {
  const { clock, near, far, events } = begin();
  far.close();
  clock.advance(1);
  assert.equal(drain(near), ['end']);
  near.take(Uint8Array.of(1));
  near.take(Uint8Array.of(2));
  assert.is(far.dead, false);
  events.length = 0;
  clock.advance(5);
  assert.equal([far.dead, near.dead, events], [true, true, ['readable', 'writable']]);
  assert.equal(drain(near), ['EPIPE']);
});

test('after an RST the first operation fails; later reads return the end and writes fail', () => {
  for (const [first, code] of [
    [(end: WireEnd) => end.read(1), 'ECONNRESET'],
    [(end: WireEnd) => end.take(new Uint8Array(1)), 'ECONNRESET'],
    [(end: WireEnd) => end.shutdown(), 'ECONNRESET'],
  ] as const) {
    const { clock, near, far, events } = begin();
    far.reset();
    far.reset();
    assert.equal([far.closed, far.dead], [true, true]);
    clock.advance(1);
    assert.equal([near.dead, events], [true, ['readable', 'writable']]);
    assert.is(
      codeOf(() => first(near)),
      code,
    );
    assert.is(near.read(1), 'end');
    assert.is(
      codeOf(() => near.take(new Uint8Array(1))),
      'EPIPE',
    );
    assert.is(
      codeOf(() => near.shutdown()),
      'EPIPE',
    );
    near.close();
    clock.advance(5);
    assert.is(clock.timers, 0);
  }
});

test('bytes that arrived before an RST are read before the error', () => {
  const { clock, near, far } = begin();
  far.take(Uint8Array.of(1, 2, 3, 4));
  far.reset();
  clock.advance(1);
  assert.equal(drain(near), [1, 2, 3, 4, 'ECONNRESET']);
  assert.equal(drain(near), ['end']);
});

test.run();
