// What a connection has to say about bytes on their way out: in which parts they leave, what has left, what stalls.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type ConnectionOptions, type EndEvent, Opcode, type Role } from '../../src/index.ts';
import { requestHead, responseHead } from '../handshake/heads.ts';
import { decodeFrames } from '../reference.ts';
import { equalBytes, join, ZEROS } from '../support.ts';
import { ascii, closeFrame, ending, frame, isA, NEVER, opened, ROLES, receive, rule, types } from './tools.ts';

const test = suite('writing');

const STALL = 1000;
const OPTIONS: ConnectionOptions = {
  ...{ heartbeat: false, idleTimeout: NEVER, messageProgress: false, stallTimeout: STALL, closeTimeout: 50 },
};

/** A connection whose caller reports what has left, or does not. */
function writer(role: Role, reports: boolean, options: ConnectionOptions = {}): Connection {
  const connection = opened(role, { ...OPTIONS, ...options });
  if (reports) connection.written(0, 0);
  return connection;
}

/** Takes so many bytes, or all that there are. */
function take(connection: Connection, now?: number, count = Infinity, max = Infinity): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let left = count; left > 0; ) {
    const part = connection.transmit(now, Math.min(left, max));
    if (part === undefined) break;
    assert.ok(part.length <= max);
    left -= part.length;
    parts.push(part.slice());
  }
  return join(parts);
}

/** Lets the stall deadline pass, not a moment too early. */
function stalls(connection: Connection, at: number): EndEvent {
  assert.is(connection.deadline, at);
  assert.equal([...connection.timeout(at - 1)], []);
  const events = [...connection.timeout(at)];
  assert.is(types(events), 'fail end');
  assert.is(rule(events), 'stall-timeout');
  assert.equal([connection.transport, connection.deadline, connection.transmit()], ['destroy', NEVER, undefined]);
  return events[1] as EndEvent;
}

// transmit(now, max)

