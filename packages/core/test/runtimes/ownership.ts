/** Whose the bytes are that were received: what is handed out shows nothing but itself, and may be transferred. */
import { Connection, type ConnectionEvent, type ConnectionOptions, type Role } from '../../src/index.ts';
import { encodeFrame } from '../reference.ts';
import { concat, equalBytes, split, splitBytes, summarize, ZEROS } from '../support.ts';
import { type Expectation, same } from './expectation.ts';

/** Takes the memory of bytes away from all other views of it; `undefined` where the engine has no way. */
export const transfer: ((bytes: Uint8Array) => void) | undefined = (() => {
  const { structuredClone } = globalThis as { structuredClone?(value: unknown, options: object): unknown };
  if (structuredClone !== undefined) {
    return ({ buffer }) => void structuredClone(buffer, { transfer: [buffer] });
  }
  const { transfer: way } = ArrayBuffer.prototype as { transfer?(): ArrayBuffer };
  return way && (({ buffer }) => void way.call(buffer));
})();

/** Asserts that bytes are alone in their buffer, and as long as it is, or lie in one of the chunks. */
export function expectAlone(data: Uint8Array, chunks: readonly Uint8Array[], what: string): void {
  const { buffer, byteOffset, length } = data;
  const alone = byteOffset === 0 && buffer.byteLength === length;
  if (alone || chunks.some((chunk) => chunk.buffer === buffer)) return;
  throw new Error(`${what}: ${length} bytes at ${byteOffset} of ${buffer.byteLength} that belong to another owner`);
}

const open = (role: Role, options: ConnectionOptions = {}): Connection => {
  const connection = Connection.opened(role, {}, { heartbeat: false, random: ZEROS, ...options });
  connection.poll();
  return connection;
};

/** A frame as `role` receives it. */
const frame = (role: Role, opcode: number, payload: Uint8Array, fin = true): Uint8Array<ArrayBuffer> =>
  encodeFrame({ opcode, payload, fin, ...(role === 'server' ? { key: [1, 2, 3, 4] } : {}) });

const SIZES = [1, 2, 63, 64, 65, 125, 126, 1000, 1024, 1025, 4095, 4096, 4097, 10_000, 70_000];

const ROLES: readonly Role[] = ['client', 'server'];

/** Returns a message of `size` bytes, in one frame and in three. */
const messages = (role: Role, opcode: number, size: number): Uint8Array<ArrayBuffer>[] => {
  const payload = Uint8Array.from(
    { length: size },
    (_, at) => (opcode === 1 ? [0xe2, 0x82, 0xac][at % 3] : at) as number,
  );
  const [one, two] = [Math.floor(size / 3), Math.ceil((2 * size) / 3)];
  return [
    frame(role, opcode, payload),
    concat(
      frame(role, opcode, payload.subarray(0, one), false),
      frame(role, 0, payload.subarray(one, two), false),
      frame(role, 0, payload.subarray(two)),
    ),
  ];
};

/** Everything that one connection makes of chunks, which it owns from here on. */
function receive(connection: Connection, chunks: readonly Uint8Array[], polled: boolean): ConnectionEvent[] {
  const events: ConnectionEvent[] = [];
  for (const chunk of chunks) {
    connection.receive(chunk);
    if (polled) events.push(...connection);
  }
  events.push(...connection);
  return events;
}

const ALONE: readonly Expectation[] = ROLES.flatMap((role) =>
  (['whole', 'fragments'] as const).map((mode) => ({
    name: `delivered bytes fill a buffer of their own, or lie in their own chunk (${role}, messages: ${mode})`,
    slow: true,
    run() {
      for (const size of SIZES) {
        const control = new Uint8Array(Math.min(size, 125)).map((_, at) => at);
        const streams = [
          ...(mode === 'whole' ? [2] : [1, 2]).flatMap((opcode) => messages(role, opcode, 3 * Math.ceil(size / 3))),
          ...messages(role, 2, size),
          ...[9, 10].map((opcode) => frame(role, opcode, control)),
        ];
        for (const stream of streams) {
          const cuts = [[], [1], [7], [stream.length >> 1], [stream.length - 1], [20, 40, stream.length >> 1]];
          const ways = cuts.filter((cut) => cut.every((at) => at <= stream.length)).map((cut) => split(stream, cut));
          if (stream.length < 5000) ways.push(splitBytes(stream));
          for (const chunks of ways) {
            for (const polled of [true, false]) {
              const copies = chunks.map((chunk) => chunk.slice());
              for (const event of receive(open(role, { messages: mode }), copies, polled)) {
                const what = `${event.type}, ${size} bytes, ${copies.length} chunks`;
                if (!('data' in event) || typeof event.data === 'string') throw new Error(what);
                // Chunks that arrived before the events were polled were joined, in memory of the connection.
                const together = !polled && event.data.buffer.byteLength <= stream.length;
                if (!together) expectAlone(event.data, copies, what);
              }
            }
          }
        }
      }
    },
  })),
);

const A = Uint8Array.of(97);
/** So long that what there is of it stays in its chunk until the rest has come. */
const LONG = new Uint8Array(6000).fill(7);

