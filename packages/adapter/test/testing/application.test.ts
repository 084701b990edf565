// The applications of the testing kit: they keep to what they are told, and know what they have done.
import {
  Application,
  type ApplicationOptions,
  keyOf,
  type Manner,
  POLITE,
  seeded,
  VirtualClock,
  WireEnd,
  WirePeer,
} from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attach } from '../wire-driver.ts';

const test = suite('application');

interface Scene {
  readonly app: Application;
  readonly clock: VirtualClock;
  readonly peer: WirePeer;
  readonly notes: string[];
}

/** Returns an application with these habits and an open connection, and the other end of it. */
async function begin(
  manner: Partial<Manner> = {},
  options: Partial<ApplicationOptions> = {},
  capacity?: number,
): Promise<Scene> {
  const clock = new VirtualClock();
  const notes: string[] = [];
  const note = (what: string): void => void notes.push(what);
  const own = { ...POLITE, greets: false, ...manner };
  const app = new Application({ random: seeded(1), clock, note, manner: own, ...options });
  const [near, far] = WireEnd.pair(clock);
  near.latency = far.latency = 1;
  if (capacity !== undefined) near.capacity = capacity;
  const calm = { heartbeat: false, idleTimeout: Infinity } as const;
  const peer = new WirePeer(far, Connection.client('ws://localhost/', calm, clock.now()), clock);
  app.has(attach(near, 'server', { clock, handlers: app.handlers, created: Connection.server(calm) }));
  await clock.pass(5);
  return { app, clock, peer, notes };
}

function say(peer: WirePeer, message: string): void {
  peer.connection.send(message);
  peer.flush();
}

test('without a connection every action is a no-op', () => {
  const app = new Application({ random: seeded(1), clock: new VirtualClock(), manner: POLITE });
  for (const action of ['act', 'sendFragment', 'pause', 'resume', 'close', 'terminate'] as const) app[action]();
  assert.equal([app.send(), app.sent, app.ws, app.paused, app.isBetweenMessages], [false, [], undefined, false, true]);
});

test('a single application can perform every action', async () => {
  const { app, clock } = await begin();
  for (let i = 0; i < 300; i++) {
    app.act();
    await clock.pass(1);
  }
  assert.ok(app.sent.length > 100);
});

test('an application records the messages that it has sent and received', async () => {
  const { app, clock, peer } = await begin();
  app.pump(10);
  await clock.pass(50);
  assert.equal([app.sent.length, app.sent], [10, peer.received]);
  app.quiet = true;
  say(peer, '0.x');
  await clock.pass(50);
  assert.equal(app.received, [keyOf('0.x')]);
});

test('the messages of an application are numbered, so that no two are confused', async () => {
  const { app } = await begin({ longest: 0 });
  app.pump(50);
  app.sendFragment(true);
  assert.equal([app.sent.length, new Set(app.sent.map((key) => /\d+/.exec(key)?.[0])).size], [51, 51]);
});

test('a polite application greets, waits for drain, and goes on when it is called', async () => {
  const { app, clock, peer } = await begin({ greets: true, longest: 100_000 }, { random: () => 0.49 }, 1000);
  await clock.pass(1);
  assert.equal([app.opened, app.sent.length > 0], [1, true]);
  peer.hold();
  app.pump(1000);
  assert.equal([app.waiting.has('drain'), app.send()], [true, false]);
  const { length } = app.sent;
  peer.release();
  await clock.pass(50);
  assert.ok(app.sent.length > length);
});

test('an impatient application does not wait for drain', async () => {
  const { app, peer } = await begin({ impatient: true, longest: 100_000 }, {}, 1000);
  peer.hold();
  app.pump(100);
  assert.equal([app.sent.length, app.waiting.has('drain')], [100, true]);
});

test('an application waits for drain above its own high-water mark', async () => {
  for (const [highWaterMark, waits] of [
    [100, true],
    [10_000, false],
  ] as const) {
    const { app, peer } = await begin({ longest: 1000 }, { highWaterMark, random: () => 0.9 }, 10);
    peer.hold();
    app.send();
    assert.is(app.waiting.has('drain'), waits);
  }
});

