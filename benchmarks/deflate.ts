/**
 * Compressing and decompressing messages with context takeover, beside the permessage-deflate of ws in the same process:
 * the same messages, level 6, a window of 2^15 bytes, memLevel 8. The native engine and pako, each behind core's transform.
 *
 * ws compresses asynchronously and one message of a connection at a time, so it is given the next when it is ready.
 * Subjects take turns; ratios are taken turn by turn.
 */
import { createRequire } from 'node:module';
import { type DeflateEngine, type MessageTransform, permessageDeflate } from '@sockless/core/deflate';
import { pako } from '@sockless/deflate';
import { zlib } from '@sockless/node';

interface WsDeflate {
  accept(offers: object[]): unknown;
  compress(data: Buffer, fin: boolean, done: (error: Error | null, data: Buffer) => void): void;
  decompress(data: Uint8Array, fin: boolean, done: (error: Error | null, data: Buffer) => void): void;
  cleanup(): void;
}
const require = createRequire(import.meta.url);
const { PerMessageDeflate } = require('ws') as { PerMessageDeflate: new (options: object) => WsDeflate };

const TURNS = 9;
const OPTIONS = { level: 6, memLevel: 8, threshold: 0, serverMaxWindowBits: 15 };

console.log('case              zlib × ws (low - high)    pako × ws (low - high)     bytes: zlib   pako     ws');
for (const [name, size, count] of [
  ['64 B', 64, 2000],
  ['1 KiB', 1024, 600],
  ['64 KiB', 65_536, 25],
] as const) {
  const messages = Array.from({ length: count }, (_, index) => json(index, size));
  const times = { deflate: [[], [], []] as number[][], inflate: [[], [], []] as number[][] };
  let sizes: number[] = [];
  for (let turn = -2; turn < TURNS; turn++) {
    const results = [ours(zlib, messages), ours(pako, messages), await theirs(messages)];
    sizes = results.map((result) => result.bytes);
    if (turn < 0) continue;
    for (const [subject, result] of results.entries()) {
      times.deflate[subject]?.push(result.deflate);
      times.inflate[subject]?.push(result.inflate);
    }
  }
  for (const [kind, [native = [], portable = [], ws = []]] of Object.entries(times)) {
    const cells = [ratio(native, ws), ratio(portable, ws)].join('  ');
    console.log(
      `${`${kind} ${name}`.padEnd(17)} ${cells}   ${sizes.map((bytes) => String(bytes).padStart(7)).join('')}`,
    );
  }
}

/** A message as an application sends them: JSON whose keys recur and whose values vary. */
function json(index: number, size: number): Buffer {
  let text = `{"id":${index},"at":${1_700_000_000 + index * 37}`;
  for (let n = 0; text.length < size - 2; n++)
    text += `,"name${n % 7}":"value ${(index * 7919 + n * 104_729) % 10_007}"`;
  return Buffer.from(`${text.slice(0, size - 1)}}`);
}

interface Result {
  deflate: number;
  inflate: number;
  bytes: number;
}

function transforms(engine: DeflateEngine): { server: MessageTransform; client: MessageTransform } {
  const extension = permessageDeflate(engine, OPTIONS);
  const accepted = extension.accept(extension.offer());
  const confirmed = accepted && extension.confirm([accepted.extension]);
  if (accepted === undefined || confirmed === undefined) throw new Error('not negotiated');
  return { server: accepted.transform, client: confirmed.transform };
}

function ours(engine: DeflateEngine, messages: readonly Buffer[]): Result {
  const { server, client } = transforms(engine);
  const start = process.hrtime.bigint();
  const compressed = messages.map((message) => server.compress(message, true).slice());
  const middle = process.hrtime.bigint();
  let length = 0;
  for (const message of compressed) {
    client.write(message);
    const pieces: Uint8Array[] = [];
    while (!client.drained) pieces.push((client.read() ?? new Uint8Array(0)).slice());
    client.finish();
    length += pieces.reduce((sum, piece) => sum + piece.length, 0);
  }
  const end = process.hrtime.bigint();
  server.close();
  client.close();
  return result(messages, compressed, length, Number(middle - start), Number(end - middle));
}

async function theirs(messages: readonly Buffer[]): Promise<Result> {
  const options = { threshold: 0, serverMaxWindowBits: 15, zlibDeflateOptions: { level: 6, memLevel: 8 } };
  const server = new PerMessageDeflate({ ...options, isServer: true });
  const client = new PerMessageDeflate({ ...options, isServer: false });
  server.accept([{}]);
  client.accept([{}]);
  const start = process.hrtime.bigint();
  const compressed: Buffer[] = [];
  for (const message of messages) {
    compressed.push(await new Promise((resolve) => server.compress(message, true, (_, data) => resolve(data))));
  }
  const middle = process.hrtime.bigint();
  let length = 0;
  for (const message of compressed) {
    length += (await new Promise<Buffer>((resolve) => client.decompress(message, true, (_, data) => resolve(data))))
      .length;
  }
  const end = process.hrtime.bigint();
  server.cleanup();
  client.cleanup();
  return result(messages, compressed, length, Number(middle - start), Number(end - middle));
}

function result(
  messages: readonly Buffer[],
  compressed: readonly Uint8Array[],
  length: number,
  deflate: number,
  inflate: number,
): Result {
  const sum = (list: readonly Uint8Array[]): number => list.reduce((total, item) => total + item.length, 0);
  if (length !== sum(messages)) throw new Error(`${length} bytes came back of ${sum(messages)}`);
  return { deflate, inflate, bytes: sum(compressed) };
}

function ratio(subject: readonly number[], ws: readonly number[]): string {
  const ratios = subject.map((time, turn) => (ws[turn] ?? 0) / time).sort((a, b) => a - b);
  const [low = 0, middle = 0, high = 0] = [ratios[0], ratios[ratios.length >> 1], ratios.at(-1)];
  return `${`${middle.toFixed(1)} ×`.padStart(8)} ${`(${low.toFixed(1)} - ${high.toFixed(1)})`.padEnd(16)}`;
}
