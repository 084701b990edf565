// Connections with the same options lend each other receivers and senders that are idle: nothing of it may be seen from outside.
// properties/spare.test.ts compares them with connections that share nothing.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { DeflateTransform } from '../../src/deflate/index.ts';
import {
  Connection,
  type ConnectionEvent,
  type ConnectionOptions,
  type Role,
  resolveOptions,
  StateError,
} from '../../src/index.ts';
import { Receiver } from '../../src/receive/receiver.ts';
import { Sender } from '../../src/send/sender.ts';
import { PLAIN } from '../deflate/tools.ts';
import { collectGarbage } from '../garbage.ts';
import { alive } from '../occupied.ts';
import { decodeFrames } from '../reference.ts';
import { concat, decodeStrictly, drain, type Summary, summarize, ZEROS } from '../support.ts';
import { FAULT, frame, isA, ROLES, receive } from './tools.ts';

const spare = suite('spare');

const OFF: ConnectionOptions = {
  heartbeat: false,
  idleTimeout: Infinity,
  messageProgress: false,
  stallTimeout: Infinity,
};

/** Gives three connections that are open and share their options. */
function opened(role: Role, options: ConnectionOptions = {}): [Connection, Connection, Connection] {
  const resolved = resolveOptions({ ...OFF, random: ZEROS, ...options });
  const open = (): Connection => {
    const connection = Connection.opened(role, {}, resolved);
    assert.is(connection.poll()?.type, 'open');
    return connection;
  };
  return [open(), open(), open()];
}

/** The frames that have been transmitted, `opcode payload`. */
function frames(bytes: Uint8Array): string[] {
  const { frames, rest } = decodeFrames(bytes);
  assert.is(rest, 0);
  return frames.map(({ opcode, payload }) => `${opcode} ${decodeStrictly(payload)}`);
}

