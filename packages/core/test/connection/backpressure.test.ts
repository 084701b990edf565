// Back-pressure: events are only made when they are polled, pause, and the limit for bytes that wait (RFC 6455 10.4).
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type EndEvent, Opcode, StateError } from '../../src/index.ts';
import { byteByByte, Pair } from '../pair.ts';
import { concat } from '../support.ts';
import { closeFrame, FAULT, frame, isA, NEVER, opened, own, QUIET, ROLES, receive, sent, types } from './tools.ts';

const test = suite('back-pressure');
const { Text, Binary, Ping } = Opcode;

for (const role of ROLES) {
  const messages = (...texts: string[]): Uint8Array => concat(...texts.map((text) => frame(role, Text, text)));
  const texts = (connection: Iterable<unknown>): string =>
    Array.from(connection, (event) => (event as { data: string }).data).join(' ');

  test(`an event, and the answer to its frame, is made only when it is polled (${role})`, () => {
    const connection = opened(role);
    connection.receive(concat(frame(role, Ping, '1'), frame(role, Ping, '2')));
    assert.is(connection.queuedBytes, 0);
    assert.is(connection.poll()?.type, 'ping');
    assert.is(sent(connection), own(role, Opcode.Pong, '1'));
    assert.is(connection.poll()?.type, 'ping');
    assert.is(sent(connection), own(role, Opcode.Pong, '2'));
  });

  test(`chunks that arrive before the events are polled wait in order (${role})`, () => {
    const connection = opened(role);
    const bytes = concat(messages('a', 'b', 'c'), frame(role, Text, 'd'.repeat(200)), messages('e'));
    for (const byte of bytes) connection.receive(Uint8Array.of(byte));
    assert.is(texts(connection), `a b c ${'d'.repeat(200)} e`);
    assert.is(texts(receive(connection, messages('f'))), 'f');
  });

  test(`breaking out of for..of leaves the rest for the next loop (${role})`, () => {
    const connection = opened(role);
    for (const event of connection.receive(messages('a', 'b', 'c'))) {
      assert.equal(event, { type: 'text', data: 'a' });
      break;
    }
    assert.equal(connection.next(), { done: false, value: { type: 'text', data: 'b' } });
    assert.is(texts(connection.receive(messages('d'))), 'c d');
    assert.equal(connection.next(), { done: true, value: undefined });
    assert.is(texts(connection.receive(messages('e'))), 'e');
  });

  test(`commands may be called while iterating (${role})`, () => {
    const connection = opened(role);
    for (const event of connection.receive(concat(messages('a', 'b'), closeFrame(role, 1000)))) {
      if (event.type === 'text') connection.send(event.data);
      else connection.close(1000);
    }
    assert.ok(sent(connection).startsWith(own(role, Text, 'a') + own(role, Text, 'b')));
  });

  // pause and resume

  test(`a paused connection returns no event, whatever happens (${role})`, () => {
    const connection = opened(role, QUIET);
    connection.receive(messages('a', 'b', 'c')).poll();
    connection.pause();
    connection.pause();
    assert.ok(connection.paused);
    connection.receive(messages('d')).receive(frame(role, Ping)).receive(FAULT[role].bytes.slice());
    assert.is(types(connection), '');
    assert.equal([connection.state, connection.queuedBytes], ['open', 0]);
    connection.resume();
    assert.not.ok(connection.paused);
    assert.is(types(connection), 'text text text ping fail');
  });

  test(`pausing from inside the loop ends the loop (${role})`, () => {
    const connection = opened(role);
    const seen: unknown[] = [];
    for (const event of connection.receive(messages('a', 'b', 'c'))) {
      seen.push(event);
      connection.pause();
    }
    assert.is(texts(seen), 'a');
    connection.resume();
    assert.is(texts(connection), 'b c');
  });

  test(`resume without pause does nothing, and moves no deadline (${role})`, () => {
    const connection = opened(role, { ...QUIET, idleTimeout: 1000 });
    connection.resume(500);
    assert.is(connection.deadline, 1000);
  });

  test(`a paused connection sends (${role})`, () => {
    const connection = opened(role);
    connection.pause();
    connection.send('Hello');
    connection.ping();
    assert.is(sent(connection), own(role, Text, 'Hello') + own(role, Ping));
  });

  test(`close ends a pause, so that the peer's Close frame can be read (${role})`, () => {
    const connection = opened(role);
    connection.pause();
    connection.receive(concat(messages('a'), closeFrame(role, 1000)));
    connection.close(1000);
    assert.not.ok(connection.paused);
    assert.is(types(connection), 'close');
    connection.pause();
    assert.not.ok(connection.paused);
  });

  test(`close after the end of the transport drops all events but the event end (${role})`, () => {
    for (const pause of [true, false]) {
      const connection = opened(role, QUIET);
      if (pause) connection.pause();
      connection.receive(concat(messages('a'), closeFrame(role, 1000))).receiveEnd(10, 'ECONNRESET');
      connection.close(1000);
      const events = [...connection] as EndEvent[];
      assert.equal([types(events), events[0]?.code, events[0]?.explanation.sent], ['end', 1006, undefined]);
      assert.is(sent(connection), '');
    }
  });

  test(`when the transport ends during a pause, everything that arrived is delivered after the pause (${role})`, () => {
    for (const patience of [100, 60_000]) {
      const connection = opened(role, QUIET);
      connection.pause();
      connection.receive(concat(messages('a', 'b'), frame(role, Binary, 'half').subarray(0, 5)));
      connection.receiveEnd(10, 'ECONNRESET');
      connection.timeout(patience);
      assert.is(types(connection), '');
      connection.resume(patience);
      const events = [...connection];
      assert.is(types(events), 'text text end');
      assert.match((events[2] as EndEvent).explanation.summary, /^the transport ended \(ECONNRESET\)/);
      assert.is(connection.transport, patience < 5000 ? 'end' : 'destroy');
    }
  });

  test(`a fault that is parsed after the transport was destroyed sets no deadline (${role})`, () => {
    const connection = opened(role, QUIET);
    connection.pause();
    connection.receive(FAULT[role].bytes.slice()).receiveEnd(10).timeout(5010);
    connection.resume(60_000);
    assert.is(types(connection), 'fail end');
    assert.equal([connection.transport, connection.deadline], ['destroy', NEVER]);
  });

  test(`a heartbeat timeout that falls into a pause is reported neither during the pause nor after it (${role})`, () => {
    const connection = opened(role, { heartbeat: { interval: 100, timeout: 50 } });
    connection.timeout(100);
    connection.pause();
    connection.timeout(10_000);
    assert.is(connection.state, 'open');
    connection.resume(10_001);
    assert.is(types(connection), '');
    assert.is(connection.state, 'open');
  });

  // queue-full

  test(`10.4: at maxQueuedBytes sending throws and changes nothing, until the queue has drained (${role})`, () => {
    const connection = opened(role, { maxQueuedBytes: 100 });
    connection.send('x'.repeat(99));
    assert.ok(connection.queuedBytes > 100);
    const before = connection.queuedBytes;
    for (const call of [
      () => connection.send('y'),
      () => connection.sendFragment('y', false),
      () => connection.ping(),
      () => connection.pong(),
    ]) {
      assert.throws(call, (error: unknown) => error instanceof StateError && error.rule === 'queue-full');
    }
    assert.is(connection.queuedBytes, before);
    assert.is(sent(connection).length, 2 * before);
    connection.send('y');
  });

  test(`10.4: answers and Close frames are sent even when maxQueuedBytes is reached (${role})`, () => {
    const connection = opened(role, { maxQueuedBytes: 1 });
    connection.send('x');
    receive(connection, concat(frame(role, Ping, 'p'), closeFrame(role, 1000)));
    const bytes = sent(connection);
    assert.ok(bytes.startsWith(own(role, Text, 'x') + own(role, Opcode.Pong, 'p')));
    assert.ok(bytes.length > own(role, Text, 'x').length + own(role, Opcode.Pong, 'p').length);
  });

  test(`10.4: with maxQueuedBytes 0 nothing can be sent, with Infinity everything (${role})`, () => {
    assert.throws(() => opened(role, { maxQueuedBytes: 0 }).send(''), /maxQueuedBytes/);
    const connection = opened(role, { maxQueuedBytes: NEVER });
    for (let n = 0; n < 100; n++) connection.send(new Uint8Array(1000));
    assert.ok(connection.queuedBytes > 100_000);
  });
}

