// Connections with the same options lend each other receivers and senders that are idle: nothing of it may be seen from outside.
// properties/spare.test.ts compares them with connections that share nothing.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { DeflateTransform } from '../../src/deflate/index.ts';
import { Connection, type ConnectionEvent, type Role, resolveOptions } from '../../src/index.ts';
import { Receiver } from '../../src/receive/receiver.ts';
import { Sender } from '../../src/send/sender.ts';
import { PLAIN } from '../deflate/tools.ts';
import { bufferedBytes, collectGarbage, countObjects, retained } from '../memory.ts';
import { decodeFrames } from '../reference.ts';
import { concat, drain, type Summary, summarize, utf8, ZEROS } from '../support.ts';
import { frames, OFF, opened } from './sharing.ts';
import { FAULT, frame, ROLES, receive } from './tools.ts';

const spare = suite('spare');

const summaries = (events: readonly ConnectionEvent[]): Summary[] => events.map(summarize);

for (const role of ROLES) {
  spare(`idle connections together keep one sender and one receiver (${role})`, () => {
    const options = resolveOptions({ ...OFF, random: ZEROS });
    const [senders, receivers] = [countObjects(Sender), countObjects(Receiver)];
    const connections = Array.from({ length: 20 }, () => Connection.opened(role, {}, options));
    // All are busy at the same time.
    const message = frame(role, 1, 'a');
    for (const connection of connections) {
      receive(connection, message.slice(0, -1));
      connection.send('b');
    }
    assert.equal([countObjects(Sender) - senders, countObjects(Receiver) - receivers], [20, 20]);
    for (const connection of connections) {
      assert.equal(summaries(receive(connection, message.slice(-1))), [['text', 'a']]);
      drain(connection);
      connection.written();
      connection.transmit();
    }
    assert.equal([countObjects(Sender) - senders, countObjects(Receiver) - receivers], [1, 1]);
    assert.is(connections.length, 20);
  });

  spare(`fault offsets count only the connection's own bytes (${role})`, () => {
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

  spare(`transmitted bytes do not change when the sender serves another connection (${role})`, () => {
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

  spare(`a connection that compresses shares neither sender nor receiver (${role})`, () => {
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

  spare(
    `messages stay separate even if the textDecoder of the application uses connections while it decodes (${role})`,
    () => {
      const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
      const texts: string[] = [];
      let inside = 0;
      const decode = (bytes: Uint8Array): string => {
        if (inside++ === 0) {
          for (const other of [b, c, b]) {
            const payload = utf8(`é ${'inside '.repeat(20)}`);
            // Once whole, and once in parts.
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
    },
  );
}

spare('a connection that has ended can be collected as garbage', async () => {
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
    `without calls of \`written\`, connections keep no memory for transmitted bytes (shared options: ${shared})`,
    async () => {
      const resolved = resolveOptions(OFF);
      const text = 'x'.repeat(70_000);
      const use = (): Connection[] => {
        const pair = [0, 1].map(() => Connection.opened('server', {}, shared ? resolved : { ...OFF }));
        for (const connection of pair) {
          connection.poll();
          connection.send(text);
        }
        for (const connection of pair) drain(connection);
        return pair;
      };
      const [grown, kept] = await retained(() => Array.from({ length: 60 }, use).flat(), bufferedBytes);
      assert.ok(grown < 1_000_000, `${grown} bytes for ${kept.length} connections`);
    },
  );
}

spare('connections that have negotiated nothing share one frozen open event', () => {
  const events = [1, 2].map(() => Connection.opened('server').poll());
  assert.equal(events[0], { type: 'open', subprotocol: '', extensions: [], headers: [] });
  assert.is(events[0], events[1]);
  assert.ok(Object.isFrozen(events[0]));
});

spare('a connection that has ended releases its incomplete message', async () => {
  const resolved = resolveOptions({ ...OFF, maxMessageSize: 8_000_000 });
  const use = (): void => {
    const connection = Connection.opened('server', {}, resolved);
    connection.poll();
    assert.equal(summaries(receive(connection, frame('server', 2, 'a'))), [['binary', '61']]);
    const head = Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, 0x5b, 0x8d, 0x80, 0, 0, 0, 0);
    assert.equal(receive(connection, concat(head, new Uint8Array(5_000_000))), []);
    assert.is([...connection.receiveEnd()].at(-1)?.type, 'end');
  };
  const [grown] = await retained(() => {
    use();
    return resolved;
  }, bufferedBytes);
  assert.ok(grown < 1_000_000, `${grown} bytes`);
});

spare.run();
