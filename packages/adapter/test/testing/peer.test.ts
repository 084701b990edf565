// The other end of a simulated connection, in the role of another implementation.
import { keyOf, settled, VirtualClock, WireEnd, WirePeer } from '@sockless/adapter/testing';
import { Connection, type ConnectionOptions } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('wire peer');

interface Scene {
  readonly clock: VirtualClock;
  readonly client: WirePeer;
  readonly server: WirePeer;
}

function begin(options: ConnectionOptions = {}, latency = 0): Scene {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  near.latency = far.latency = latency;
  const now = clock.now();
  const quiet = { heartbeat: false, idleTimeout: Infinity, ...options } as const;
  return {
    clock,
    client: new WirePeer(near, Connection.opened('client', {}, quiet, now), clock),
    server: new WirePeer(far, Connection.opened('server', {}, quiet, now), clock),
  };
}

test('two peers complete the opening handshake and exchange messages; each event is reported', async () => {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  const client = new WirePeer(near, Connection.client('ws://localhost/', {}, clock.now()), clock);
  const server = new WirePeer(far, Connection.server({}, clock.now()), clock);
  const events: string[] = [];
  client.onEvent = ({ type }) => void events.push(type);
  await clock.pass(5);
  assert.equal([client.connection.state, server.connection.state, events], ['open', 'open', ['open']]);
  server.connection.send('hello');
  server.connection.send(Uint8Array.of(1, 2));
  server.flush();
  await clock.pass(5);
  assert.equal(client.received, [keyOf('hello'), keyOf(Uint8Array.of(1, 2))]);
  assert.equal(events, ['open', 'text', 'binary']);
});

test('a peer without deadlines leaves no timer', async () => {
  const { clock, client } = begin();
  client.connection.send('hello');
  client.flush();
  await clock.pass(5);
  assert.is(clock.timers, 0);
});

test('bytes that the other end has not taken are sent when there is room, in order', async () => {
  const { clock, client, server } = begin();
  client.end.capacity = 100;
  server.hold();
  for (let i = 0; i < 20; i++) client.connection.send(`${i}.${'x'.repeat(50)}`);
  client.flush();
  await clock.pass(5);
  assert.equal([server.received.length, client.end.unread], [0, 100]);
  server.release();
  await clock.pass(50);
  assert.equal(
    server.received,
    Array.from({ length: 20 }, (_, i) => keyOf(`${i}.${'x'.repeat(50)}`)),
  );
});

test('after `hold` a peer does not read, but continues to write', async () => {
  const { clock, client, server } = begin();
  server.hold();
  client.connection.send('to the server');
  client.flush();
  server.connection.send('to the client');
  server.flush();
  await clock.pass(5);
  assert.equal([client.received.length, server.received.length], [1, 0]);
  server.release();
  assert.is(server.received.length, 1);
});

test('a deadline is kept, even one that passed while the process was busy', async () => {
  const { clock, client, server } = begin({ heartbeat: { interval: 100, timeout: 1000 } });
  const pings: number[] = [];
  server.onEvent = ({ type }) => void (type === 'ping' && pings.push(clock.now()));
  await clock.pass(150);
  assert.equal(pings, [1100]);
  clock.spend(300);
  client.connection.send('not read before the deadline');
  client.flush();
  await clock.pass(0);
  assert.is(pings.length, 2);
});

test('closing from either end ends both, and leaves no timer', async () => {
  for (const one of ['client', 'server'] as const) {
    const scene = begin();
    const { clock, client, server } = scene;
    scene[one].connection.close(1000, '', clock.now());
    scene[one].flush();
    await clock.pass(10);
    assert.equal([client.over, server.over, client.end.closed, server.end.closed], [true, true, true, true]);
    assert.is(clock.timers, 0);
  }
});

test('a peer whose other end hangs in the closing handshake destroys its transport at the deadline', async () => {
  const { clock, client, server } = begin({ closeTimeout: 500 });
  server.freeze();
  client.connection.close(1000, '', clock.now());
  client.flush();
  await clock.pass(499);
  assert.is(client.over, false);
  await clock.pass(2);
  assert.equal([client.over, client.end.closed, clock.timers], [true, true, 0]);
});

test('a frozen peer reads and writes nothing more, and has no timer', async () => {
  const { clock, client, server } = begin({ heartbeat: { interval: 100, timeout: 100_000 } });
  server.freeze();
  assert.is(clock.timers, 1);
  client.freeze();
  assert.is(clock.timers, 0);
  client.connection.send('not sent');
  client.flush();
  server.end.take(Uint8Array.of(0x81, 1, 0x41));
  await clock.pass(1000);
  assert.equal([client.received, server.end.unread, client.end.unread], [[], 3, 0]);
});

test('the end of the transport ends the connection, once, with the error if there is one', async () => {
  for (const [act, cause] of [
    [(end: WireEnd) => end.shutdown(), undefined],
    [(end: WireEnd) => end.reset(), 'ECONNRESET'],
  ] as const) {
    const { clock, client, server } = begin();
    const ends: unknown[] = [];
    server.onEvent = (event) => {
      if (event.type === 'end') ends.push((event.explanation.cause as Error | undefined)?.message);
    };
    act(client.end);
    await clock.pass(10);
    assert.equal([ends, server.over, server.end.closed], [[cause], true, true]);
    // Whatever is done to it then does nothing.
    server.flush();
    server.release();
    server.destroy();
    await settled();
    assert.equal([ends.length, clock.timers], [1, 0]);
  }
});

test.run();
