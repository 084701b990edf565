/** Two connections that talk, in every runtime: sizes, fragments, pings, the closing handshake, and texts that are none. */
import { Connection, type ConnectionEvent, type Role } from '../../src/index.ts';
import { byteByByte, type Cut, cutRandomly, Pair } from '../pair.ts';
import { decodeFrames, encodeFrame } from '../reference.ts';
import { drain, equalBytes, hex, join, summarize, toHex, ZEROS } from '../support.ts';
import { type Expectation, same } from './expectation.ts';

const ROLES: readonly Role[] = ['client', 'server'];

/** Around each length at which something else happens: the header, a kernel, the scratch, a block, a limit of the host's. */
const SIZES = [
  ...[0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 125, 126, 127, 128, 191, 192, 193, 1023, 1024, 4095, 4096, 4097],
  ...[16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 100_000],
];

const bytesOf = (length: number): Uint8Array => new Uint8Array(length).map((_, i) => (i * 31 + (i >> 8)) & 0xff);

/** ASCII, Latin, and characters of one to four bytes together. */
const ALPHABETS = ['a', 'é', 'aé漢🐯\u0000\u{10ffff}\ufeff'];

/** Both ends of an open connection; what arrives at one is what `from` sends. */
function exchange(from: Role, send: (connection: Connection) => void, cut: Cut): ConnectionEvent[] {
  const pair = new Pair({ opened: true, client: { heartbeat: false }, server: { heartbeat: false } });
  pair.cut = cut;
  pair.run();
  send(pair[from].connection);
  pair.run();
  return pair[from === 'client' ? 'server' : 'client'].events.slice(1);
}

const WHOLE: Cut = (bytes) => [bytes];

const WAYS: readonly [name: string, cut: Cut][] = [
  ['whole', WHOLE],
  ['in pieces', cutRandomly(5000)],
  ['byte by byte', (bytes) => (bytes.length > 5000 ? cutRandomly(700)(bytes, () => 0.3) : byteByByte(bytes, () => 0))],
];

