// The parts in which bytes leave, the reports of `written`, and the end of the transport while bytes wait.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type EndEvent } from '../../src/index.ts';
import { requestHead } from '../handshake/heads.ts';
import { decodeFrames } from '../reference.ts';
import { ascii, equalBytes, join, ZEROS } from '../support.ts';
import { closeFrame, ending, isA, NEVER, ROLES, receive, types } from './tools.ts';
import { OPTIONS, STALL, take, writer } from './writer.ts';

const test = suite('writing');

// transmit(now, max)

for (const role of ROLES) {
  test(`transmit returns the same bytes with max, at most max at a time (${role})`, () => {
    const send = (connection: Connection): void => {
      connection.send('Hello');
      connection.send(new Uint8Array(9000).fill(7));
      connection.ping('p');
      connection.send('é'.repeat(3000));
      connection.close(1000, 'bye');
    };
    const whole = writer(role, false);
    send(whole);
    const expected = take(whole);
    for (const max of [1, 2, 7, 4096, 100_000, NEVER]) {
      const connection = writer(role, false);
      send(connection);
      assert.is(connection.queuedBytes, expected.length);
      equalBytes(take(connection, undefined, Infinity, max), expected, `max ${max}`);
      assert.is(connection.queuedBytes, 0);
    }
  });

  test(`transmit: queuedBytes is exactly what has not been taken (${role})`, () => {
    const connection = writer(role, false);
    connection.send(new Uint8Array(5000));
    connection.send('Hello');
    const { queuedBytes } = connection;
    assert.is(take(connection, 0, 4500).length, 4500);
    assert.is(connection.queuedBytes, queuedBytes - 4500);
    connection.send('more');
    assert.is(take(connection).length, queuedBytes - 4500 + (role === 'server' ? 6 : 10));
    assert.is(connection.queuedBytes, 0);
  });
}

test('transmit: max must be a whole number from 1, or Infinity', () => {
  const connection = writer('server', false);
  connection.send('Hello');
  for (const max of [0, -1, 0.5, 1.5, Number.NaN, -NEVER, 2 ** 53, '5', null]) {
    assert.throws(() => connection.transmit(0, max as number), isA(RangeError));
  }
  assert.is(connection.queuedBytes, 7);
});

test('transmitInto: the argument `into` must be a Uint8Array that is not empty', () => {
  const connection = writer('server', false);
  connection.send('Hello');
  for (const into of [new Uint8Array(0), [1], new ArrayBuffer(8), undefined, null, 5]) {
    assert.throws(() => connection.transmitInto(into as Uint8Array), isA(TypeError));
  }
  assert.is(connection.queuedBytes, 7);
});

test('transmitInto: deadlines and unreported bytes are as with transmit', () => {
  for (const into of [false, true]) {
    const connection = writer('server', true);
    connection.send('Hello');
    if (into) assert.is(connection.transmitInto(new Uint8Array(100), 50), 7);
    else assert.is(connection.transmit(50)?.length, 7);
    assert.is(connection.deadline, 50 + STALL);
    connection.close(1000);
    if (into)
      assert.equal(
        [connection.transmitInto(new Uint8Array(100), 70), connection.transmitInto(new Uint8Array(1), 70)],
        [4, 0],
      );
    else assert.equal([connection.transmit(70)?.length, connection.transmit(70)], [4, undefined]);
    connection.written(undefined, 80);
    assert.is(connection.deadline, 70 + 50, String(into));
  }
});

test('transmit: a part of a borrowed payload is a view of it', () => {
  const connection = writer('server', false);
  const payload = new Uint8Array(10_000);
  connection.send(payload, { lend: true });
  const [header, first, second] = [connection.transmit(), connection.transmit(0, 6000), connection.transmit(0, 6000)];
  assert.equal([header?.length, first?.length, second?.length], [4, 6000, 4000]);
  assert.ok(first?.buffer === payload.buffer && second?.buffer === payload.buffer);
});

// written(count, now)

for (const role of ROLES) {
  test(`written: it reports all transmitted bytes or some of them, and never more (${role})`, () => {
    const connection = writer(role, true);
    connection.written();
    for (const count of [1, -1, 0.5, Number.NaN, NEVER, '1']) {
      assert.throws(() => connection.written(count as number), isA(RangeError));
    }
    connection.send('Hello');
    const { queuedBytes } = connection;
    assert.throws(() => connection.written(1), /from 0 to 0, not 1/);
    take(connection);
    connection.written(3);
    assert.throws(() => connection.written(queuedBytes - 2), isA(RangeError));
    connection.written(queuedBytes - 4);
    connection.written();
    assert.throws(() => connection.written(1), isA(RangeError));
    assert.is(ending(connection).explanation.unsentBytes, 0);
  });

  test(`written: the first report can cover everything transmitted before (${role})`, () => {
    const connection = writer(role, false);
    connection.send('Hello');
    const { length } = take(connection);
    connection.written(length);
    assert.throws(() => connection.written(1), isA(RangeError));
  });
}

