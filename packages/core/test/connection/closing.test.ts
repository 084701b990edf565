// RFC 6455 7.1: the closing handshake. The model (model/model.test.ts) has every order of its steps.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConnectionEvent, type EndEvent, Opcode, type Role } from '../../src/index.ts';
import { byteByByte, cutRandomly, Pair, type PairOptions } from '../pair.ts';
import { concat, hex } from '../support.ts';
import {
  closeFrame,
  ending,
  FAULT,
  frame,
  isA,
  NEVER,
  nothingFollows,
  opened,
  own,
  ownClose,
  QUIET,
  ROLES,
  receive,
  sent,
  types,
} from './tools.ts';

const test = suite('RFC 6455 7.1 closing');
const { Text, Binary, Ping, Pong, Continuation } = Opcode;

for (const role of ROLES) {
  test(`7.1.2: we begin the closing handshake and the peer answers (${role})`, () => {
    const connection = opened(role, QUIET);
    assert.equal([connection.state, connection.transport, connection.deadline], ['open', 'open', NEVER]);

    connection.close(1000, 'bye', 100);
    assert.equal([connection.state, connection.transport, connection.deadline], ['closing', 'open', NEVER]);
    assert.is(sent(connection), ownClose(role, 1000, 'bye'));
    assert.equal([connection.state, connection.transport, connection.deadline], ['closing', 'open', 5100]);
    assert.is(connection.poll(), undefined);

    assert.equal(receive(connection, closeFrame(role, 1000, 'bye too'), 200), [
      { type: 'close', code: 1000, reason: 'bye too' },
    ]);
    assert.is(sent(connection), '');
    // 7.1.1: the server ends first.
    const transport = role === 'server' ? 'end' : 'open';
    assert.equal([connection.state, connection.transport, connection.deadline], ['closing', transport, 5100]);

    const [end] = [...connection.receiveEnd(300)] as EndEvent[];
    assert.equal([connection.state, connection.transport], ['closed', 'end']);
    assert.equal([end?.code, end?.reason, end?.clean], [1000, 'bye too', true]);
    nothingFollows(connection);
  });

  test(`5.5.1: the peer begins the closing handshake and we answer with its code (${role})`, () => {
    const connection = opened(role, QUIET);
    assert.equal(receive(connection, closeFrame(role, 4321, 'go'), 100), [{ type: 'close', code: 4321, reason: 'go' }]);
    assert.is(sent(connection), ownClose(role, 4321));
    const transport = role === 'server' ? 'end' : 'open';
    assert.equal([connection.state, connection.transport, connection.deadline], ['closing', transport, 5100]);
    const { code, reason, clean } = ending(connection);
    assert.equal([code, reason, clean], [4321, 'go', true]);
  });

  test(`7.1.5: a Close frame without a code counts as 1005, and is answered without a code (${role})`, () => {
    const connection = opened(role);
    assert.equal(receive(connection, closeFrame(role)), [{ type: 'close', code: 1005, reason: '' }]);
    assert.is(sent(connection), ownClose(role));
    assert.is(ending(connection).code, 1005);
  });

  test(`5.5.1: close sends no code, a code, or a code and a reason (${role})`, () => {
    const cases: [args: [code?: number, reason?: string], expected: string][] = [
      [[], ownClose(role)],
      [[1001], ownClose(role, 1001)],
      [[4999, 'é'], ownClose(role, 4999, '\xc3\xa9')],
    ];
    for (const [args, expected] of cases) {
      const connection = opened(role);
      connection.close(...args);
      assert.is(sent(connection), expected);
    }
  });

  test(`7.1.2: a wrong code or reason throws in every state and changes nothing (${role})`, () => {
    const open = opened(role, QUIET);
    const closing = opened(role, QUIET);
    closing.close();
    const closed = opened(role, QUIET);
    ending(closed);
    for (const connection of [open, closing, closed]) {
      const before = [connection.state, connection.deadline, connection.queuedBytes];
      for (const code of [1004, 1005, 1006, 1015]) assert.throws(() => connection.close(code), isA(RangeError));
      assert.throws(() => connection.close(undefined, 'why'), isA(RangeError));
      assert.throws(() => connection.close(1000, 'x'.repeat(124)), isA(RangeError));
      assert.throws(() => connection.close(1000, 5 as unknown as string), isA(TypeError));
      assert.equal([connection.state, connection.deadline, connection.queuedBytes], before);
    }
  });

  test(`5.5.1: our Close frame leaves after everything that was sent, and nothing can be sent after it (${role})`, () => {
    const connection = opened(role);
    connection.send('one');
    connection.close(1000);
    for (const call of [
      () => connection.send('two'),
      () => connection.sendFragment('two', true),
      () => connection.ping(),
      () => connection.pong(),
    ]) {
      assert.throws(call, /the connection is closing, so nothing can be sent/);
    }
    assert.is(sent(connection), own(role, Text, 'one') + ownClose(role, 1000));
  });

  // What arrives after a Close frame.

  test(`5.5.1: after our Close frame only the peer's Close frame is delivered, but Ping frames are answered (${role})`, () => {
    const frames = [
      frame(role, Text, 'Hello'),
      frame(role, Text, '\xff'),
      frame(role, Ping, 'p'),
      frame(role, Binary, 'x'.repeat(300), false),
      frame(role, Continuation, 'x'),
      frame(role, Continuation, 'of no message'),
    ];
    const bytes = concat(...frames, closeFrame(role, 1000));
    for (const size of [1, 7, bytes.length]) {
      const connection = opened(role);
      connection.close(1000);
      sent(connection);
      const events: ConnectionEvent[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        events.push(...receive(connection, bytes.subarray(at, at + size)));
      }
      assert.is(types(events), 'close');
      assert.is(sent(connection), own(role, Pong, 'p'));
      assert.ok(ending(connection).clean);
    }
  });

  test(`5.5.1: close in the middle of any data frame drops the rest of it (${role})`, () => {
    const interrupted: [bytes: Uint8Array, hasPing: boolean][] = [
      [concat(frame(role, Text, 'Hello')), false],
      [concat(frame(role, Binary, 'a', false), frame(role, Ping, 'ping'), frame(role, Continuation, 'b')), true],
      [concat(frame(role, Binary, 'x'.repeat(200))), false],
    ];
    for (const options of [{}, { messages: 'fragments' }] as const) {
      for (const [bytes, hasPing] of interrupted) {
        for (let cut = 1; cut < bytes.length; cut++) {
          const connection = opened(role, options);
          receive(connection, bytes.subarray(0, cut));
          const answered = sent(connection) !== '';
          connection.close();
          const rest = concat(bytes.subarray(cut), closeFrame(role, 1000));
          assert.is(types(receive(connection, rest)), 'close', `cut at ${cut}`);
          const pong = hasPing && !answered ? own(role, Pong, 'ping') : '';
          assert.is(sent(connection), ownClose(role) + pong);
        }
      }
    }
  });

  test(`5.5.1: close in the middle of the peer's Close frame still delivers that frame (${role})`, () => {
    const bytes = closeFrame(role, 4000, 'enough');
    for (let cut = 0; cut < bytes.length; cut++) {
      const connection = opened(role);
      assert.equal(receive(connection, bytes.subarray(0, cut)), []);
      connection.close(1000);
      sent(connection);
      assert.equal(receive(connection, bytes.subarray(cut)), [{ type: 'close', code: 4000, reason: 'enough' }]);
      const { clean, explanation } = ending(connection);
      assert.equal([clean, explanation.initiator], [true, 'local']);
    }
  });

  test(`5.5.1: any bytes after the peer's Close frame are ignored (${role})`, () => {
    for (const late of [frame(role, Text, 'late'), closeFrame(role, 1000), FAULT[role].bytes, hex('ff ff ff')]) {
      const connection = opened(role);
      assert.is(types(receive(connection, concat(closeFrame(role, 1000), late))), 'close');
      assert.equal(receive(connection, late), []);
      assert.is(sent(connection), ownClose(role, 1000));
      assert.is(ending(connection).explanation.bytesReceived, closeFrame(role, 1000).length + 2 * late.length);
    }
  });

  test(`5.5.1: close drops the messages that have not been polled (${role})`, () => {
    const connection = opened(role);
    connection.receive(concat(frame(role, Text, 'one'), frame(role, Text, 'two'), closeFrame(role, 1000)));
    assert.equal(connection.poll(), { type: 'text', data: 'one' });
    connection.close(1001);
    assert.is(types(connection), 'close');
  });

  test(`7.1.1: when the peer never answers, closeTimeout destroys the transport (${role})`, () => {
    const connection = opened(role, { closeTimeout: 700 });
    connection.close(1000, '', 100);
    sent(connection);
    assert.is(connection.deadline, 800);
    assert.is(types(receive(connection, frame(role, Text, 'still here'), 500)), '');
    assert.is(connection.deadline, 800);
    assert.equal([...connection.timeout(799)], []);
    assert.is(connection.transport, 'open');
    assert.is(types(connection.timeout(800)), 'end');
    assert.equal([connection.state, connection.transport, connection.deadline], ['closed', 'destroy', NEVER]);
    nothingFollows(connection);
  });

  test(`7.1.1: when the peer has ended its side but ours never ends, closeTimeout destroys the transport (${role})`, () => {
    const connection = opened(role, QUIET);
    assert.is(types(connection.receiveEnd(100)), 'end');
    assert.equal([connection.transport, connection.deadline], ['end', 5100]);
    assert.equal([...connection.timeout(5100)], []);
    assert.equal([connection.transport, connection.deadline], ['destroy', NEVER]);
  });
}