test('the wrong type of data throws and queues nothing', () => {
  const connection = opened('server');
  for (const data of [5, null, {}, [1, 2], true, 5n, Symbol('x'), () => 1] as unknown as string[]) {
    for (const call of [
      () => connection.send(data),
      () => connection.sendFragment(data, true),
      () => connection.ping(data),
      () => connection.pong(data),
    ]) {
      assert.throws(call, isA(TypeError));
      assert.is(connection.queuedBytes, 0);
    }
  }
});

test('a chunk that is not a Uint8Array throws and changes nothing', () => {
  for (const connection of [opened('server', QUIET), Connection.server()]) {
    for (const chunk of [
      undefined,
      null,
      5,
      'GET / HTTP/1.1',
      new ArrayBuffer(2),
      new DataView(new ArrayBuffer(2)),
      {},
    ]) {
      assert.throws(() => connection.receive(chunk as Uint8Array), isA(TypeError));
    }
    assert.is(types(connection), '');
    const [end] = [...connection.receiveEnd()].slice(-1) as EndEvent[];
    assert.is(end?.explanation.bytesReceived, 0);
  }
});

test('an endpoint that pauses receives nothing more, and loses nothing', () => {
  const pair = new Pair({ opened: true }).run();
  pair.cut = byteByByte;
  pair.server.onEvent = (_event, connection) => connection.pause();
  for (const text of ['a', 'b', 'c']) pair.client.connection.send(text);
  pair.run(1000);
  assert.is(pair.server.types.join(' '), 'open text');
  pair.server.onEvent = () => undefined;
  pair.server.connection.resume(pair.now);
  pair.run(2000);
  assert.is(pair.server.types.join(' '), 'open text text text');
});

test.run();