test('written: transmitted memory never changes afterwards', () => {
  const connection = writer('server', true);
  const other = writer('server', true);
  connection.send('first');
  const view = connection.transmit() as Uint8Array;
  const before = view.slice();
  connection.written(view.length - 1);
  for (let n = 0; n < 2000; n++) {
    other.send('x'.repeat(100));
    take(other);
    other.written();
  }
  equalBytes(view, before);
});

// transport while bytes wait

for (const role of ROLES) {
  const end = role === 'server' ? 'end' : 'open';

  test(`when the peer closes while much waits, all of it leaves before our Close frame and the end of the transport (${role})`, () => {
    for (const reports of [true, false]) {
      const connection = writer(role, reports);
      const payload = new Uint8Array(300_000).fill(5);
      for (let n = 0; n < 4; n++) connection.send(payload);
      assert.is(types(receive(connection, closeFrame(role, 1000), 0)), 'close');
      const parts: Uint8Array[] = [];
      // A caller that follows the contract, and takes 64 KiB when its socket has room for that.
      for (let now = 0; connection.queuedBytes > 0; now += STALL - 1) {
        assert.equal([connection.state, connection.transport], ['closing', 'open']);
        const part = connection.transmit(now, 65_536) as Uint8Array;
        parts.push(part);
        if (reports) connection.written(part.length, now);
        assert.equal([...connection.timeout(now)], []);
      }
      assert.is(connection.transport, end);
      const { frames, rest } = decodeFrames(join(parts));
      assert.equal([frames.map(({ opcode }) => opcode), rest], [[2, 2, 2, 2, 8], 0]);
      const { clean, explanation } = ending(connection);
      assert.equal([clean, explanation.unsentBytes, explanation.endedEarly], [true, 0, false]);
    }
  });

  test(`7.1.4: if the caller uses written(), the end is clean only if our Close frame was written (${role})`, () => {
    for (const [count, clean] of [
      [undefined, true],
      [3, false],
      [0, false],
    ] as const) {
      const connection = writer(role, true);
      receive(connection, closeFrame(role, 1000));
      const { length } = take(connection);
      connection.written(count);
      const event = ending(connection);
      assert.equal([event.clean, event.code], [clean, 1000]);
      assert.is(event.explanation.unsentBytes, length - (count ?? length));
    }
  });

  test(`when the peer ends, waiting bytes have closeTimeout to leave, and the event \`end\` counts them (${role})`, () => {
    const connection = writer(role, false);
    connection.send(new Uint8Array(5000));
    const { queuedBytes } = connection;
    const [event] = [...connection.receiveEnd(100)] as EndEvent[];
    assert.equal([event?.explanation.unsentBytes, event?.clean], [queuedBytes, false]);
    assert.equal([connection.state, connection.transport, connection.deadline], ['closed', 'open', 150]);
    assert.is(take(connection, 120).length, queuedBytes);
    assert.equal([connection.transport, connection.deadline], ['end', 150]);

    const other = writer(role, false);
    other.send(new Uint8Array(5000));
    assert.is(types(other.receiveEnd(100)), 'end');
    assert.equal([...other.timeout(150)], []);
    assert.equal([other.transport, other.queuedBytes, other.transmit()], ['destroy', 0, undefined]);
  });
}

test('4.1: a client that abandons its handshake transmits nothing more', () => {
  const client = Connection.client('ws://example.com/', { ...OPTIONS, random: ZEROS });
  const { queuedBytes } = client;
  client.transmit(0, 10);
  client.close();
  assert.is(types(client), 'fail');
  assert.equal([client.transport, client.queuedBytes, client.transmit()], ['destroy', 0, undefined]);
  const [end] = [...client.receiveEnd()] as EndEvent[];
  assert.equal([end?.explanation.unsentBytes, client.transport], [queuedBytes - 10, 'end']);
});

test('4.2.2: the transport stays open until a refusal has left, at most for closeTimeout', () => {
  for (const leaves of [true, false]) {
    const server = Connection.server(OPTIONS);
    receive(server, ascii(requestHead()), 10);
    server.reject(404, {}, new Uint8Array(9000), 20);
    assert.is(types(server), 'fail');
    server.transmit(30, 5000);
    assert.equal([server.transport, server.deadline], ['open', 70]);
    if (leaves) take(server, 40);
    assert.is(server.transport, leaves ? 'end' : 'open');
    assert.is(types(server.timeout(70)), 'end');
    assert.equal([server.transport, server.queuedBytes], ['destroy', 0]);
  }
});

test.run();