const summaries = (events: readonly ConnectionEvent[]): Summary[] => events.map(summarize);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const role of ROLES) {
  spare(`what one is in the middle of says nothing to the next (${role})`, () => {
    const [a, b, c] = opened(role);
    const whole = frame(role, 1, utf8('é€🐯'));
    const first = frame(role, 1, utf8('first 🐯'), false);
    for (let cut = 1; cut < whole.length; cut++) {
      for (const [connection, bytes] of [
        [b, whole],
        [c, first],
      ] as const) {
        assert.equal(receive(connection, bytes.slice(0, cut)), []);
        assert.equal(summaries(receive(a, frame(role, 2, 'a'))), [['binary', '61']]);
      }
      assert.equal(summaries(receive(b, whole.slice(cut))), [['text', 'é€🐯']]);
      assert.equal(receive(c, first.slice(cut)), []);
      assert.equal(summaries(receive(b, frame(role, 2, 'b'))), [['binary', '62']]);
      assert.equal(summaries(receive(c, frame(role, 0, utf8(' é')))), [['text', 'first 🐯 é']]);
    }
  });

  spare(`one that is in the middle of something gives nothing away (${role})`, () => {
    const whole = frame(role, 1, utf8('é€🐯'));
    for (const bytes of [
      whole,
      concat(frame(role, 1, utf8('é'), false), frame(role, 9, 'p'), frame(role, 0, utf8('€🐯'))),
    ]) {
      for (let cut = 1; cut < bytes.length; cut++) {
        const [a, b, c] = opened(role);
        // The first is the one that others take theirs from.
        for (const connection of [a, b, c]) receive(connection, frame(role, 2, 'a'));
        const events = receive(a, bytes.slice(0, cut));
        for (const connection of [b, c]) {
          assert.equal(summaries(receive(connection, frame(role, 1, 'other'))), [['text', 'other']], `cut at ${cut}`);
        }
        events.push(...receive(a, bytes.slice(cut)));
        const alone = opened(role)[0];
        assert.equal(summaries(events), summaries(receive(alone, bytes)), `cut at ${cut}`);
      }
    }
  });

  spare(`when all are idle there is one sender and one receiver (${role})`, () => {
    const options = resolveOptions({ ...OFF, random: ZEROS });
    const [senders, receivers] = [alive(Sender), alive(Receiver)];
    const connections = Array.from({ length: 20 }, () => Connection.opened(role, {}, options));
    // All are busy at the same time.
    const message = frame(role, 1, 'a');
    for (const connection of connections) {
      receive(connection, message.slice(0, -1));
      connection.send('b');
    }
    assert.equal([alive(Sender) - senders, alive(Receiver) - receivers], [20, 20]);
    for (const connection of connections) {
      assert.equal(summaries(receive(connection, message.slice(-1))), [['text', 'a']]);
      drain(connection);
      connection.written();
      connection.transmit();
    }
    assert.equal([alive(Sender) - senders, alive(Receiver) - receivers], [1, 1]);
    assert.is(connections.length, 20);
  });

  spare(`what one has not polled stays its own (${role})`, () => {
    const [a, b] = opened(role);
    for (let round = 0; round < 3; round++) {
      a.receive(concat(frame(role, 1, 'one'), frame(role, 1, 'two')));
      assert.equal(summaries(receive(b, frame(role, 1, 'other'))), [['text', 'other']]);
      assert.is((a.poll() as { data?: unknown }).data, 'one');
      a.receive(frame(role, 1, 'three'));
      assert.equal(summaries(receive(b, frame(role, 1, 'other'))), [['text', 'other']]);
      assert.equal(summaries([...a]), [
        ['text', 'two'],
        ['text', 'three'],
      ]);
    }
  });

  spare(`offsets of faults are those of the connection (${role})`, () => {
    const [a, b, c] = opened(role);
    receive(a, frame(role, 2, new Uint8Array(1000)));
    receive(b, frame(role, 2, 'b'));
    receive(c, new Uint8Array(0));
    const { bytes, rule } = FAULT[role];
    const before = frame(role, 2, 'b').length;
    assert.equal(summaries(receive(b, bytes)), [['fail', rule, before]]);
    assert.equal(summaries(receive(c, bytes)), [['fail', rule, 0]]);
    assert.equal(summaries(receive(a, bytes)), [['fail', rule, frame(role, 2, new Uint8Array(1000)).length]]);
  });

  spare(`after one has failed, begun to close or ended, the others go on (${role})`, () => {
    for (const act of [
      (connection: Connection) => void receive(connection, FAULT[role].bytes),
      (connection: Connection) => connection.close(1000),
      (connection: Connection) => void receive(connection, frame(role, 8)),
      (connection: Connection) => void [...connection.receiveEnd()],
      (connection: Connection) => connection.receiveEnd().close(),
    ]) {
      for (const which of [0, 1, 2]) {
        const all = opened(role);
        for (const one of all) receive(one, frame(role, 1, 'a'));
        act(all[which] as Connection);
        for (const [i, one] of all.entries()) {
          // What leads to nothing, and then twice, so that each has borrowed a receiver and given it back.
          receive(one, new Uint8Array(0));
          for (let round = 0; round < 2; round++) {
            const events = summaries(receive(one, frame(role, 1, 'b'))).filter(([type]) => type !== 'end');
            assert.equal(events, i === which ? [] : [['text', 'b']], `${act}, ${which}, ${i}`);
          }
          if (i === which) continue;
          one.send('c');
          assert.equal(frames(drain(one)), ['1 c']);
          one.written();
        }
      }
    }
  });

  spare(`a fragmented message, or bytes that wait, are nobody else's (${role})`, () => {
    const [a, b, c] = opened(role);
    drain(c);
    a.sendFragment('a', false);
    assert.equal(frames(drain(a)), ['1 a']);
    b.send('b');
    b.sendFragment('x\ud83d', false);
    c.send('c');
    assert.equal([frames(drain(b)), frames(drain(c))], [['1 b', '1 x'], ['1 c']]);
    c.ping('p');
    a.sendFragment('z', true);
    b.sendFragment('\udc2f', true);
    assert.equal([frames(drain(a)), frames(drain(b)), frames(drain(c))], [['0 z'], ['0 🐯'], ['9 p']]);
    // What was released, too.
    for (const connection of [a, b, c]) connection.written();
    c.send('c');
    a.send('a');
    c.written();
    b.send('b');
    assert.equal([frames(drain(b)), frames(drain(a)), frames(drain(c))], [['1 b'], ['1 a'], ['1 c']]);
  });

  spare(`what one has transmitted and not released stays as it is when its sender serves another (${role})`, () => {
    const [a, b, c] = opened(role);
    a.send('first');
    const view = a.transmit() as Uint8Array;
    assert.is(a.transmit(), undefined);
    for (let n = 0; n < 3000; n++) {
      for (const other of [b, c]) {
        other.send(`other ${n}`);
        assert.equal(frames(drain(other)), [`1 other ${n}`]);
        other.written();
      }
    }
    assert.equal(frames(view), ['1 first']);
  });

  spare(`one that compresses neither takes nor gives (${role})`, () => {
    const resolved = resolveOptions({ ...OFF, random: ZEROS });
    const open = (compresses: boolean): Connection => {
      const options = { level: 6, memLevel: 8, threshold: 0 };
      const transform = compresses ? new DeflateTransform(role, PLAIN, pako, options) : undefined;
      const connection = Connection.opened(role, { transform }, resolved);
      connection.poll();
      return connection;
    };
    for (const order of [
      [true, false, true, false],
      [false, true, false, true],
    ]) {
      const all = order.map(open);
      for (let round = 0; round < 3; round++) {
        for (const [i, connection] of all.entries()) {
          assert.equal(summaries(receive(connection, frame(role, 1, `${i}`))), [['text', `${i}`]]);
          connection.send('a'.repeat(100));
          const { frames } = decodeFrames(drain(connection));
          const compressed = order[i] as boolean;
          assert.equal([frames[0]?.rsv, frames[0]?.payload.length === 100], [compressed ? 4 : 0, !compressed]);
          connection.written();
        }
      }
      // RSV1 means something where compression was agreed on, and nowhere else.
      for (const [i, connection] of all.entries()) {
        const bytes = frame(role, 1, String.fromCharCode(0x4a, 0x04, 0x00));
        bytes[0] = 0xc1;
        const [event] = summaries(receive(connection, bytes));
        assert.equal(event?.slice(0, 2), order[i] ? ['text', 'a'] : ['fail', 'reserved-bits']);
      }
    }
  });

  spare(`rate limits count for each connection by itself (${role})`, () => {
    const [a, b] = opened(role, { rateLimits: { messages: { perSecond: 1, burst: 2 } } });
    for (const connection of [a, b, a, b]) {
      assert.equal(summaries(receive(connection, frame(role, 1, 'a'))), [['text', 'a']]);
    }
    for (const connection of [a, b]) assert.is(receive(connection, frame(role, 1, 'a'))[0]?.type, 'fail');
  });

  spare(`a decoder that uses other connections mixes nothing (${role})`, () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const texts: string[] = [];
    let inside = 0;
    const decode = (bytes: Uint8Array): string => {
      if (inside++ === 0) {
        for (const other of [b, c, b]) {
          const payload = utf8(`é ${'inside '.repeat(20)}`);
          // Whole, and in pieces.
          other.receive(frame(role, 1, payload));
          texts.push(...[...other].map((event) => (event as { data: string }).data));
          const bytes = frame(role, 1, payload);
          for (let at = 0; at < bytes.length; at += 7) {
            for (const event of other.receive(bytes.slice(at, at + 7))) texts.push((event as { data: string }).data);
          }
          other.send('sent');
          assert.equal(frames(drain(other)), ['1 sent']);
        }
        // And itself, which is in the middle of it.
        a.send('sent');
        assert.equal(frames(drain(a)), ['1 sent']);
        a.written();
        b.send('sent');
        assert.equal(frames(drain(b)), ['1 sent']);
      }
      inside--;
      return decoder.decode(bytes);
    };
    const textDecoder = { decode, fatal: true, ignoreBOM: true };
    const [a, b, c] = opened(role, { textDecoder });
    const text = `é ${'outside '.repeat(30)}`;
    const bytes = concat(frame(role, 1, utf8(text)), frame(role, 1, utf8(text)));
    for (const size of [bytes.length, 100, 9, 1]) {
      const got: string[] = [];
      texts.length = 0;
      for (let at = 0; at < bytes.length; at += size) {
        for (const event of a.receive(bytes.slice(at, at + size))) got.push((event as { data: string }).data);
      }
      assert.equal(got, [text, text], `pieces of ${size}`);
      assert.ok(texts.length >= 12 && texts.every((other) => other === `é ${'inside '.repeat(20)}`));
    }
  });
}

