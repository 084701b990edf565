// The memory that all senders share: whose bytes it holds, and when it is filled again from its beginning.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveOptions } from '../src/options.ts';
import { Sender } from '../src/sender.ts';
import { emptySlab } from './empty-slab.ts';
import { type Random, seeded } from './pair.ts';
import { decodeFrames } from './reference.ts';
import { concat, equalBytes, toHex, ZEROS } from './support.ts';

const slab = suite('slab');

const OPTIONS = resolveOptions({ random: ZEROS });
const server = (): Sender => new Sender(OPTIONS, false);
const client = (): Sender => new Sender(OPTIONS, true);

/** Bytes of which each tells whose they are. */
const of = (whose: number, length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(whose);

/** Gives all that waits, as it was given: views, not copies. */
function transmitted(from: Sender): Uint8Array[] {
  const views: Uint8Array[] = [];
  for (let view = from.transmit(); view !== undefined; view = from.transmit()) views.push(view);
  return views;
}

/** Sends a message that goes into the slab, and gives the one view of it. */
function written(from: Sender, payload: Uint8Array): Uint8Array {
  from.message(payload);
  const [view, ...more] = transmitted(from);
  assert.equal(more, []);
  return view as Uint8Array;
}

/** Whether it has been overwritten: what a frame carries is `whose` and nothing else. */
function assertIntact(view: Uint8Array, whose: number, message = ''): void {
  const { frames, rest } = decodeFrames(view);
  assert.ok(frames.length > 0 && rest === 0, `${message} ${toHex(view.subarray(0, 20))}`);
  for (const { payload } of frames) equalBytes(payload, of(whose, payload.length), message);
}

slab.before.each(emptySlab);

slab('what has left makes room for what follows, from the beginning', () => {
  const from = server();
  const first = written(from, of(1, 100));
  from.written();
  const second = written(from, of(2, 50));
  assert.equal([second.buffer === first.buffer, first.byteOffset, second.byteOffset], [true, 0, 0]);
  assertIntact(second, 2);
  from.written();
  const other = written(server(), of(3, 10));
  assert.equal([other.buffer === first.buffer, other.byteOffset], [true, 0]);
});

slab('what may not have left stays as it is, for ever', () => {
  const from = server();
  const kept = written(from, of(1, 1000));
  const other = client();
  for (let n = 0; n < 500; n++) {
    for (const sender of [from, other]) assertIntact(written(sender, of(2, 1000)), 2);
    other.written();
  }
  assertIntact(kept, 1);
});

slab('nobody fills it anew before all who wrote to it have said that their bytes have left', () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ]) {
    emptySlab();
    const senders = [server(), client(), server()];
    const views = senders.map((from, i) => written(from, of(i + 1, 100)));
    for (const [n, i] of order.entries()) {
      senders[i]?.written();
      // Saying it again says nothing about the others.
      senders[i]?.written();
      const next = written(server(), of(9, 10));
      for (const later of order.slice(n + 1)) assertIntact(views[later] as Uint8Array, later + 1, `${order} at ${n}`);
      // Whoever writes now has to say so as well.
      assert.ok(next.byteOffset > 0);
    }
  }
});

slab('what still waits is not given up by saying that all has left', () => {
  for (const sender of [server(), client()]) {
    for (const size of [100, 5000, 80_000]) {
      emptySlab();
      // What waits is in the slab, behind it, by reference, or in memory of its own.
      sender.message(of(1, 100));
      sender.message(of(1, size));
      sender.message(of(1, 100));
      const views: Uint8Array[] = [];
      while (sender.queuedBytes > 0) {
        sender.written();
        for (let n = 0; n < 20; n++) assertIntact(written(server(), of(2, 50)), 2);
        views.push(sender.transmit() as Uint8Array);
        assertIntact(written(server(), of(3, 50)), 3);
      }
      assertIntact(concat(...views), 1, `${size}`);
    }
  }
});

slab('a Pong frame that waits is no reason not to, and leaves as it is', () => {
  const from = server();
  written(from, of(1, 100));
  from.pong(of(1, 100));
  from.written();
  assertIntact(written(server(), of(2, 100)), 2);
  const [pong] = transmitted(from);
  assertIntact(written(server(), of(3, 100)), 3);
  assertIntact(pong as Uint8Array, 1);
});

