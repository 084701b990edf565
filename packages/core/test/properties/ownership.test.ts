/** Bytes that were given to `send` are the application's again when it returns, whatever it does with them then. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { DeflateTransform } from '../../src/deflate/index.ts';
import { Connection, type ConnectionOptions } from '../../src/index.ts';
import { PLAIN } from '../deflate/tools.ts';
import { decodeFrames } from '../reference.ts';
import { join, toHex, ZEROS } from '../support.ts';
import { check } from './check.ts';

const ownership = suite('properties/ownership');

/** Kinds of memory that an application has its bytes in. */
const MEMORY = {
  plain: (length: number) => new Uint8Array(length),
  part: (length: number) => new Uint8Array(new ArrayBuffer(length + 9), 5, length),
  buffer: (length: number) => Buffer.alloc(length),
  subclass: (length: number) => new (class extends Uint8Array {})(length),
  resizable: (length: number) => new Uint8Array(new ArrayBuffer(length, { maxByteLength: 2 * length + 1 })),
  shared: (length: number) => new Uint8Array(new SharedArrayBuffer(length)),
};

/** What an application does to its bytes. */
const DEEDS = {
  nothing: () => undefined,
  overwrite: (bytes: Uint8Array) => bytes.fill(0xff),
  transfer: ({ buffer }: Uint8Array) => {
    if (buffer instanceof ArrayBuffer) structuredClone(buffer, { transfer: [buffer] });
  },
  shrink: ({ buffer }: Uint8Array) => {
    if (buffer instanceof ArrayBuffer && buffer.resizable) buffer.resize(buffer.byteLength >> 1);
  },
  grow: ({ buffer }: Uint8Array) => {
    if (buffer instanceof ArrayBuffer && buffer.resizable) buffer.resize(buffer.maxByteLength);
  },
};

const name = <T extends object>(of: T): fc.Arbitrary<keyof T> => fc.constantFrom(...(Object.keys(of) as (keyof T)[]));

const program = fc.record({
  role: fc.constantFrom('client' as const, 'server' as const),
  compressed: fc.boolean(),
  fragmentSize: fc.constantFrom(5, 1000, 5000, Infinity),
  steps: fc.array(
    fc.record({
      memory: name(MEMORY),
      deed: name(DEEDS),
      length: fc.oneof(fc.nat(200), fc.constantFrom(4095, 4096, 5000, 20_000, 70_000, 100_000)),
      fragment: fc.boolean(),
      lend: fc.boolean(),
      /** The most that the transport takes behind it, at once and in all. */
      max: fc.constantFrom(1, 100, 4096, Infinity),
      room: fc.constantFrom(0, 3, 1000, 100_000, Infinity),
      /** Whether the transport takes them with `transmitInto`. */
      into: fc.boolean(),
    }),
    { maxLength: 8 },
  ),
});

type Program = typeof program extends fc.Arbitrary<infer T> ? T : never;

/**
 * Runs a program, and returns what the transport got.
 *
 * @param loans what becomes of `lend`: it is left out, or the loan lasts, or it ends when the transport has taken some bytes
 * @param does whether anything is done to the bytes, as soon as they may be the application's again
 */
function run(
  { role, compressed, fragmentSize, steps }: Program,
  loans: 'none' | 'last' | 'end',
  does: boolean,
): { got: Uint8Array; connection: Connection } {
  const options: ConnectionOptions = { heartbeat: false, random: ZEROS, fragmentSize, maxQueuedBytes: Infinity };
  const how = { level: 6, memLevel: 8, threshold: 0 };
  const negotiated = compressed ? { transform: new DeflateTransform(role, PLAIN, pako, how) } : {};
  const connection = Connection.opened(role, negotiated, options);
  const parts: Uint8Array[] = [];
  const next = (most: number, into: boolean): Uint8Array | undefined => {
    if (!into) return connection.transmit(undefined, most);
    const memory = new Uint8Array(Math.min(most, 50_000));
    const length = connection.transmitInto(memory);
    return length === 0 ? undefined : memory.subarray(0, length);
  };
  const take = (room: number, max: number, into: boolean): void => {
    for (let left = room; left > 0; ) {
      const part = next(Math.min(left, max), into);
      if (part === undefined) return;
      // The transport reads what it was given at once.
      parts.push(part.slice());
      left -= part.length;
    }
  };
  for (const { memory, deed, length, fragment, lend, max, room, into } of steps) {
    if (connection.state !== 'open') break;
    const bytes = MEMORY[memory](length);
    for (let at = 0; at < length; at++) bytes[at] = (at * 31 + length) & 0xff;
    const how = { lend: loans !== 'none' && lend };
    if (fragment) {
      connection.sendFragment(bytes, false, how);
      connection.sendFragment(bytes, true, how);
    } else connection.send(bytes, how);
    if (does && loans !== 'end') DEEDS[deed](bytes);
    take(room, max, into);
    if (loans === 'end') connection.endLoans();
    if (does && loans === 'end') DEEDS[deed](bytes);
  }
  take(Infinity, Infinity, false);
  return { got: join(parts), connection };
}

for (const [when, loans] of [
  ['bytes after send', 'none'],
  ['lent bytes after endLoans', 'end'],
] as const) {
  ownership(`writing to ${when} never changes what is transmitted`, () => {
    check(
      300,
      fc.property(program, (steps) => {
        const touched = run(steps, loans, true);
        assert.is(toHex(touched.got), toHex(run(steps, 'none', false).got));
        assert.is(touched.connection.state, 'open');
      }),
    );
  });
}

ownership('the peer receives whole frames or the end, no matter how lent bytes are changed', () => {
  check(
    300,
    fc.property(program, (steps) => {
      const { got, connection } = run(steps, 'last', true);
      const { rest } = decodeFrames(got);
      if (connection.transport !== 'destroy') assert.is(rest, 0, 'whole frames');
      const fail = [...connection].find(({ type }) => type === 'fail');
      assert.is(connection.state === 'open', fail === undefined);
      if (fail?.type === 'fail') assert.is(fail.error.rule, 'loan-changed');
    }),
  );
});

ownership.run();
