// RFC 6455 7.1.7, 7.4.1: `fail`, for the faults of our own side.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { permessageDeflate } from '../../src/deflate/index.ts';
import {
  Connection,
  type ConnectionEvent,
  type ConnectionOptions,
  type FailEvent,
  type LocalRuleName,
  Opcode,
  ProtocolError,
  type Role,
  resolveOptions,
} from '../../src/index.ts';
import { requestHead, responseHead } from '../handshake/heads.ts';
import { decodeFrames, type Frame } from '../reference.ts';
import { concat, drain, equalBytes, join, ZEROS } from '../support.ts';
import {
  ascii,
  closeFrame,
  ending,
  FAULT,
  frame,
  isA,
  NEVER,
  nothingFollows,
  opened,
  ownClose,
  ROLES,
  receive,
  rule,
  sent,
  sentText,
  types,
} from './tools.ts';

const test = suite('RFC 6455 7.1.7 fail');

const OPTIONS: ConnectionOptions = {
  heartbeat: false,
  idleTimeout: NEVER,
  stallTimeout: NEVER,
  messageProgress: false,
};
const RULES: readonly (readonly [LocalRuleName, code: number])[] = [
  ['reader-too-slow', 1013],
  ['handler-failed', 1011],
];

for (const role of ROLES) {
  for (const [name, code] of RULES) {
    test(`${name}: a Close frame with ${code}, a fail event with its cause, closeTimeout, and nothing more is parsed (${role})`, () => {
      const cause = new Error('why');
      const connection = opened(role, OPTIONS);
      receive(connection, frame(role, Opcode.Text, 'Hello'));
      connection.receive(frame(role, Opcode.Text, 'not polled'));
      connection.fail(name, cause, 100);
      assert.equal([connection.state, connection.deadline], ['closing', 5100]);
      const [fail, ...more] = [...connection] as FailEvent[];
      assert.equal(more, []);
      assert.instance(fail?.error, ProtocolError);
      assert.equal([fail?.error.rule, fail?.error.offset], [name, connection.role === 'server' ? 27 : 19]);
      assert.is(fail?.error.cause, cause);
      assert.is(sent(connection), ownClose(role, code, name));
      assert.is(connection.transport, role === 'server' ? 'end' : 'open');
      assert.equal(receive(connection, concat(frame(role, Opcode.Text, 'x'), closeFrame(role, 1000)), 200), []);
      assert.is(connection.deadline, 5100);
      const { code: theirs, clean, explanation } = ending(connection);
      assert.equal([theirs, clean, explanation.initiator], [1006, false, 'local']);
      assert.equal([explanation.sent, explanation.received], [{ code, reason: name }, undefined]);
      assert.is(explanation.error, fail?.error);
      assert.is(explanation.cause, cause);
    });

    test(`${name}: what the transport says of its end counts more than the cause (${role})`, () => {
      const connection = opened(role, OPTIONS);
      connection.fail(name, 'ours');
      assert.is(ending(connection, 'ECONNRESET').explanation.cause, 'ECONNRESET');
    });

    test(`${name}: an application that pauses hears of it at once (${role})`, () => {
      const connection = opened(role, OPTIONS);
      connection.pause();
      connection.receive(frame(role, Opcode.Text, 'unread'));
      connection.fail(name);
      assert.equal([types(connection), connection.paused], ['fail', false]);
    });

    test(`${name}: a connection that closes or has failed goes on as it was (${role})`, () => {
      const cases: ((connection: Connection) => ConnectionEvent[])[] = [
        (connection) => {
          connection.close(1000, 'bye', 5);
          return [];
        },
        (connection) => receive(connection, closeFrame(role, 1000), 5),
        (connection) => receive(connection, FAULT[role].bytes, 5),
        (connection) => {
          connection.fail('handler-failed', 'first', 5);
          return [...connection];
        },
      ];
      for (const begin of cases) {
        const [one, other] = [opened(role, OPTIONS), opened(role, OPTIONS)];
        begin(one);
        begin(other);
        one.fail(name, 'late', 6);
        assert.is(sent(one), sent(other));
        assert.equal([...one], []);
        assert.equal([one.state, one.transport, one.deadline > 5000], [other.state, other.transport, true]);
        const [a, b] = [ending(one), ending(other)];
        assert.equal(
          [a.explanation.error?.rule, a.explanation.cause],
          [b.explanation.error?.rule, b.explanation.cause],
        );
      }
    });

    test(`${name}: after the end there is nothing to fail (${role})`, () => {
      const connection = opened(role, OPTIONS);
      connection.receiveEnd(0, 'gone');
      connection.fail(name, 'late');
      const { explanation } = ending(connection);
      assert.equal([explanation.error, explanation.cause], [undefined, 'gone']);
      connection.fail(name);
      nothingFollows(connection);
    });
  }

  test(`another rule is a mistake of the caller's, in any state (${role})`, () => {
    const connection = opened(role, OPTIONS);
    for (const name of ['invalid-utf8', 'toString', '', undefined, 5]) {
      assert.throws(() => connection.fail(name as LocalRuleName), isA(TypeError));
    }
    assert.is(connection.state, 'open');
    ending(connection);
    assert.throws(() => connection.fail('close-code' as LocalRuleName), isA(TypeError));
  });
}

