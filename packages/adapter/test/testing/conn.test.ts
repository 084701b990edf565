// The simulated connection of Deno: what its promises resolve to, and the errors they reject with.
import { connErrors, SimulatedConn, VirtualClock, WireEnd } from '@sockless/adapter/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('simulated conn');

interface Scene {
  readonly clock: VirtualClock;
  readonly conn: SimulatedConn;
  readonly far: WireEnd;
}

function begin(tls = false): Scene {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  return { clock, conn: new SimulatedConn(near, { tls }), far };
}

/** Returns the result of a promise, the name of its error, or 'pending', after some time. */
async function outcome(clock: VirtualClock, promise: Promise<unknown>): Promise<unknown> {
  let result: unknown = 'pending';
  promise.then(
    (value) => {
      result = value;
    },
    (error: Error) => {
      result = error.name;
    },
  );
  await clock.pass(10);
  return result;
}

test('a read resolves to the number of bytes that have arrived, and to null after the last', async () => {
  const { clock, conn, far } = begin();
  const into = new Uint8Array(4);
  const first = conn.read(into);
  assert.is(await outcome(clock, first), 'pending');
  far.take(Uint8Array.of(1, 2, 3, 4, 5, 6));
  assert.is(await outcome(clock, first), 4);
  assert.equal([...into], [1, 2, 3, 4]);
  far.shutdown();
  assert.is(await outcome(clock, conn.read(into)), 2);
  assert.equal([...into], [5, 6, 3, 4]);
  assert.is(await outcome(clock, conn.read(into)), null);
});

test('a write resolves to the number of bytes taken, at least one, once there is room', async () => {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  near.capacity = 3;
  const conn = new SimulatedConn(near);
  assert.is(await outcome(clock, conn.write(new Uint8Array(0))), 0);
  assert.is(await outcome(clock, conn.write(new Uint8Array(5))), 3);
  const second = conn.write(new Uint8Array(2));
  assert.is(await outcome(clock, second), 'pending');
  far.read(1);
  assert.is(await outcome(clock, second), 1);
});

test('a second read or write at the same time is refused', async () => {
  const { clock, conn, far } = begin();
  const read = conn.read(new Uint8Array(1));
  assert.is(await outcome(clock, conn.read(new Uint8Array(1))), 'Busy');
  far.take(Uint8Array.of(1));
  assert.is(await outcome(clock, read), 1);
  while ((await outcome(clock, conn.write(new Uint8Array(200_000)))) !== 'pending');
  assert.is(await outcome(clock, conn.write(new Uint8Array(1))), 'Busy');
});

test('closeWrite sends a FIN, and reading goes on', async () => {
  const { clock, conn, far } = begin();
  assert.is(await outcome(clock, conn.closeWrite()), undefined);
  assert.is(far.ended, true);
  far.take(Uint8Array.of(1));
  assert.is(await outcome(clock, conn.read(new Uint8Array(1))), 1);
  assert.is(await outcome(clock, conn.write(new Uint8Array(1))), 'BrokenPipe');
});

test('close interrupts the operations in progress, and then every operation fails', async () => {
  for (const tls of [false, true]) {
    const { clock, conn, far } = begin(tls);
    const waiting = [conn.read(new Uint8Array(1)), ...(conn.handshake ? [conn.handshake()] : [])];
    waiting.push(...(tls ? [conn.write(new Uint8Array(1))] : []));
    const outcomes = waiting.map((promise) => outcome(clock, promise));
    conn.close();
    assert.equal(await Promise.all(outcomes), Array(waiting.length).fill('Interrupted'));
    assert.equal([conn.closed, far.ended], [true, true]);
    assert.is(await outcome(clock, conn.read(new Uint8Array(1))), 'BadResource');
    assert.is(await outcome(clock, conn.write(new Uint8Array(1))), 'BadResource');
    assert.is(await outcome(clock, conn.closeWrite()), 'BadResource');
    assert.throws(() => conn.close(), /Bad resource ID/);
    assert.throws(() => conn.setNoDelay(), /Bad resource ID/);
    // Bytes that arrive later cause no event.
    far.take(Uint8Array.of(1));
    await clock.pass(10);
  }
});

test('a reset fails the read and the write in progress, each once, and closeWrite does not fail', async () => {
  const { clock, conn, far } = begin();
  assert.is(await outcome(clock, conn.write(new Uint8Array(200_000))), 200_000);
  const [read, write] = [conn.read(new Uint8Array(1)), conn.write(new Uint8Array(1))];
  const outcomes = [outcome(clock, read), outcome(clock, write)];
  conn.setNoDelay();
  far.reset();
  assert.equal(await Promise.all(outcomes), ['ConnectionReset', 'BrokenPipe']);
  assert.is(await outcome(clock, conn.read(new Uint8Array(1))), null);
  assert.is(await outcome(clock, conn.closeWrite()), undefined);
});

test('a reset while only a read is in progress fails that read, and a later write', async () => {
  const { clock, conn, far } = begin();
  const read = outcome(clock, conn.read(new Uint8Array(1)));
  far.reset();
  assert.is(await read, 'ConnectionReset');
  assert.is(await outcome(clock, conn.write(new Uint8Array(1))), 'BrokenPipe');
});

test('with TLS, reads and writes wait until the handshake is complete', async () => {
  const { clock, conn, far } = begin(true);
  far.take(Uint8Array.of(1));
  const handshake = conn.handshake?.() as Promise<object>;
  const [read, write] = [conn.read(new Uint8Array(1)), conn.write(new Uint8Array(1))];
  for (const promise of [handshake, read, write]) assert.is(await outcome(clock, promise), 'pending');
  conn.secured();
  assert.equal(await outcome(clock, handshake), {});
  assert.equal([await outcome(clock, read), await outcome(clock, write)], [1, 1]);
  assert.equal(await outcome(clock, (conn.handshake as () => Promise<object>)()), {});
  assert.is(begin().conn.handshake, undefined);
});

for (const [what, failure, act] of [
  ['FIN', 'UnexpectedEof', (far: WireEnd) => far.shutdown()],
  ['RST', 'ConnectionReset', (far: WireEnd) => far.reset()],
] as const) {
  test(`a ${what} before the TLS handshake is complete fails every waiting operation: ${failure}`, async () => {
    const { clock, conn, far } = begin(true);
    const handshake = conn.handshake as () => Promise<object>;
    const waiting = [handshake(), handshake(), conn.read(new Uint8Array(1)), conn.write(new Uint8Array(1))];
    const outcomes = waiting.map((promise) => outcome(clock, promise));
    act(far);
    assert.equal(await Promise.all(outcomes), Array(4).fill(failure));
    // What failed does not wait any more, so closing interrupts nothing.
    conn.close();
  });
}

test('the error classes can be those of the host', async () => {
  class Gone extends Error {
    override readonly name = 'Gone';
  }
  const clock = new VirtualClock();
  const conn = new SimulatedConn(WireEnd.pair(clock)[0], { errors: { ...connErrors, BadResource: Gone } });
  conn.close();
  assert.is(await outcome(clock, conn.read(new Uint8Array(1))), 'Gone');
});

test.run();
