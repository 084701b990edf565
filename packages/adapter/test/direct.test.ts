// Long messages that are written while `send` runs, over a transport that says at once what it keeps.

import { VirtualClock } from '@sockless/adapter/testing';
import { Connection, type Role } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../src/delivery.ts';
import type { Driver } from '../src/driver.ts';
import { sendToAll } from '../src/group.ts';
import type { Handlers } from '../src/handlers.ts';
import { Scope } from '../src/scope.ts';
import { WebSocketConnection } from '../src/websocket-connection.ts';

const test = suite('direct');

/** A transport with room for some bytes, which writes nothing else. With room for none, it throws. */
class Room implements Driver {
  readonly socket = undefined;
  readonly queuedBytes = 0;
  destroyed = false;
  /** What was written by `flushCopies`. */
  readonly copies: Uint8Array[] = [];
  readonly #connection: Connection;
  readonly #room: number;

  constructor(connection: Connection, room: number) {
    this.#connection = connection;
    this.#room = room;
  }

  now(): number {
    return 0;
  }

  /** How often it was told to write. The rest waits. */
  flushes = 0;

  flush(): void {
    this.flushes++;
  }

  readonly passesBytesOn: boolean = true;

  flushCopies(): void {
    if (this.#room === 0) throw new Error('a broken stream');
    const copy = new Uint8Array(this.#room);
    this.copies.push(copy.subarray(0, this.#connection.transmitInto(copy, 0)));
  }

  /** The frames of prepared messages. Those longer than the room stay in part. */
  readonly frames: Uint8Array[] = [];

  writeFrame(frame: Uint8Array): boolean {
    this.frames.push(frame);
    return frame.length <= this.#room;
  }

  destroy(): void {
    this.destroyed = true;
    this.#connection.receiveEnd(0, 'destroyed');
  }
}

/** Returns an open connection whose transport has room for `room` bytes at once. */
function open(
  room: number,
  role: Role = 'server',
  handlers: Handlers<never> = {},
): { ws: WebSocketConnection<never>; connection: Connection; driver: Room; clock: VirtualClock } {
  const clock = new VirtualClock();
  const ws = new WebSocketConnection<never>(new Scope(handlers, { clock }));
  const connection = Connection.opened(role, {}, {});
  const driver = new Room(connection, room);
  start(ws, connection, driver);
  return { ws, connection, driver, clock };
}

const LONG = 65_536;

for (const room of [1, 4, 5000, 98_314, 200_000]) {
  test(`once send has returned, the bytes of a long message may be transferred (a transport with room for ${room})`, () => {
    const { ws, connection, driver } = open(room);
    const bytes = new Uint8Array(LONG).fill(7);
    assert.ok(ws.send(bytes));
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    const parts = [...driver.copies];
    for (let part = connection.transmit(); part !== undefined; part = connection.transmit()) parts.push(part);
    const whole = Buffer.concat(parts);
    assert.is(whole.length, LONG + 10);
    assert.ok(whole.subarray(10).every((byte) => byte === 7));
    assert.is(connection.state, 'open');
  });
}

for (const [name, send] of Object.entries({
  'a short message': (ws: WebSocketConnection<never>) => ws.send(new Uint8Array(LONG - 1)),
  'a text': (ws: WebSocketConnection<never>) => ws.send('x'.repeat(LONG)),
  'lent bytes': (ws: WebSocketConnection<never>) => ws.send(new Uint8Array(LONG), { lend: true }),
  'a fragment': (ws: WebSocketConnection<never>) => ws.sendFragment(new Uint8Array(LONG), true),
  'a message behind another': (ws: WebSocketConnection<never>) => ws.send('x') && ws.send(new Uint8Array(LONG)),
})) {
  test(`${name} is not written while send runs`, () => {
    const { ws, driver } = open(1000);
    assert.ok(send(ws));
    assert.is(driver.copies.length, 0);
  });
}

test('a masked message is not written while send runs', () => {
  const { ws, driver } = open(1000, 'client');
  assert.ok(ws.send(new Uint8Array(LONG)));
  assert.is(driver.copies.length, 0);
});

test('when a long message has left while send runs, drain is called later, not during send', () => {
  let drains = 0;
  const { ws, clock } = open(LONG + 10, 'server', { drain: () => void drains++ });
  assert.ok(ws.send(new Uint8Array(LONG)));
  assert.equal([ws.queuedBytes, drains], [0, 0]);
  clock.advance(1);
  assert.is(drains, 1);
});

test('a long message that is written while send runs obeys the option `text`, and wrong data throws', async () => {
  const { ws, driver } = open(LONG + 10);
  assert.ok(ws.send(new Uint8Array(LONG).fill(0x41), { text: true }));
  assert.is(driver.copies[0]?.[0], 0x81);
  // Options may be inherited.
  await undefined;
  assert.ok(ws.send(new Uint8Array(LONG).fill(0x41), Object.create({ text: true })));
  assert.is(driver.copies[1]?.[0], 0x81);
  assert.throws(() => ws.send(new Uint8Array(LONG).fill(0xff), { text: true }), /UTF-8/);
  assert.throws(() => ws.send({ byteLength: LONG } as never), TypeError);
  assert.throws(() => ws.send(undefined as never), TypeError);
});

test('when memory is missing for the rest of a long message, send throws and the connection ends with that cause', async () => {
  const { ws, connection, driver } = open(5000);
  const error = new RangeError('Array buffer allocation failed');
  connection.endLoans = () => {
    throw error;
  };
  assert.throws(
    () => ws.send(new Uint8Array(LONG)),
    (thrown: unknown) => thrown === error,
  );
  assert.equal([driver.destroyed, ws.state], [true, 'closed']);
  const { explanation } = await ws.closed;
  assert.is(explanation.error?.rule, 'handler-failed');
});

test('when core throws before it has queued anything of a long message, the connection goes on', () => {
  const { ws, connection, driver } = open(5000);
  connection.send = () => {
    throw new RangeError('a broken engine');
  };
  assert.throws(() => ws.send(new Uint8Array(LONG)), RangeError);
  assert.equal([driver.destroyed, ws.state], [false, 'open']);
});

test('only the first of several long messages in a turn is written while send runs', () => {
  const { ws, driver } = open(LONG + 10);
  let sent = 0;
  while (ws.queuedBytes <= 65_536 && ws.send(new Uint8Array(LONG))) sent++;
  assert.equal([sent, driver.copies.length], [2, 1]);
});

test('a transport that throws is destroyed before its error is reported, so the handler cannot send again', () => {
  const errors: unknown[] = [];
  const results: boolean[] = [];
  const { ws, driver } = open(0, 'server', {
    error(ws, error) {
      errors.push(error);
      if (ws !== undefined) results.push(ws.send(new Uint8Array(LONG)));
    },
  });
  ws.send(new Uint8Array(LONG));
  assert.equal([driver.destroyed, errors.length, results], [true, 1, [false]]);
});

test('a group gives a transport that holds nothing the frame itself, and looks at nothing else if all of it leaves', () => {
  const [one, other] = [open(100), open(100)];
  const flushes = [one, other].map(({ driver }) => driver.flushes);
  assert.equal(sendToAll([one.ws, other.ws], 'Hello', {}), { sent: 2, skipped: 0, closed: 0 });
  const frames = [one, other].map(({ driver }) => driver.frames);
  assert.equal(Buffer.from(frames[0]?.[0] ?? []).toString('hex'), '810548656c6c6f');
  assert.is(frames[0]?.[0], frames[1]?.[0]);
  assert.equal(
    [one, other].map(({ driver }) => driver.flushes),
    flushes,
  );
  assert.is(one.connection.statistics.messagesSent, 1);
  // What is sent later in the same turn waits for its end.
  sendToAll([one.ws], 'Hello', {});
  assert.equal([frames[0]?.length, one.connection.queuedBytes], [1, 7]);
});

test('a group has a transport flushed that keeps some of the frame, or is not given it', () => {
  const silent = open(LONG);
  (silent.driver as { passesBytesOn: boolean }).passesBytesOn = false;
  for (const [{ ws, driver, connection }, size, frames, queuedBytes] of [
    [open(5), 4, 1, 0],
    [silent, 4, 0, 6],
    [open(2 * LONG), LONG + 1, 0, LONG + 11],
  ] as const) {
    const { flushes } = driver;
    assert.is(sendToAll([ws], new Uint8Array(size), {}).sent, 1);
    assert.equal([driver.flushes, driver.frames.length, connection.queuedBytes], [flushes + 1, frames, queuedBytes]);
  }
});

test('if the transport does not tell whether it keeps written bytes, a long message waits for the end of the turn', () => {
  const { ws, driver } = open(1000);
  (driver as { passesBytesOn: boolean }).passesBytesOn = false;
  assert.ok(ws.send(new Uint8Array(LONG)));
  assert.is(driver.copies.length, 0);
  assert.is(ws.queuedBytes, LONG + 10);
});

test('a loop that awaits drained after each long message lets others have their turn', async () => {
  const { ws, clock } = open(LONG + 10);
  let sent = 0;
  const pump = async (): Promise<void> => {
    for (; sent < 100; sent++) {
      ws.send(new Uint8Array(LONG));
      await ws.drained;
    }
  };
  void pump();
  for (let i = 0; i < 50; i++) await undefined;
  assert.ok(sent < 3, `${sent} messages in one turn`);
  for (let i = 0; i < 1000 && sent < 100; i++) {
    clock.advance(1);
    await undefined;
  }
  assert.is(sent, 100);
});

test.run();