// While connecting

test('4.2.2: a request that waits for its decision is answered 500', () => {
  for (const [name] of RULES) {
    const cause = new Error('database');
    const server = Connection.server(OPTIONS);
    assert.is(types(receive(server, ascii(requestHead()))), 'request');
    server.fail(name, cause, 100);
    const events = [...server];
    assert.is(rule(events), 'handshake-failed');
    assert.is((events[0] as FailEvent).error.cause, cause);
    assert.equal([server.transport, server.deadline], ['open', 5100]);
    assert.match(sentText(server), /^HTTP\/1\.1 500 \r\nConnection: close\r\n/);
    assert.is(server.transport, 'end');
    assert.throws(() => server.accept(), /no request waits/);
    const { code, explanation } = ending(server);
    assert.equal([code, explanation.cause], [1006, cause]);
  }
});

test('4.1: any other opening handshake is abandoned, as by close', () => {
  for (const make of [() => Connection.server(OPTIONS), () => Connection.client('ws://h', { random: ZEROS })]) {
    const connection = make();
    drain(connection);
    connection.fail('handler-failed', 'why', 10);
    assert.is(rule(connection), 'handshake-abandoned');
    assert.is(sent(connection), '');
    assert.is(connection.transport, connection.role === 'server' ? 'end' : 'destroy');
    assert.is(ending(connection).explanation.cause, 'why');
  }
});

test('a response that waits is never dropped', () => {
  const refused = Connection.server(OPTIONS);
  receive(refused, ascii(requestHead()));
  refused.reject(403, {}, 'no');
  refused.fail('reader-too-slow');
  assert.match(sentText(refused), /^HTTP\/1\.1 403 .*no$/s);

  for (const transmitted of [0, 1, 40]) {
    const server = Connection.server(OPTIONS);
    receive(server, ascii(requestHead()));
    server.accept();
    server.send('a');
    server.send(new Uint8Array(5000));
    const front = transmitted === 0 ? new Uint8Array(0) : (server.transmit(0, transmitted) as Uint8Array).slice();
    server.fail('reader-too-slow');
    const all = join([front, drain(server)]);
    const text = String.fromCharCode(...all);
    const end = text.indexOf('\r\n\r\n') + 4;
    assert.match(text, /^HTTP\/1\.1 101 /);
    assert.equal(
      decodeFrames(all.subarray(end)).frames.map(({ opcode }) => opcode),
      [8],
    );
    assert.is(ending(server).explanation.unsentBytes, 3 + 5004);
  }
});

test('what a sender knows of one connection does not matter to the next', () => {
  const options = resolveOptions(OPTIONS);
  const one = Connection.opened('server', {}, options);
  one.close(1000, 'a reason that is long');
  drain(one);
  const other = Connection.opened('server', {}, options);
  assert.is(types(other), 'open');
  other.fail('reader-too-slow');
  assert.is(sent(other), ownClose('server', 1013, 'reader-too-slow'));
  const third = Connection.opened('server', {}, options);
  third.send('Hello');
  third.send('Hello');
  third.fail('reader-too-slow');
  assert.is(sent(third), ownClose('server', 1013, 'reader-too-slow'));
});

test("a client's request that waits is never dropped", () => {
  const client = Connection.client('ws://example.com/', { ...OPTIONS, random: ZEROS });
  const front = (client.transmit(0, 10) as Uint8Array).slice();
  receive(client, ascii(responseHead()));
  client.send('a');
  client.fail('reader-too-slow');
  const text = String.fromCharCode(...join([front, drain(client)]));
  assert.match(text, /^GET \/ HTTP\/1\.1\r\n.*\r\n\r\n\x88/s);
});

// What is dropped: for each number of bytes that have been transmitted, the rest of that frame, then the Close frame.

interface Case {
  readonly name: string;
  readonly options?: ConnectionOptions;
  readonly compressed?: boolean;
  readonly send: (connection: Connection) => void;
}

const COMPRESSION = permessageDeflate(pako, { threshold: 0 });

const CASES: readonly Case[] = [
  {
    name: 'many frames in one segment',
    send: (connection) => {
      for (const text of ['', 'one', 'x'.repeat(200), 'four']) connection.send(text);
      connection.ping('ping');
      connection.send('x'.repeat(40));
    },
  },
  {
    name: 'payloads by reference among others',
    send: (connection) => {
      connection.send('one');
      connection.send(new Uint8Array(4096).fill(0x82));
      connection.send(new Uint8Array(70_000).fill(0x88));
      connection.send('two');
      connection.send(new Uint8Array(5000).fill(1));
    },
  },
  {
    name: 'a message in fragments',
    options: { fragmentSize: 30 },
    send: (connection) => {
      connection.send('y'.repeat(100));
      connection.sendFragment('a', false);
      connection.sendFragment('b'.repeat(50), false);
    },
  },
  {
    name: 'fragments by reference',
    options: { fragmentSize: 4096 },
    send: (connection) => connection.send(new Uint8Array(9000).fill(3)),
  },
  {
    name: 'compressed messages',
    compressed: true,
    send: (connection) => {
      for (let n = 0; n < 3; n++) connection.send('compress me '.repeat(20) + n);
    },
  },
];