/** What a random source may do in the middle of a frame of `a`, and the frames that it leads to. */
const MEANWHILE: Record<string, (a: Connection, b: Connection, c: Connection) => void> = {
  'b sends': (_, b) => b.send('b'),
  'b and c send': (_, b, c) => {
    b.send('b');
    c.send('c');
  },
  'a transmits, b sends': (a, b) => {
    a.transmit();
    b.send('b');
  },
  'a releases, b sends': (a, b) => {
    a.written();
    b.send('b');
  },
  'b transmits, a transmits, c and b send': (a, b, c) => {
    b.transmit();
    a.transmit();
    c.send('c');
    b.send('b');
  },
  'a is refused to send, transmits and reports, b sends': (a, b) => {
    const expected = a.state === 'open' ? 'random-reentered' : 'not-open';
    assert.throws(
      () => a.ping('a again'),
      (error: unknown) => error instanceof StateError && error.rule === expected,
    );
    a.transmit();
    a.transmit();
    a.written();
    b.send('b');
  },
};

for (const [name, meanwhile] of Object.entries(MEANWHILE)) {
  for (const send of ['send', 'sendFragment', 'ping', 'long', 'close'] as const) {
    spare(`5.3 a random source in which ${name} mixes nothing (${send})`, () => {
      let acting = 0;
      const out: [Connection, number[]][] = [];
      const random = (bytes: Uint8Array): void => {
        bytes.fill(0);
        if (acting-- === 1) meanwhile(a, b, c);
      };
      // Each frame of a batch asks for bytes only when the pool is empty: so each time is the first.
      const [a, b, c] = opened('client', { random, fragmentSize: 1000 });
      for (const connection of [a, b, c]) {
        const taken: number[] = [];
        out.push([connection, taken]);
        const transmit = connection.transmit.bind(connection);
        connection.transmit = () => {
          const bytes = transmit();
          taken.push(...(bytes ?? []));
          return bytes;
        };
      }
      for (let round = 0; round < 2; round++) {
        acting = 1;
        if (send === 'send') a.send('a');
        else if (send === 'sendFragment') a.sendFragment('a', true);
        else if (send === 'ping') a.ping('a');
        else if (send === 'long') a.send('a'.repeat(2500));
        else a.close(1000, 'a');
        for (const connection of [b, c, a]) {
          drain(connection);
          connection.written();
        }
        if (send === 'close') break;
      }
      const sentBy = out.map(([, taken]) =>
        decodeFrames(Uint8Array.from(taken)).frames.map(({ payload }) => String.fromCharCode(...payload)),
      );
      for (const [i, of] of ['a', 'b', 'c'].entries()) {
        assert.ok(
          sentBy[i]?.every((payload) => payload.includes(of)),
          `${of}: ${sentBy[i]?.map((payload) => payload.slice(0, 20))}`,
        );
      }
      assert.ok(sentBy[0]?.some((payload) => payload.includes('a')) && sentBy[1]?.includes('b'));
    });
  }
}