for (const role of ROLES) {
  test(`transmit gives max bytes at most, the same bytes as without it (${role})`, () => {
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

  test(`transmit: what has not been taken is what waits, to the byte (${role})`, () => {
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

test('transmit: max is a whole number from 1, or Infinity', () => {
  const connection = writer('server', false);
  connection.send('Hello');
  for (const max of [0, -1, 0.5, 1.5, Number.NaN, -NEVER, 2 ** 53, '5', null]) {
    assert.throws(() => connection.transmit(0, max as number), isA(RangeError));
  }
  assert.is(connection.queuedBytes, 7);
});

test('transmitInto: into is a Uint8Array that is not empty', () => {
  const connection = writer('server', false);
  connection.send('Hello');
  for (const into of [new Uint8Array(0), [1], new ArrayBuffer(8), undefined, null, 5]) {
    assert.throws(() => connection.transmitInto(into as Uint8Array), isA(TypeError));
  }
  assert.is(connection.queuedBytes, 7);
});

test('transmitInto: deadlines and accounts are as with transmit', () => {
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

test('transmit: a part of a payload that is lent is a view of it, and no copy', () => {
  const connection = writer('server', false);
  const payload = new Uint8Array(10_000);
  connection.send(payload, { lend: true });
  const [header, first, second] = [connection.transmit(), connection.transmit(0, 6000), connection.transmit(0, 6000)];
  assert.equal([header?.length, first?.length, second?.length], [4, 6000, 4000]);
  assert.ok(first?.buffer === payload.buffer && second?.buffer === payload.buffer);
});

// written(count, now)

for (const role of ROLES) {
  test(`written: all that was transmitted, or so many bytes of it, and no more (${role})`, () => {
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

  test(`written: a first report may be of all that was ever transmitted (${role})`, () => {
    const connection = writer(role, false);
    connection.send('Hello');
    const { length } = take(connection);
    connection.written(length);
    assert.throws(() => connection.written(1), isA(RangeError));
  });
}

test('written: memory is not used again before every byte of it has left', () => {
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

// stallTimeout

for (const role of ROLES) {
  test(`stall: bytes that wait for transmit have stallTimeout, from the first call that carries the time (${role})`, () => {
    for (const reports of [true, false]) {
      for (const carry of [
        (connection: Connection) => connection.receive(new Uint8Array(0), 300),
        (connection: Connection) => connection.timeout(300),
        (connection: Connection) => connection.resume(300),
        (connection: Connection) => connection.written(0, 300),
      ]) {
        const connection = writer(role, reports);
        connection.send('Hello');
        assert.is(connection.deadline, NEVER);
        carry(connection);
        connection.resume(700);
        const { explanation } = stalls(connection, 300 + STALL);
        assert.is(explanation.unsentBytes, role === 'server' ? 7 : 11);
        assert.is(explanation.sent, undefined);
      }
    }
  });

  test(`stall: every byte that is transmitted starts it anew, and so does every byte that is reported (${role})`, () => {
    const connection = writer(role, true);
    connection.send('Hello');
    connection.transmit(0, 1);
    assert.is(connection.deadline, STALL);
    connection.transmit(400, 2);
    assert.is(connection.deadline, 400 + STALL);
    take(connection, 500);
    assert.is(connection.deadline, 500 + STALL);
    connection.written(2, 800);
    assert.is(connection.deadline, 800 + STALL);
    connection.written(0, 900);
    assert.is(connection.deadline, 800 + STALL);
    const left = role === 'server' ? 5 : 9;
    assert.is(stalls(connection, 800 + STALL).explanation.unsentBytes, left);
  });

  test(`stall: it ends when all has left: reported by who reports, transmitted by who does not (${role})`, () => {
    for (const reports of [true, false]) {
      const connection = writer(role, reports);
      connection.send('Hello');
      connection.transmit(0, 1);
      take(connection, 10);
      assert.is(connection.deadline, reports ? 10 + STALL : NEVER);
      connection.written(undefined, 20);
      assert.is(connection.deadline, NEVER);
    }
  });

  test(`stall: what leaves at no stated time leaves the rest its whole time, from the next call with one (${role})`, () => {
    for (const move of [
      (connection: Connection) => connection.transmit(undefined, 1),
      (it: Connection) => it.written(1),
    ]) {
      const connection = writer(role, true);
      connection.send('Hello');
      connection.transmit(0, 2);
      move(connection);
      assert.is(connection.deadline, NEVER);
      connection.receive(new Uint8Array(0), 5000);
      stalls(connection, 5000 + STALL);
    }
  });

  test(`stall: it runs while the application pauses, and its end is told at once (${role})`, () => {
    const connection = writer(role, true);
    connection.send('Hello');
    take(connection, 0);
    connection.pause();
    connection.receive(frame(role, Opcode.Text, 'unread'), 10);
    stalls(connection, STALL);
    assert.is(connection.paused, false);
  });

  test(`stall: it runs while our Close frame is stuck, then closeTimeout does (${role})`, () => {
    const connection = writer(role, true);
    connection.send('Hello');
    connection.close(1000, '', 100);
    assert.is(connection.deadline, 100 + STALL);
    connection.transmit(200, 8);
    assert.is(connection.deadline, 200 + STALL);
    take(connection, 700);
    assert.is(connection.deadline, 750);

    const stuck = writer(role, true);
    stuck.send('Hello');
    stuck.close(1000, '', 100);
    const { explanation, clean } = stalls(stuck, 100 + STALL);
    assert.equal([explanation.sent, clean, explanation.endedEarly], [{ code: 1000, reason: '' }, false, true]);
    assert.ok(explanation.unsentBytes > 10);
  });

  test(`stall: it can be off (${role})`, () => {
    const connection = writer(role, true, { stallTimeout: NEVER });
    connection.send('Hello');
    connection.transmit(0, 1);
    assert.is(connection.deadline, NEVER);
    connection.timeout(1e9);
    assert.is(connection.state, 'open');
  });
}

test('stall: in the opening handshake there is its own deadline; what is sent after accept counts', () => {
  const server = Connection.server({ ...OPTIONS, handshakeTimeout: 30 });
  receive(server, ascii(requestHead()), 10);
  assert.is(server.deadline, 30);
  server.accept({}, 20);
  assert.is(server.deadline, 20 + STALL);
  assert.is(types(server), 'open');
  stalls(server, 20 + STALL);

  const client = Connection.client('ws://example.com/', { ...OPTIONS, random: ZEROS, handshakeTimeout: 30 });
  client.written(0, 5);
  assert.is(client.deadline, 30);
  take(client, 6);
  assert.is(client.deadline, 30);
  assert.is(types(receive(client, ascii(responseHead()), 20)), 'open');
  // The request was not reported.
  client.written(0, 25);
  assert.is(client.deadline, 25 + STALL);
});

test('stall: after failing, and after the transport has ended, closeTimeout alone runs', () => {
  const failed = writer('server', true, { closeTimeout: 5 * STALL });
  failed.send('Hello');
  failed.fail('handler-failed', undefined, 10);
  assert.is(failed.deadline, 10 + 5 * STALL);
  failed.transmit(20, 1);
  failed.written(1, 30);
  assert.is(failed.deadline, 10 + 5 * STALL);
  const ended = writer('server', true, { closeTimeout: 5 * STALL });
  ended.send('Hello');
  ended.receiveEnd(10);
  ended.transmit(20, 1);
  assert.is(ended.deadline, 10 + 5 * STALL);
});

// transport while bytes wait

for (const role of ROLES) {
  const end = role === 'server' ? 'end' : 'open';

  test(`the peer closes while much waits: all of it leaves, then our Close frame, then the transport ends (${role})`, () => {
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

  test(`7.1.4: closed cleanly is what has really left, for who reports (${role})`, () => {
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

  test(`the peer ends its side while bytes wait: they still may leave, for closeTimeout, and end says how many had not (${role})`, () => {
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

test('4.1: of a client that gives up its handshake nothing more leaves', () => {
  const client = Connection.client('ws://example.com/', { ...OPTIONS, random: ZEROS });
  const { queuedBytes } = client;
  client.transmit(0, 10);
  client.close();
  assert.is(types(client), 'fail');
  assert.equal([client.transport, client.queuedBytes, client.transmit()], ['destroy', 0, undefined]);
  const [end] = [...client.receiveEnd()] as EndEvent[];
  assert.equal([end?.explanation.unsentBytes, client.transport], [queuedBytes - 10, 'end']);
});

test('4.2.2: a refusal waits until it has left, but for closeTimeout at most', () => {
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