const sizeOf = ({ extended, key, payload }: Frame): number => 2 + extended + (key ? 4 : 0) + payload.length;

for (const role of ROLES) {
  for (const { name, options, compressed, send } of CASES) {
    const make = (): Connection => {
      const all = { ...OPTIONS, ...options, random: ZEROS };
      return compressed ? negotiated(role, all) : opened(role, all);
    };

    test(`reader-too-slow drops what has not begun to leave: ${name} (${role})`, () => {
      const reference = make();
      send(reference);
      const whole = drain(reference);
      const { frames } = decodeFrames(whole);
      const ends: number[] = [];
      for (const each of frames) ends.push((ends.at(-1) ?? 0) + sizeOf(each));
      assert.ok(frames.length > 1);
      const cuts = [...new Set([0, ...ends.flatMap((end) => [end - 1, end, end + 1, end + 2, end + 5, end + 300])])];
      for (const cut of cuts.filter((at) => at >= 0 && at <= whole.length)) {
        for (const max of [1, 3, NEVER]) {
          if (max === 1 && cut > 1000) continue;
          const connection = make();
          send(connection);
          const front: Uint8Array[] = [];
          for (let left = cut; left > 0; ) {
            const part = connection.transmit(0, Math.min(left, max)) as Uint8Array;
            front.push(part.slice());
            left -= part.length;
          }
          const kept = cut === 0 ? 0 : ends.findIndex((end) => end >= cut) + 1;
          connection.fail('reader-too-slow', undefined, 10);
          const at = kept === 0 ? 0 : (ends[kept - 1] as number);
          const all = join([...front, drain(connection)]);
          equalBytes(all.subarray(0, at), whole.subarray(0, at), `cut at ${cut}`);
          const after = decodeFrames(all.subarray(at));
          assert.equal([after.frames.map(({ opcode }) => opcode), after.rest], [[8], 0], `cut at ${cut}`);
          assert.is(connection.queuedBytes, 0);
          assert.is(ending(connection).explanation.unsentBytes, whole.length - at);
        }
      }
    });

    test(`reader-too-slow while closing: the Close frame gets out, and once: ${name} (${role})`, () => {
      const reference = make();
      send(reference);
      const size = reference.queuedBytes;
      reference.close(4000, 'bye');
      const whole = drain(reference);
      for (let cut = 0; cut <= whole.length; cut += cut < size - 5 ? Math.ceil(size / 40) : 1) {
        const connection = make();
        send(connection);
        connection.close(4000, 'bye');
        let front: Uint8Array = new Uint8Array(0);
        for (let n = 0; n < 3; n++) {
          // Again and again, with something transmitted in between.
          for (let left = n === 0 ? cut : 2; left > 0; ) {
            const part = connection.transmit(0, left);
            if (part === undefined) break;
            front = join([front, part]);
            left -= part.length;
          }
          connection.fail('reader-too-slow');
        }
        const all = join([front, drain(connection)]);
        const close = whole.subarray(size);
        equalBytes(all.subarray(all.length - close.length), close, `cut at ${cut}`);
        const rest = all.subarray(0, all.length - close.length);
        equalBytes(rest, whole.subarray(0, rest.length));
        assert.is(decodeFrames(rest).rest, 0);
        const { clean, explanation } = endsCleanly(connection);
        assert.equal([clean, explanation.unsentBytes], [true, size - rest.length]);
      }
    });
  }
}

/** The peer answers our Close frame, and the transport ends. */
function endsCleanly(connection: Connection): ReturnType<typeof ending> {
  receive(connection, closeFrame(connection.role, 4000));
  return ending(connection);
}

/** A connection that compresses, opened by its handshake. */
function negotiated(role: Role, options: ConnectionOptions): Connection {
  const client = Connection.client('ws://example.com/', { ...options, compression: COMPRESSION });
  const server = Connection.server({ ...options, compression: COMPRESSION });
  receive(server, drain(client));
  server.accept();
  assert.is(types(server), 'open');
  assert.is(types(receive(client, drain(server))), 'open');
  return role === 'client' ? client : server;
}

test('a decoder that fails the connection inside of a text: nothing more is told of that, valid or not', () => {
  for (const text of ['\xc3\xa9'.repeat(50), `${'\xc3\xa9'.repeat(50)}\xff`]) {
    const decode = (bytes: Uint8Array): string => {
      connection.fail('handler-failed', 'decode');
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    };
    const connection = opened('server', { ...OPTIONS, textDecoder: { decode, fatal: true, ignoreBOM: true } });
    const events = types(receive(connection, frame('server', Opcode.Text, text)));
    assert.is(events, text.endsWith('\xff') ? 'fail' : 'text fail');
    assert.is(ending(connection).explanation.error?.rule, 'handler-failed');
  }
});

test.run();
