// Round trips at a fixed rate, with a clock and connections of the test's own.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFrames } from '../src/net/frames.ts';
import { type PacedClient, type Pacer, paced } from '../src/net/paced.ts';
import { failure } from './failure.ts';

const rate = suite('a fixed rate');

const FRAMES = encodeFrames(2, 16, 1);
const NOTHING = new Uint8Array(0);

/** A clock that advances by a tenth of a millisecond each time that the load generator waits. */
class Clock implements Pacer {
  time = 1000;
  readonly #waiting: (() => void)[] = [];

  now(): number {
    return this.time;
  }

  next(callback: () => void): void {
    this.#waiting.push(callback);
  }

  /** Lets the time pass, calling `tick` in between. */
  run(milliseconds: number, tick: () => void = () => undefined): void {
    const end = this.time + milliseconds - 0.05;
    while (this.time < end) {
      this.time += 0.1;
      tick();
      for (const callback of this.#waiting.splice(0)) callback();
    }
  }
}

/** Connections that collect what is written, until the test answers. */
function connections(count: number) {
  const outstanding: PacedClient[] = [];
  const clients = Array.from({ length: count }, (): PacedClient => {
    const client: PacedClient = {
      socket: { write: () => outstanding.push(client) },
      onBytes: () => undefined,
      onEnd: () => undefined,
    };
    return client;
  });
  const answer = (): void => {
    for (const client of outstanding.splice(0)) client.onBytes(FRAMES.echoLength, NOTHING);
  };
  return { clients, outstanding, answer };
}

const near = (nanoseconds: number, milliseconds: number): boolean => Math.abs(nanoseconds / 1e6 - milliseconds) < 0.15;

rate('sends each message when it is due, on one connection after the other', async () => {
  const clock = new Clock();
  const { clients, outstanding, answer } = connections(3);
  const done = paced(clients, FRAMES, { rate: 1000, milliseconds: 6 }, clock);
  assert.equal(outstanding, [clients[0]]);
  clock.run(1.9);
  assert.equal(outstanding, [clients[0], clients[1]]);
  clock.run(20);
  assert.equal(outstanding, [...clients, ...clients]);
  answer();
  assert.is((await done).count, 6);
});

rate('a server that answers at once has short round trips', async () => {
  const clock = new Clock();
  const { clients, answer } = connections(2);
  const done = paced(clients, FRAMES, { rate: 1000, milliseconds: 100 }, clock);
  clock.run(101, answer);
  const { count, p50, p99, 'p99.9': most } = await done;
  assert.is(count, 100);
  assert.ok(
    [p50, p99, most].every((time) => near(time, 0.1)),
    `${[p50, p99, most]}`,
  );
});

rate('a server that stops for a while is charged for each message that was due meanwhile', async () => {
  const clock = new Clock();
  const { clients, answer } = connections(2);
  const done = paced(clients, FRAMES, { rate: 1000, milliseconds: 100 }, clock);
  clock.run(20, answer);
  clock.run(50);
  clock.run(40, answer);
  const { p50, p99 } = await done;
  // Half of the messages were due in these 50 ms. With one message outstanding at a time it would have been two.
  assert.ok(p99 > 48e6 && p99 < 51e6, `${p99}`);
  assert.ok(p50 < 5e6, `${p50}`);
});

rate('a delay of the load generator itself counts in the round trips too', async () => {
  const clock = new Clock();
  const { clients, answer } = connections(1);
  const done = paced(clients, FRAMES, { rate: 1000, milliseconds: 10 }, clock);
  answer();
  clock.time += 30;
  clock.run(1, answer);
  const { p50 } = await done;
  assert.ok(p50 > 24e6, `${p50}`);
});

rate('echoes may be cut anywhere, and too many are an error', async () => {
  const clock = new Clock();
  const { clients } = connections(1);
  const [client] = clients as [PacedClient];
  const done = paced(clients, FRAMES, { rate: 1000, milliseconds: 2 }, clock);
  for (let byte = 0; byte < FRAMES.echoLength; byte++) client.onBytes(1, NOTHING);
  const failed = failure(done);
  client.onBytes(FRAMES.echoLength, NOTHING);
  assert.match(await failed, /the echo is longer/);
});

rate('a connection that ends is an error', async () => {
  const { clients } = connections(1);
  const failed = failure(paced(clients, FRAMES, { rate: 10, milliseconds: 1000 }, new Clock()));
  clients[0]?.onEnd(new Error('gone'));
  assert.match(await failed, /gone/);
});

rate.run();
