// RFC 6455 5.5.2, 5.5.3: Ping and Pong frames, and the heartbeat made of them.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Opcode, type PingEvent, type PongEvent } from '../../src/index.ts';
import { Pair } from '../pair.ts';
import { concat } from '../support.ts';
import { closeFrame, frame, isA, opened, own, ownClose, ROLES, receive, sent, types } from './tools.ts';

const test = suite('RFC 6455 5.5.2 ping and pong');
const { Text, Ping, Pong } = Opcode;
const LONGEST = 'p'.repeat(125);

for (const role of ROLES) {
  for (const payload of ['', 'Hello', LONGEST]) {
    test(`5.5.3: a Ping frame of ${payload.length} bytes is answered with the same bytes (${role})`, () => {
      const connection = opened(role);
      const [ping] = receive(connection, frame(role, Ping, payload)) as PingEvent[];
      assert.is(String.fromCharCode(...(ping as PingEvent).data), payload);
      assert.is(sent(connection), own(role, Pong, payload));
    });
  }

  test(`5.5.3: the answer does not change when the application writes to the bytes of the event (${role})`, () => {
    for (const cut of [0, 1, 4, 6]) {
      const connection = opened(role);
      const bytes = frame(role, Ping, 'Hello');
      const chunk = bytes.slice(cut);
      connection.receive(bytes.slice(0, cut)).poll();
      const ping = connection.receive(chunk).poll() as PingEvent;
      ping.data.fill(0);
      chunk.fill(0);
      assert.is(sent(connection), own(role, Pong, 'Hello'));
    }
  });

  test(`5.5.3: of many waiting answers, the first 4 KiB and the latest are sent (${role})`, () => {
    const connection = opened(role);
    for (let n = 0; n < 10_000; n++) receive(connection, frame(role, Ping, String(n).padStart(4)));
    const size = own(role, Pong, '9999').length / 2;
    const places = Math.floor(4096 / size);
    assert.is(connection.queuedBytes, (places + 1) * size);
    const pongs = Array.from({ length: places }, (_, n) => own(role, Pong, String(n).padStart(4)));
    assert.is(sent(connection), pongs.join('') + own(role, Pong, '9999'));
    assert.is(sent(connection), '');
  });

  test(`5.5.2: the answer to a Ping frame precedes what handlers of later events send (${role})`, () => {
    const connection = opened(role);
    const chunk = concat(frame(role, Ping, 'a'), frame(role, Text, 'b'), frame(role, Ping, 'c'), frame(role, Ping));
    for (const event of connection.receive(chunk)) if (event.type === 'text') connection.send(event.data);
    assert.is(sent(connection), own(role, Pong, 'a') + own(role, Text, 'b') + own(role, Pong, 'c') + own(role, Pong));
  });

  test(`5.5.2: a Ping frame after our Close frame is answered without an event, until the peer's Close frame arrives (${role})`, () => {
    for (const autoPong of [true, false]) {
      const connection = opened(role, { autoPong });
      connection.close(1000);
      assert.is(sent(connection), ownClose(role, 1000));
      const chunk = concat(
        ...[frame(role, Ping, '1'), frame(role, Text, 'x'), frame(role, Ping, '2'), frame(role, Pong, '3')],
        ...[closeFrame(role, 1000), frame(role, Ping, '4')],
      );
      assert.is(types(receive(connection, chunk)), 'close');
      assert.is(sent(connection), own(role, Pong, '1') + own(role, Pong, '2'));
      assert.is(connection.transport, role === 'server' ? 'end' : 'open');
    }
  });

  test(`5.5.2: a Ping frame that arrives byte by byte inside a message is answered while our Close frame waits (${role})`, () => {
    const connection = opened(role);
    receive(connection, frame(role, Text, 'a', false));
    connection.close(1000);
    for (const byte of concat(frame(role, Ping, 'ping'), frame(role, Opcode.Continuation, 'b'))) {
      assert.equal(receive(connection, Uint8Array.of(byte)), []);
    }
    assert.is(sent(connection), ownClose(role, 1000) + own(role, Pong, 'ping'));
    for (let n = 0; n < 20_000; n++) receive(connection, frame(role, Ping, 'x'));
    assert.ok(connection.queuedBytes <= 4096 + own(role, Pong, 'x').length / 2, 'they are bounded as ever');
  });

  test(`5.5.2: a Ping frame that is incomplete when we close is answered too (${role})`, () => {
    const bytes = frame(role, Ping, 'ping');
    for (let cut = 1; cut < bytes.length; cut++) {
      const connection = opened(role);
      receive(connection, bytes.slice(0, cut));
      connection.close(1000);
      assert.equal(receive(connection, bytes.slice(cut)), []);
      assert.is(sent(connection), ownClose(role, 1000) + own(role, Pong, 'ping'), `cut at ${cut}`);
    }
  });

  test(`7.1.4: Pong frames that wait after our Close frame neither delay the end nor make it unclean (${role})`, () => {
    for (const reports of [true, false]) {
      const connection = opened(role, { closeTimeout: 1000, stallTimeout: 5000 });
      if (reports) connection.written(0, 0);
      connection.close(1000, '', 0);
      const first = connection.transmit(100) as Uint8Array;
      if (reports) connection.written(undefined, 100);
      assert.is(connection.deadline, 1100);
      for (let now = 200; now < 1000; now += 100) {
        receive(connection, frame(role, Ping, 'p'), now);
        // One more waits each time.
        assert.ok(connection.transmit(now, 1));
        if (reports) connection.written(1, now);
        assert.is(connection.deadline, 1100, `at ${now}`);
      }
      assert.is(types(receive(connection, closeFrame(role, 1000), 1000)), 'close');
      const [end] = [...connection.receiveEnd(1001)];
      assert.ok(end?.type === 'end' && end.clean && end.explanation.unsentBytes > 0 && first.length > 0);
    }
  });

  test(`7.1.4: the end is not clean if our Close frame has not left, whatever waits after it (${role})`, () => {
    const connection = opened(role);
    connection.close(1000);
    receive(connection, frame(role, Ping, 'p'.repeat(100)));
    assert.ok(connection.transmit(undefined, 1));
    receive(connection, closeFrame(role, 1000));
    const [end] = [...connection.receiveEnd()];
    assert.ok(end?.type === 'end' && !end.clean && end.explanation.endedEarly);
  });

  test(`5.5.3: an answer leaves after everything sent before, even between fragments (${role})`, () => {
    const connection = opened(role);
    connection.sendFragment('Hel', false);
    receive(connection, frame(role, Ping, 'p'));
    assert.is(sent(connection), own(role, Text, 'Hel', false) + own(role, Pong, 'p'));
  });

  test(`5.5.1: the answer to a Ping frame leaves before our Close frame; after the peer's Close frame there is none (${role})`, () => {
    const connection = opened(role);
    receive(connection, concat(frame(role, Ping, '1'), closeFrame(role, 1000), frame(role, Ping, '2')));
    assert.is(sent(connection), own(role, Pong, '1') + ownClose(role, 1000));
  });

  test(`5.5.2: a Ping frame that is parsed after the transport was destroyed is not answered (${role})`, () => {
    for (const closes of [true, false]) {
      const connection = opened(role, { closeTimeout: 100 });
      connection.receive(frame(role, Ping, 'p'), 0);
      if (closes) connection.close(1000, '', 0);
      else connection.receiveEnd(0);
      sent(connection);
      connection.timeout(connection.deadline);
      assert.is(connection.transport, 'destroy');
      assert.is(types([...connection]), closes ? 'end' : 'ping end');
      assert.equal([connection.queuedBytes, connection.deadline], [0, Infinity]);
    }
  });

  test(`5.5.2: without autoPong the application answers (${role})`, () => {
    const connection = opened(role, { autoPong: false });
    const [ping] = receive(connection, frame(role, Ping, 'Hello')) as PingEvent[];
    assert.is(sent(connection), '');
    connection.pong((ping as PingEvent).data);
    assert.is(sent(connection), own(role, Pong, 'Hello'));
  });

  test(`5.5.2: ping and pong send strings and bytes of at most 125 bytes (${role})`, () => {
    const connection = opened(role);
    connection.ping();
    connection.ping('é');
    connection.pong(Uint16Array.of(0x0101));
    connection.pong(LONGEST);
    assert.is(
      sent(connection),
      own(role, Ping) + own(role, Ping, '\xc3\xa9') + own(role, Pong, '\x01\x01') + own(role, Pong, LONGEST),
    );
    assert.throws(() => connection.ping(`${LONGEST}p`), isA(RangeError));
    assert.throws(() => connection.pong('é'.repeat(63)), isA(RangeError));
    assert.throws(() => connection.ping(5 as unknown as string), isA(TypeError));
    assert.throws(() => connection.pong(null as unknown as string), isA(TypeError));
    assert.is(connection.queuedBytes, 0);
  });

  test(`5.5.3: an unsolicited Pong frame is an event without a latency (${role})`, () => {
    const connection = opened(role);
    const [pong] = receive(connection, frame(role, Pong, '\0\0\0\0')) as PongEvent[];
    assert.equal(pong, { type: 'pong', data: new Uint8Array(4), latency: undefined });
    assert.is(sent(connection), '');
  });
}

