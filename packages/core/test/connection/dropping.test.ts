// RFC 6455 7.1.7: which messages `reader-too-slow` drops. For each number of bytes that have left, the rest of that frame stays.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { permessageDeflate } from '../../src/deflate/index.ts';
import { Connection, type ConnectionOptions, Opcode, type Role } from '../../src/index.ts';
import { requestHead } from '../handshake/heads.ts';
import { decodeFrames, type Frame } from '../reference.ts';
import { ascii, drain, equalBytes, join, ZEROS } from '../support.ts';
import { closeFrame, ending, frame, NEVER, opened, ownClose, QUIET, ROLES, receive, sent, types } from './tools.ts';

const test = suite('RFC 6455 7.1.7 dropping');

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
      const all = { ...QUIET, ...options, random: ZEROS };
      return compressed ? negotiated(role, all) : opened(role, all);
    };

    test(`reader-too-slow drops the frames of which no byte has left: ${name} (${role})`, () => {
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

    test(`reader-too-slow while closing keeps the Close frame, which leaves exactly once: ${name} (${role})`, () => {
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

test('a Pong frame held for lack of room survives the first reader-too-slow; if no frame has left since, a second one drops it', () => {
  const server = Connection.server(QUIET);
  receive(server, ascii(requestHead()));
  server.accept();
  const response = server.queuedBytes;
  // 32 answers fit into the 4 KiB that may wait. The last one is held.
  for (let n = 0; n <= 32; n++) receive(server, frame('server', Opcode.Ping, new Uint8Array(125).fill(n)));
  assert.is(server.transmit(0, response)?.length, response);
  server.fail('reader-too-slow', undefined, 0);
  const waiting = server.queuedBytes;
  server.fail('reader-too-slow', undefined, 0);
  assert.is(server.queuedBytes, 19, 'the held answer leaves no byte behind, and the Close frame is whole');
  assert.is(waiting, 127 + 19);
  assert.is(sent(server), ownClose('server', 1013, 'reader-too-slow'));
  assert.is(ending(server).explanation.unsentBytes, 33 * 127);
});

test.run();