// Two ends.

const CUTS = { whole: undefined, 'byte by byte': byteByByte, 'in random pieces': cutRandomly(5) };

function pairOf(cut: keyof typeof CUTS, options: PairOptions = {}): Pair {
  const pair = new Pair({ opened: true, ...options });
  if (CUTS[cut] !== undefined) pair.cut = CUTS[cut];
  pair.latency = 20;
  return pair.run();
}

const last = (pair: Pair, role: Role): EndEvent => pair[role].events.at(-1) as EndEvent;

for (const cut of Object.keys(CUTS) as (keyof typeof CUTS)[]) {
  for (const first of ROLES) {
    const second = first === 'client' ? 'server' : 'client';

    test(`7.1.1: when the ${first} closes, both endpoints end cleanly, ${cut}`, () => {
      const pair = pairOf(cut);
      pair[first].connection.close(1000, 'done');
      pair.run();
      for (const role of ROLES) {
        assert.is(pair[role].types.join(' '), 'open close end');
        assert.ok(last(pair, role).clean);
        assert.is(pair[role].connection.transport, 'end');
      }
      assert.is(last(pair, second).reason, 'done');
      assert.is(last(pair, first).explanation.initiator, 'local');
      assert.is(last(pair, second).explanation.initiator, 'remote');
      assert.is(pair.now, first === 'client' ? 60 : 80);
    });

    test(`7.1.1: when the ${first} closes and the ${second} is gone, the transport is destroyed, ${cut}`, () => {
      const pair = pairOf(cut);
      pair.server.out.stalled = pair.client.out.stalled = true;
      pair[first].connection.close(1000);
      pair.run(5000);
      assert.is(pair[first].connection.transport, 'destroy');
      assert.is(last(pair, first).clean, false);
      assert.is(pair[second].connection.state, 'open');
    });
  }

  test(`7.1.2: both endpoints can close at the same time, ${cut}`, () => {
    const pair = pairOf(cut);
    pair.client.connection.close(4001);
    pair.server.connection.close(4002);
    pair.run();
    for (const [role, code] of [
      ['client', 4002],
      ['server', 4001],
    ] as const) {
      const end = last(pair, role);
      assert.is(pair[role].types.join(' '), 'open close end');
      assert.equal([end.code, end.clean, end.explanation.initiator], [code, true, 'local']);
      assert.is(pair[role].connection.transport, 'end');
    }
  });

  test(`7.1.1: an endpoint that closes drops messages that still arrive, and its own earlier ones are delivered, ${cut}`, () => {
    const pair = pairOf(cut);
    pair.client.connection.send('to be dropped');
    pair.server.connection.send('to be delivered');
    pair.server.connection.close(1001);
    pair.run();
    assert.is(pair.client.types.join(' '), 'open text close end');
    assert.is(pair.server.types.join(' '), 'open close end');
  });
}

test.run();
