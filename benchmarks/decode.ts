/**
 * Decoding at the public surface, beside the Receiver of ws in the same process: masked frames, many in a 64 KiB chunk.
 *
 * Both get a fresh copy of the same bytes in every round, because both unmask in place, and both end at the value that an
 * application works with: a string for text. The two take turns, and the ratio is taken turn by turn: these machines are
 * noisy, so the times alone say little.
 */
import { createRequire } from 'node:module';
import { Connection, type ConnectionEvent } from '@sockless/core';

/** The Receiver is no public export of ws, but the part that does what is measured here. */
interface WsReceiver {
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void;
  write(chunk: Buffer): void;
}
const require = createRequire(import.meta.url);
const { Receiver } = require('ws') as { Receiver: new (options: object) => WsReceiver };

const CHUNK_SIZE = 65_536;
const TURNS = 15;
const BYTES_A_TURN = 8 * 1024 * 1024;

const cases = [16, 125, 1024, 16_384].flatMap((size) => [
  { name: `text ${size} B`, opcode: 0x1, size },
  { name: `binary ${size} B`, opcode: 0x2, size },
]);

console.log('case             sockless        ws    ratio (low - high)');
for (const { name, opcode, size } of cases) {
  const { chunk, count } = coalesced(opcode, size);
  const rounds = Math.max(1, Math.round(BYTES_A_TURN / chunk.length));
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let turn = -3; turn < TURNS; turn++) {
    const [a, b] = [sockless(chunk, rounds) / count, ws(chunk, rounds) / count];
    // The first turns let the engine compile.
    if (turn >= 0) {
      ours.push(a);
      theirs.push(b);
    }
  }
  const ratios = ours.map((time, turn) => (theirs[turn] ?? 0) / time);
  const ns = (times: number[]): string => `${median(times).toFixed(0)} ns`.padStart(9);
  const spread = `(${Math.min(...ratios).toFixed(1)} - ${Math.max(...ratios).toFixed(1)})`;
  console.log(`${name.padEnd(16)}${ns(ours)} ${ns(theirs)}   ${median(ratios).toFixed(2)} × ${spread}`);
}

/** As many masked frames with `size` bytes of lower-case letters as fit into a chunk. */
function coalesced(opcode: number, size: number): { chunk: Buffer; count: number } {
  const frames: number[][] = [];
  const head = size < 126 ? [0x80 | size] : [0x80 | 126, size >> 8, size & 0xff];
  for (let length = 0; length + size < CHUNK_SIZE; length += size + head.length + 5) {
    const key = [frames.length & 0xff, 7, 99, 200];
    const payload = Array.from({ length: size }, (_, i) => (97 + (i % 26)) ^ (key[i & 3] ?? 0));
    frames.push([0x80 | opcode, ...head, ...key, ...payload]);
  }
  return { chunk: Buffer.from(frames.flat()), count: frames.length };
}

/** Nanoseconds a chunk. */
function sockless(source: Buffer, rounds: number): number {
  const connection = Connection.opened('server');
  connection.poll();
  let length = 0;
  return timed(rounds, () => {
    connection.receive(Buffer.from(source));
    for (let event = connection.poll(); event !== undefined; event = connection.poll()) length += lengthOf(event);
    return length;
  });
}

function lengthOf(event: ConnectionEvent): number {
  return event.type === 'text' || event.type === 'binary' ? event.data.length : 0;
}

/** Nanoseconds a chunk. */
function ws(source: Buffer, rounds: number): number {
  const receiver = new Receiver({ isServer: true, maxPayload: 0, allowSynchronousEvents: true });
  let length = 0;
  receiver.on('message', (data, isBinary) => {
    length += isBinary ? data.length : data.toString().length;
  });
  return timed(rounds, () => {
    receiver.write(Buffer.from(source));
    return length;
  });
}

/** Nanoseconds a call. */
function timed(rounds: number, call: () => number): number {
  const start = process.hrtime.bigint();
  let result = 0;
  for (let round = 0; round < rounds; round++) result = call();
  if (!(result > 0)) throw new Error('nothing was decoded');
  return Number(process.hrtime.bigint() - start) / rounds;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
