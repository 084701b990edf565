// RFC 6455 5.3: what a random source may do to connections while it draws masking keys for one of them.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Connection, StateError } from '../../src/index.ts';
import { decodeFrames } from '../reference.ts';
import { drain } from '../support.ts';
import { frames, opened } from './sharing.ts';
import { isA } from './tools.ts';

const random = suite('RFC 6455 5.3 random');

/** What a random source may do in the middle of a frame of A, and the frames that it leads to. */
const MEANWHILE: Record<string, (a: Connection, b: Connection, c: Connection) => void> = {
  'B sends': (_, b) => b.send('b'),
  'B and C send': (_, b, c) => {
    b.send('b');
    c.send('c');
  },
  'A transmits and B sends': (a, b) => {
    a.transmit();
    b.send('b');
  },
  'A is told what is written and B sends': (a, b) => {
    a.written();
    b.send('b');
  },
  'B and A transmit and C and B send': (a, b, c) => {
    b.transmit();
    a.transmit();
    c.send('c');
    b.send('b');
  },
  'a ping of A is refused, A transmits and is told what is written, and B sends': (a, b) => {
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
    random(`5.3 while client A draws a masking key, ${name}: all frames stay whole (${send})`, () => {
      let acting = 0;
      const out: [Connection, number[]][] = [];
      const source = (bytes: Uint8Array): void => {
        bytes.fill(0);
        if (acting-- === 1) meanwhile(a, b, c);
      };
      // Each frame of a batch asks for bytes only when the pool is empty: so each time is the first.
      const [a, b, c] = opened('client', { random: source, fragmentSize: 1000 });
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

random('5.3 a random source that throws leaves all connections as they were', () => {
  let broken = false;
  const source = (bytes: Uint8Array): void => {
    if (broken) throw new RangeError('no entropy');
    bytes.fill(0);
  };
  const [a, b, c] = opened('client', { random: source });
  broken = true;
  for (const connection of [a, b, c]) assert.throws(() => connection.send('lost'), isA(RangeError));
  broken = false;
  for (const connection of [a, b, c, a]) {
    assert.is(connection.transmit(), undefined);
    connection.send('a');
    assert.equal(frames(drain(connection)), ['1 a']);
  }
});

random(
  '5.4 while keys for a long message are drawn, send and ping throw on its connection, even if unused keys remain',
  () => {
    const refused: unknown[] = [];
    let draws = 0;
    const source = (bytes: Uint8Array): void => {
      bytes.fill(0);
      // The first draw is for 'x', which leaves 2,047 keys.
      if (++draws !== 2) return;
      for (const call of [() => a.ping('p'), () => a.sendFragment('f', false), () => a.send('s')]) {
        try {
          call();
        } catch (error) {
          refused.push(error instanceof StateError && error.rule);
        }
      }
    };
    const [a] = opened('client', { random: source, fragmentSize: 1 });
    a.send('x');
    a.send(new Uint8Array(3000));
    assert.equal(refused, Array(3).fill('random-reentered'));
    const { frames: sent } = decodeFrames(a.transmit() ?? new Uint8Array(0));
    assert.is(sent.length, 3001);
    assert.equal([...new Set(sent.slice(2).map(({ opcode }) => opcode))], [0]);
    assert.is(a.state, 'open');
  },
);

random.run();