spare('5.3 a random source that throws leaves all as it was', () => {
  let broken = false;
  const random = (bytes: Uint8Array): void => {
    if (broken) throw new RangeError('no entropy');
    bytes.fill(0);
  };
  const [a, b, c] = opened('client', { random });
  broken = true;
  for (const connection of [a, b, c]) assert.throws(() => connection.send('lost'), isA(RangeError));
  broken = false;
  for (const connection of [a, b, c, a]) {
    assert.is(connection.transmit(), undefined);
    connection.send('a');
    assert.equal(frames(drain(connection)), ['1 a']);
  }
});

spare('a connection that has ended is kept by no other', async () => {
  const resolved = resolveOptions({ ...OFF, random: ZEROS });
  const refs: WeakRef<Connection>[] = [];
  const use = (role: Role): void => {
    const connection = Connection.opened(role, {}, resolved);
    refs.push(new WeakRef(connection));
    receive(connection, frame(role, 1, 'a'));
    connection.send('a');
    drain(connection);
    connection.written();
    assert.is([...connection.receiveEnd()].at(-1)?.type, 'end');
  };
  for (let n = 0; n < 100; n++) for (const role of ROLES) use(role);
  await collectGarbage();
  assert.equal(
    refs.filter((ref) => ref.deref() !== undefined),
    [],
  );
});

for (const shared of [false, true]) {
  spare(
    `connections that are never told that their bytes have left keep no memory for them (shared options: ${shared})`,
    async () => {
      const resolved = resolveOptions(OFF);
      const text = 'x'.repeat(70_000);
      const kept: Connection[] = [];
      await collectGarbage();
      const before = process.memoryUsage().arrayBuffers;
      for (let n = 0; n < 60; n++) {
        const pair = [0, 1].map(() => Connection.opened('server', {}, shared ? resolved : { ...OFF }));
        for (const connection of pair) {
          connection.poll();
          connection.send(text);
        }
        for (const connection of pair) drain(connection);
        kept.push(...pair);
      }
      await collectGarbage();
      const grown = process.memoryUsage().arrayBuffers - before;
      assert.ok(grown < 1_000_000, `${grown} bytes for ${kept.length} connections`);
    },
  );
}

spare('one that has ended with half a message lets go of it', async () => {
  const resolved = resolveOptions({ ...OFF, maxMessageSize: 8_000_000 });
  await collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  const use = (): void => {
    const connection = Connection.opened('server', {}, resolved);
    connection.poll();
    assert.equal(summaries(receive(connection, frame('server', 2, 'a'))), [['binary', '61']]);
    const head = Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, 0x5b, 0x8d, 0x80, 0, 0, 0, 0);
    assert.equal(receive(connection, concat(head, new Uint8Array(5_000_000))), []);
    assert.is([...connection.receiveEnd()].at(-1)?.type, 'end');
  };
  use();
  await collectGarbage();
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
  assert.ok(resolved.maxMessageSize > 0);
});

spare.run();