/** Polls, and transfers the bytes of each event as an application does that posts them to a worker. */
function pollAndTransfer(connection: Connection): ReturnType<typeof summarize>[] {
  const seen: ReturnType<typeof summarize>[] = [];
  for (const event of connection) {
    seen.push(summarize(event));
    if (event.type === 'binary' || event.type === 'fragment') transfer?.(event.data);
  }
  return seen;
}

const TRANSFERRED: readonly Expectation[] = ROLES.flatMap((role): Expectation[] => {
  const text = frame(role, 1, A);
  const binary = frame(role, 2, A);
  const ping = frame(role, 9, A);
  const failed = (offset: number): ReturnType<typeof summarize> => ['fail', 'handler-failed', offset];
  return [
    {
      name: `when a handler transfers bytes with more after them in the chunk, the connection fails with 1011 after correct events (${role})`,
      run() {
        for (const behind of [text, binary, ping, text.subarray(0, 1), text.subarray(0, text.length - 1)]) {
          const connection = open(role);
          connection.receive(concat(text, ping, binary, behind));
          const before = text.length + ping.length + binary.length;
          same(pollAndTransfer(connection), [['text', 'a'], ['ping', '61'], ['binary', '61'], failed(before)]);
          // Nothing is parsed after it.
          same(pollAndTransfer(connection.receive(text.slice())), []);
          const [end] = connection.receiveEnd();
          if (end?.type !== 'end') throw new Error(end?.type);
          same([end.code, end.clean, end.explanation.sent?.code], [1006, false, 1011]);
          same(/handler-failed/.test(end.explanation.summary), true, end.explanation.summary);
        }
      },
    },
    {
      name: `when a handler transfers the last bytes of a chunk, nothing is lost (${role})`,
      run() {
        const connection = open(role);
        for (let round = 0; round < 3; round++) {
          for (const chunk of [
            concat(text, binary),
            ...split(frame(role, 2, LONG), [50, 2000]),
            ...splitBytes(binary),
          ]) {
            const expected = pollAndTransfer(connection.receive(chunk)).filter(([type]) => type === 'fail');
            same(expected, []);
          }
        }
        same(pollAndTransfer(connection.receive(text.slice())), [['text', 'a']]);
      },
    },
    {
      name: `when a handler transfers a fragment with more after it in the chunk, the connection fails with 1011 (${role})`,
      run() {
        const connection = open(role, { messages: 'fragments' });
        const first = frame(role, 2, A, false);
        const last = frame(role, 0, A);
        same(pollAndTransfer(connection.receive(first.slice())), [['fragment', 2, '61', false]]);
        same(pollAndTransfer(connection.receive(last.slice())), [['fragment', 2, '61', true]]);
        const events = pollAndTransfer(connection.receive(concat(first, last)));
        same(events, [['fragment', 2, '61', false], failed(2 * first.length + last.length)]);
      },
    },
    {
      name: `a chunk that the caller transfers before it is parsed, or while its message waits for the rest: 1011 (${role})`,
      run() {
        const unpolled = open(role);
        const chunk = text.slice();
        unpolled.receive(chunk);
        transfer?.(chunk);
        same(unpolled.poll()?.type, 'fail');

        for (const rest of [1, 10, 1000]) {
          const stream = frame(role, 2, LONG);
          const [begin, behind] = split(stream, [stream.length - rest]) as [Uint8Array, Uint8Array];
          const waiting = open(role);
          same(pollAndTransfer(waiting.receive(begin)), []);
          transfer?.(begin);
          const [event] = waiting.receive(behind);
          if (event?.type === 'binary') equalBytes(event.data, LONG, `${rest} bytes behind`);
          else same(event?.type === 'fail' && event.error.rule, 'handler-failed');
        }

        const backlog = open(role);
        const [one, two] = [frame(role, 2, LONG), frame(role, 2, LONG)] as const;
        for (const each of [text.slice(), one, two]) backlog.receive(each);
        transfer?.(one);
        same(pollAndTransfer(backlog), [['text', 'a'], failed(text.length)]);
      },
    },
    {
      name: `a chunk whose memory shrinks before it is parsed: 1011; if it grows nothing is lost (${role})`,
      run() {
        type Resizable = ArrayBuffer & { resize?(length: number): void };
        const memory = new (ArrayBuffer as new (length: number, options: object) => Resizable)(text.length, {
          maxByteLength: 100,
        });
        if (memory.resize === undefined) return;
        for (const [length, expected] of [
          [text.length - 1, 'fail'],
          [100, 'text'],
        ] as const) {
          memory.resize(text.length);
          const chunk = new Uint8Array(memory);
          chunk.set(text);
          const connection = open(role);
          connection.receive(chunk);
          memory.resize(length);
          same(connection.poll()?.type, expected);
        }
      },
    },
  ];
});

/** What holds of the bytes that a connection hands out. */
export const OWNERSHIP: readonly Expectation[] = [...ALONE, ...(transfer === undefined ? [] : TRANSFERRED)];
