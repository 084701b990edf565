// Applications of the testing kit that share a group: what becomes of a message to all of them is checked.
import { Application, Crowd, POLITE, seeded, VirtualClock, WireEnd, WirePeer } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attach } from '../wire-driver.ts';

const test = suite('crowd');

/** Returns applications with open connections, which have joined. */
function join(count: number, maxQueuedBytes = Infinity): { crowd: Crowd; clock: VirtualClock; all: Application[] } {
  const clock = new VirtualClock();
  const crowd = new Crowd();
  const all = Array.from({ length: count }, () => {
    const app = new Application({ random: seeded(1), clock, manner: { ...POLITE, greets: false } });
    const [near, far] = WireEnd.pair(clock);
    near.capacity = 100;
    new WirePeer(far, Connection.opened('client', {}, { heartbeat: false }), clock).hold();
    const ws = attach(near, 'server', { clock, handlers: app.handlers, heartbeat: false, maxQueuedBytes });
    app.has(ws);
    assert.is(crowd.toggle(app, ws), 'joined: true');
    return app;
  });
  return { crowd, clock, all };
}

/** Returns the one connection that such an application has. */
const wsOf = ({ ws }: Application) => ws as NonNullable<typeof ws>;

test('an application joins, leaves, and joins again; after the end of its connection it cannot', async () => {
  const { crowd, clock, all } = join(1);
  const [app] = all as [Application];
  assert.is(crowd.toggle(app, wsOf(app)), 'left');
  assert.is(crowd.toggle(app, wsOf(app)), 'joined: true');
  app.terminate();
  await clock.pass(1);
  assert.is(crowd.toggle(app, wsOf(app)), 'joined: false');
});

test('each member that gets a broadcast records it as a sent message; a member in the middle of fragments gets none', () => {
  const { crowd, all } = join(4);
  const [first, second, third, fourth] = all as [Application, Application, Application, Application];
  second.sendFragment(false);
  third.close();
  crowd.toggle(fourth, wsOf(fourth));
  assert.equal(
    crowd.broadcast(() => 0, 'news'),
    { sent: 1, skipped: 2, closed: 0 },
  );
  assert.equal(
    [first, second, third, fourth].map(({ sent }) => sent.length),
    [1, 0, 0, 0],
  );
});

for (const [random, result] of [
  [0, { sent: 0, skipped: 2, closed: 0 }],
  [0.5, { sent: 0, skipped: 2, closed: 0 }],
  [0.99, { sent: 0, skipped: 0, closed: 2 }],
] as const) {
  test(`members whose queue is full are ${result.closed > 0 ? 'closed' : 'skipped'} if the random number is ${random}`, async () => {
    const { crowd, clock, all } = join(2, 1000);
    // The driver has taken the first message; the second fills the queue.
    assert.is(crowd.broadcast(() => random, new Uint8Array(1000)).sent, 2);
    assert.is(crowd.broadcast(() => random, new Uint8Array(1000)).sent, 2);
    assert.equal(
      crowd.broadcast(() => random, new Uint8Array(1000)),
      result,
    );
    assert.equal(
      all.map(({ sent }) => sent.length),
      [2, 2],
    );
    await clock.pass(10_000);
    for (const { ends } of all) {
      assert.equal(
        ends.map(({ explanation }) => explanation.error?.rule),
        result.closed > 0 ? ['reader-too-slow'] : [],
      );
    }
  });
}

test("a broadcast result that contradicts the applications' state throws", () => {
  const { crowd, all } = join(2);
  // The application does not know that its connection is in the middle of fragments.
  wsOf(all[0] as Application).sendFragment('f', false);
  assert.throws(() => crowd.broadcast(() => 0, 'news'), /of 2 members 2 should have got it: {"sent":1,"skipped":1/);
});

test.run();