// The heartbeat.

test('5.5.2: both endpoints can send heartbeats at the same time', () => {
  const heartbeat = { interval: 1000, timeout: 500 };
  const pair = new Pair({ opened: true, client: { heartbeat }, server: { heartbeat } });
  pair.latency = 30;
  pair.run(10_500);
  for (const { types } of [pair.client, pair.server]) {
    assert.is(types.filter((type) => type === 'pong').length, 10);
    assert.is(types.filter((type) => type === 'ping').length, 10);
  }
});

test("5.5.2: only the Pong frame for the heartbeat's last Ping frame has a latency, once", () => {
  const connection = opened('server', { heartbeat: { interval: 100, timeout: 50 } });
  const payload = (): Uint8Array => {
    connection.timeout(connection.deadline);
    return Uint8Array.from(sent(connection).slice(4).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  };
  const latency = (bytes: Uint8Array, now: number): number | undefined =>
    (receive(connection, frame('server', Pong, bytes), now) as PongEvent[])[0]?.latency;

  const first = payload();
  assert.is(latency(Uint8Array.of(...first, 0), 110), undefined);
  const second = payload();
  assert.is(latency(first, 210), undefined);
  assert.is(latency(second, 220), 20);
  assert.is(latency(second, 230), undefined);
});

test('5.5.2: the heartbeat does not affect Ping frames of the application', () => {
  const pair = new Pair({ opened: true, client: { heartbeat: { interval: 10, timeout: 5 } } });
  pair.client.connection.ping('mine');
  pair.run(25);
  assert.equal(
    pair.client.events.filter(({ type }) => type === 'pong').map((event) => (event as PongEvent).latency),
    [undefined, 0, 0],
  );
  assert.is(types(pair.server.events), 'open ping ping ping');
});

test.run();