/** What two ends say to each other. */
export const EXCHANGES: readonly Expectation[] = ROLES.flatMap((role): Expectation[] => [
  {
    name: `5.2 bytes of every size class arrive (from the ${role})`,
    slow: true,
    run() {
      for (const size of SIZES) {
        const data = bytesOf(size);
        for (const [name, cut] of WAYS) {
          const [event, ...more] = exchange(role, (connection) => connection.send(data), cut);
          if (event?.type !== 'binary') throw new Error(`${size}, ${name}: ${event?.type}`);
          equalBytes(event.data, data, `${size} bytes, ${name}`);
          same(more, []);
        }
        equalBytes(data, bytesOf(size), 'what the application lent');
      }
    },
  },
  {
    name: `5.6 texts of every size class and character arrive (from the ${role})`,
    slow: true,
    run() {
      for (const alphabet of ALPHABETS) {
        for (const size of SIZES.filter((size) => size <= 20_000)) {
          const text = alphabet.repeat(Math.ceil(size / alphabet.length));
          for (const [name, cut] of WAYS.slice(0, 2)) {
            const [event, ...more] = exchange(role, (connection) => connection.send(text), cut);
            const arrived = event?.type === 'text' && event.data === text;
            same([arrived, more], [true, []], `${alphabet}, ${size}, ${name}`);
          }
        }
      }
    },
  },
  {
    name: `8.1 lone surrogates are sent as U+FFFD (by the ${role})`,
    run() {
      for (const before of ['', 'x'.repeat(40), 'é'.repeat(9000)]) {
        const events = exchange(role, (connection) => connection.send(`${before}\ud800 \udc00`), WHOLE);
        same(events.map(summarize), [['text', `${before}\ufffd \ufffd`]]);
      }
    },
  },
  {
    name: `5.4 fragments, cut inside of a character, with control frames between them (from the ${role})`,
    run() {
      for (const [, cut] of WAYS) {
        const events = exchange(
          role,
          (connection) => {
            connection.sendFragment('a\ud83d', false);
            connection.ping('1');
            connection.sendFragment('', false);
            connection.pong('2');
            connection.sendFragment('\udc2f!', true);
            connection.sendFragment(Uint8Array.of(1, 2), false);
            connection.sendFragment(Uint8Array.of(3), true);
          },
          cut,
        );
        same(events.map(summarize), [
          ['ping', '31'],
          ['pong', '32'],
          ['text', 'a🐯!'],
          ['binary', '01 02 03'],
        ]);
      }
    },
  },
  {
    name: `5.5.2 a Ping frame is answered before the next frames of its chunk, and after our own Close frame (by the ${role})`,
    run() {
      const key = role === 'server' ? { key: [0, 0, 0, 0] } : {};
      const [ping, text] = [
        encodeFrame({ opcode: 9, payload: Uint8Array.of(0x61), ...key }),
        encodeFrame({ opcode: 1, payload: Uint8Array.of(0x62), ...key }),
      ];
      const connection = Connection.opened(role, {}, { random: ZEROS, heartbeat: false });
      for (const event of connection.receive(join([ping, text, ping, ping]))) {
        if (event.type === 'text') connection.send(event.data);
      }
      connection.close(1000);
      for (const _ of connection.receive(join([ping, text, ping])));
      const { frames } = decodeFrames(drain(connection));
      same(
        frames.map(({ opcode }) => opcode),
        [10, 1, 10, 10, 8, 10, 10],
      );
    },
  },
  {
    name: `5.5.2 a Ping frame is answered with its payload (by the ${role})`,
    run() {
      for (const payload of ['', 'x', 'x'.repeat(125)]) {
        const pair = new Pair({ opened: true }).run();
        pair[role === 'client' ? 'server' : 'client'].connection.ping(payload);
        pair.run();
        const { frames } = decodeFrames(join(pair[role].out.written));
        same(
          frames.map(({ opcode, payload }) => [opcode, payload.length]),
          [[10, payload.length]],
        );
      }
    },
  },
  {
    name: `7.1 the closing handshake, begun by the ${role}, with code and reason`,
    run() {
      const pair = new Pair({ opened: true }).run();
      pair[role].connection.close(4001, 'genug für heute');
      pair.run();
      for (const end of [pair.client, pair.server]) {
        const last = end.events.at(-1);
        same(last?.type === 'end' && [last.clean, end.connection.state], [true, 'closed'], end.role);
      }
      const other = role === 'client' ? pair.server : pair.client;
      same(other.events.map(summarize).at(-2), ['close', 4001, 'genug für heute']);
    },
  },
  {
    name: `5.3 frames of the ${role} are ${role === 'client' ? 'each masked with a key of their own' : 'not masked'}`,
    run() {
      const pair = new Pair({ opened: true }).run();
      for (let i = 0; i < 20; i++) pair[role].connection.send('Hello');
      pair.run();
      const { frames } = decodeFrames(join(pair[role].out.written));
      const keys = new Set(frames.map(({ key }) => key?.join()));
      same([frames.length, keys.size, keys.has(undefined)], [20, role === 'client' ? 20 : 1, role === 'server']);
    },
  },
  {
    name: `8.1 a text fails at its first impossible byte, wherever that is (at the ${role})`,
    run() {
      const [mask, key] = role === 'server' ? ([0x80, [0, 0, 0, 0]] as const) : ([0, []] as const);
      for (const bad of ['80', 'c0 af', 'ed a0 80', 'f4 90 80 80', 'ff', 'e2 28']) {
        for (const before of [0, 1, 15, 63, 64, 65, 1000, 16_384, 20_000]) {
          const broken = hex(bad);
          const first = bad === 'e2 28' || bad === 'ed a0 80' || bad === 'f4 90 80 80' ? 1 : 0;
          const length = before + broken.length;
          const size = length < 126 ? [mask | length] : [mask | 126, length >> 8, length & 255];
          const connection = Connection.opened(role, {}, { random: ZEROS });
          connection.poll();
          const head = [0x81, ...size, ...key];
          const [event] = connection.receive(join([Uint8Array.from(head), new Uint8Array(before).fill(0x61), broken]));
          same(
            event && summarize(event),
            ['fail', 'invalid-utf8', head.length + before + first],
            `${toHex(broken)} behind ${before} bytes`,
          );
        }
      }
    },
  },
]);