slab('who has said so before transmit gave undefined counts as before when it writes again', () => {
  const from = server();
  const others = [server(), server()] as const;
  from.message(of(1, 100));
  // By reference, so that what was written before is not the last to be given.
  from.message(of(1, 5000));
  const size = from.transmit()?.length ?? 0;
  from.transmit();
  from.transmit();
  assert.is(from.queuedBytes, 0);
  from.written();
  // As many bytes of another end where its own ended.
  const before = written(others[0], of(2, 100));
  assert.is(before.length, size);
  from.message(of(1, 70));
  others[0].written();
  assertIntact(written(others[1], of(3, 500)), 3);
  const [behind] = transmitted(from);
  assertIntact(behind as Uint8Array, 1);
});

slab('who says so late, of a slab that is not filled any more, changes nothing', () => {
  const late = server();
  const kept = written(late, of(1, 100));
  emptySlab();
  const now = server();
  const view = written(now, of(2, 100));
  assert.is.not(view.buffer, kept.buffer);
  assert.equal([late.isWaiting, now.isWaiting], [false, true]);
  late.written();
  assertIntact(written(server(), of(3, 200)), 3);
  assertIntact(view, 2);
});

slab('one that is handed over knows nothing of what it gave, so that stays as it is', () => {
  const from = server();
  const before = written(from, of(1, 100));
  assert.equal([from.isWaiting, from.isAtRest], [true, true]);
  from.handOver();
  assert.is(from.isWaiting, false);
  const behind = written(from, of(2, 100));
  assert.ok(behind.byteOffset >= before.byteOffset + before.length);
  from.written();
  for (let n = 0; n < 2000; n++) {
    written(from, of(3, 100));
    from.written();
  }
  assertIntact(before, 1);
});

slab('is at rest when nothing waits and nothing is begun', () => {
  const from = server();
  const steps: [step: () => void, isAtRest: boolean][] = [
    [() => undefined, true],
    [() => from.message('a'), false],
    [() => from.transmit(), true],
    [() => from.fragment('a', false), false],
    [() => from.transmit(), false],
    [() => from.fragment('b', true), false],
    [() => from.transmit(), true],
    [() => from.pong(of(1, 1)), false],
    [() => from.transmit(), true],
    [() => from.message(of(1, 5000)), false],
    [() => from.transmit(), false],
    [() => from.transmit(), true],
  ];
  for (const [n, [step, isAtRest]] of steps.entries()) {
    step();
    assert.is(from.isAtRest, isAtRest, `${n}: ${step}`);
  }
});

/** A sender, and what the one that reads from it may still have to write. */
interface Writer {
  readonly sender: Sender;
  readonly whose: number;
  sent: number;
  received: number;
  views: Uint8Array[];
}

slab('whatever is sent, transmitted and released in whatever order: no byte that may not have left changes', () => {
  const SIZES = [0, 1, 20, 100, 125, 126, 1000, 4095, 4096, 5000, 16_000, 40_000, 73_000, 80_000];
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed);
    const below = (n: number): number => Math.floor(random() * n);
    const writers = Array.from({ length: 2 + below(4) }, (_, i) => writer(random, i + 1));
    for (let step = 0; step < 300; step++) {
      const one = writers[below(writers.length)] as Writer;
      const { sender, whose, views } = one;
      const choice = below(10);
      if (choice < 4) {
        // Often as many as another one, so that places coincide.
        const size = SIZES[below(below(3) === 0 ? SIZES.length : 4)] as number;
        if (below(4) === 0) sender.message(String.fromCharCode(whose).repeat(size));
        else sender.message(of(whose, size));
        one.sent += size;
      } else if (choice < 7) {
        const view = sender.transmit();
        if (view !== undefined) views.push(view);
      } else if (choice < 8) {
        views.push(...transmitted(sender));
      } else if (sender.queuedBytes > 0) {
        sender.written();
      } else {
        settle(one, seed);
        sender.written();
      }
    }
    for (const one of writers) one.views.push(...transmitted(one.sender));
    for (const one of writers) {
      settle(one, seed);
      assert.is(one.received, one.sent);
    }
  }
});

function writer(random: Random, whose: number): Writer {
  return { sender: random() < 0.5 ? server() : client(), whose, sent: 0, received: 0, views: [] };
}

/** All that was given is what was sent; from here on it may be written over. */
function settle(one: Writer, seed: number): void {
  const { frames, rest } = decodeFrames(concat(...one.views));
  assert.is(rest, 0);
  for (const { payload } of frames) {
    equalBytes(payload, of(one.whose, payload.length), `seed ${seed}, sender ${one.whose}`);
    one.received += payload.length;
  }
  one.views = [];
}

slab.run();
