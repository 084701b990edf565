// Long messages that are written while `send` runs, over a transport that says at once what it keeps.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { WebSocketConnection } from '../src/websocket-connection.ts';
import { open } from './room.ts';

const test = suite('direct');

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
