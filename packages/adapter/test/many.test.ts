// Sending to many connections: which of them write at once, and which when the turn ends.
import { VirtualClock } from '@sockless/adapter/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sendToAll } from '../src/group.ts';
import { open } from './room.ts';

const test = suite('sending to many');

const LONG = 65_536;

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

test('a broadcast longer than highWaterMark that leaves at once gives drain later, and drained waits for that', async () => {
  let drains = 0;
  const { ws, clock, driver } = open(LONG + 10, 'server', { drain: () => void drains++ });
  let isDrained = false;
  sendToAll([ws], new Uint8Array(LONG), {});
  assert.is(driver.frames.length, 1);
  void ws.drained.then(() => {
    isDrained = true;
  });
  for (let n = 0; n < 10; n++) await undefined;
  assert.equal([isDrained, drains], [false, 0]);
  clock.advance(1);
  await undefined;
  assert.equal([isDrained, drains], [true, 1]);
});

test('a transport that throws when it is given the frame of a broadcast is destroyed, and the error is reported', () => {
  const errors: unknown[] = [];
  const { ws, driver } = open(100, 'server', { error: (_, error) => void errors.push(error) });
  const fault = new Error('a broken stream');
  driver.writeFrame = () => {
    throw fault;
  };
  sendToAll([ws], 'Hello', {});
  assert.equal([driver.destroyed, ws.state, errors], [true, 'closed', [fault]]);
});

test('a broadcast is queued behind what waits for the end of the turn', () => {
  const { ws, driver, connection } = open(100);
  ws.send('a');
  sendToAll([ws], 'b', {});
  assert.equal([driver.frames.length, connection.queuedBytes], [0, 6]);
});

test('a connection writes before another one sends, once in a turn, unless its transport may call handlers or it has lent bytes', async () => {
  const clock = new VirtualClock();
  const [a, b] = [open(100, 'server', {}, clock), open(100, 'server', {}, clock)];
  const log: number[] = [];
  let before = a.driver.flushes;
  const note = (): void => {
    log.push(a.driver.flushes - before);
    before = a.driver.flushes;
  };
  const turn = async (): Promise<void> => {
    await undefined;
    note();
  };
  a.ws.send('1');
  a.ws.send('2');
  note();
  b.ws.send('1');
  note();
  a.ws.send('3');
  b.ws.send('2');
  note();
  await turn();
  assert.equal(log.splice(0), [0, 1, 0, 1]);
  (a.driver as { passesBytesOn: boolean }).passesBytesOn = false;
  a.ws.send('4');
  b.ws.send('3');
  note();
  await turn();
  assert.equal(log.splice(0), [0, 1]);
  (a.driver as { passesBytesOn: boolean }).passesBytesOn = true;
  a.ws.send(new Uint8Array(10), { lend: true });
  b.ws.send('4');
  note();
  await turn();
  assert.equal(log.splice(0), [0, 1]);
});

test.run();