test('an application completes a message in fragments before it sends another', async () => {
  const { app, clock, peer } = await begin();
  app.sendFragment(false);
  assert.equal([app.isBetweenMessages, app.sent], [false, []]);
  app.sendFragment(false);
  assert.is(app.send(), true);
  assert.is(app.isBetweenMessages, true);
  await clock.pass(50);
  assert.equal([app.sent.length, app.sent], [2, peer.received]);
});

test('if its connection is lost in the middle of a fragmented message, an application no longer counts as within a message', async () => {
  const { app, clock } = await begin();
  app.sendFragment(false);
  app.terminate();
  await clock.pass(10);
  assert.equal([app.ends.length, app.isBetweenMessages, app.waiting.size], [1, true, 0]);
});

test('pausing stops the messages of an application until it resumes', async () => {
  const { app, clock, peer, notes } = await begin();
  app.resume();
  app.pause();
  say(peer, '0.x');
  await clock.pass(10);
  assert.equal([app.paused, app.received.length], [true, 0]);
  app.resume();
  await clock.pass(10);
  assert.equal([app.paused, app.received.length], [false, 1]);
  assert.equal(
    notes.filter((what) => what === 'pause' || what === 'resume'),
    ['pause', 'resume'],
  );
});

test('a quiet application only receives', async () => {
  const { app, clock, peer, notes } = await begin({ moody: true, fails: true });
  app.quiet = true;
  for (let i = 0; i < 200; i++) {
    app.act();
    say(peer, `${i}.`);
    await clock.pass(2);
  }
  assert.equal([app.received.length, app.sent.length, app.thrown.length], [200, 0, 0]);
  assert.equal(
    notes.filter((what) => !/^(open|message)/.test(what)),
    [],
  );
});

test('the handlers of an application throw only with the option `fails`, and its error handler gets every error', async () => {
  for (const fails of [false, true]) {
    const { app, clock, peer } = await begin({ fails });
    for (let i = 0; i < 300; i++) say(peer, `${i}.`);
    await clock.pass(100);
    assert.is(app.thrown.length > 0, fails);
    assert.equal(app.errors, app.thrown);
  }
});

test('an application without an error handler is told of no error', async () => {
  assert.equal(
    ['error' in (await begin()).app.handlers, 'error' in (await begin({ hearsErrors: false })).app.handlers],
    [true, false],
  );
});

test('messages go to a handler, to loops, or nowhere', async () => {
  for (const [reads, loops, received] of [
    ['handler', false, 20],
    ['loop', true, 20],
    ['nothing', false, 0],
  ] as const) {
    // It does not leave its loop.
    const { app, clock, peer, notes } = await begin({ reads }, { random: () => 0.96 });
    await clock.pass(1);
    for (let i = 0; i < 20; i++) say(peer, `${i}.`);
    await clock.pass(10);
    assert.equal([notes.includes('a loop begins'), app.received.length], [loops, received], reads);
  }
});

test('one loop is in progress at a time, and its end causes no error but ConnectionEndedError', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { app, clock, notes } = await begin({ reads: 'loop' }, { random: seeded(seed) });
    await clock.pass(1);
    app.terminate();
    await clock.pass(200);
    assert.equal(
      notes.filter((what) => what.includes('loop')),
      ['a loop begins', 'the loop has ended'],
      `seed ${seed}`,
    );
    assert.equal(
      app.errors.filter((error) => (error as Error).name !== 'ConnectionEndedError'),
      [],
      `seed ${seed}`,
    );
  }
});

test('a moody application closes, terminates and pauses; another one does not', async () => {
  for (const moody of [true, false]) {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const { app, clock, notes } = await begin({ moody }, { random: seeded(seed) });
      for (let i = 0; i < 60; i++) {
        app.act();
        await clock.pass(1);
      }
      for (const what of notes) if (/^(close|terminate|pause|resume)$/.test(what)) seen.add(what);
    }
    assert.equal([...seen].sort(), moody ? ['close', 'pause', 'resume', 'terminate'] : []);
  }
});

test.run();
