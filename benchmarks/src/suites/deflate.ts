/**
 * Compressing and decompressing messages with context takeover (RFC 7692): the same messages for all subjects, level 6, a
 * window of 2^15 bytes, memLevel 8. ws is asynchronous and compresses one message of a connection at a time, so it receives
 * the next when it is ready.
 */
import { KIB, sizeName } from '../codec/inputs.ts';
import { absent, loadWs, type WsDeflate } from '../codec/peers.ts';
import { type Contestant, codecSuite, type Task } from '../codec/task.ts';
import { ours } from '../ours.ts';
import type { Case } from '../suite.ts';

type Engine = typeof import('@sockless/deflate')['pako'];
type Transform = import('@sockless/core/deflate').MessageTransform;

interface DeflateCase extends Case {
  readonly inflate: boolean;
  readonly size: number;
  /** Messages in a round. The context is taken over from one to the next. */
  readonly count: number;
}

/** One library; each round uses a fresh compressor or decompressor. */
interface Library {
  deflater(): Worker;
  inflater(): Worker;
}

interface Worker {
  /** Processes all messages, one after the other, and returns the length of the output. */
  run(messages: readonly Buffer[]): number | Promise<number>;
  end(): void;
}

const OPTIONS = { level: 6, memLevel: 8, threshold: 0, serverMaxWindowBits: 15 };
const SIZES: readonly (readonly [size: number, count: number])[] = [
  [64, 1000],
  [KIB, 300],
  [64 * KIB, 20],
];

const cases: readonly DeflateCase[] = [false, true].flatMap((inflate) =>
  SIZES.map(([size, count]) => ({
    name: `${inflate ? 'inflate' : 'deflate'} ${sizeName(size)}`,
    inflate,
    size,
    count,
  })),
);

/** Node's own zlib in @sockless/node; pako for other engines. */
export const contestants: readonly Contestant[] = [
  { name: 'sockless', load: async () => maker(await sockless((await ours('node')).zlib)) },
  { name: 'sockless, pako', load: async () => maker(await sockless((await ours('deflate')).pako)) },
  { name: 'ws', missing: absent('ws'), load: () => Promise.resolve(maker(ws())) },
];

export const suite = codecSuite({
  url: import.meta.url,
  name: 'deflate',
  title: 'Compressing and decompressing JSON, message by message, with context takeover; without frames',
  unit: 'ns/message',
  cases,
  contestants,
});

function maker(library: Library): (name: string) => Promise<Task> | undefined {
  return (name) => {
    const found = cases.find((each) => each.name === name);
    return found && task(found, library);
  };
}

async function task({ inflate, size, count }: DeflateCase, library: Library): Promise<Task> {
  const plain = Array.from({ length: count }, (_, index) => json(index, size));
  const messages = inflate ? await compressed(plain) : plain;
  let worker: Worker | undefined;
  let expected = plain.reduce((sum, message) => sum + message.length, 0);
  if (!inflate) {
    // Libraries may compress differently, but each must produce the same length every time.
    const once = library.deflater();
    expected = await once.run(plain);
    once.end();
  }
  return {
    operations: count,
    most: 1,
    prepare() {
      worker?.end();
      worker = inflate ? library.inflater() : library.deflater();
    },
    run: async () => ((await worker?.run(messages)) === expected ? count : Number.NaN),
  };
}

/** The messages for all libraries. */
async function compressed(plain: readonly Buffer[]): Promise<Buffer[]> {
  const { server, client } = await transforms((await ours('node')).zlib);
  const messages = plain.map((message) => Buffer.from(server.compress(message, true)));
  server.close();
  client.close();
  return messages;
}

/** Returns a typical message of an application: JSON whose keys recur and whose values vary. */
function json(index: number, size: number): Buffer {
  let text = `{"id":${index},"at":${1_700_000_000 + index * 37}`;
  for (let n = 0; text.length < size - 2; n++)
    text += `,"name${n % 7}":"value ${(index * 7919 + n * 104_729) % 10_007}"`;
  return Buffer.from(`${text.slice(0, size - 1)}}`);
}

async function transforms(engine: Engine): Promise<{ server: Transform; client: Transform }> {
  const { permessageDeflate } = await ours('core/deflate');
  return negotiated(permessageDeflate(engine, OPTIONS));
}

function negotiated(extension: ReturnType<typeof import('@sockless/core/deflate')['permessageDeflate']>): {
  server: Transform;
  client: Transform;
} {
  const accepted = extension.accept(extension.offer());
  const confirmed = accepted && extension.confirm([accepted.extension]);
  if (accepted === undefined || confirmed === undefined) throw new Error('not negotiated');
  return { server: accepted.transform, client: confirmed.transform };
}

async function sockless(engine: Engine): Promise<Library> {
  const { permessageDeflate } = await ours('core/deflate');
  const worker = (run: (pair: { server: Transform; client: Transform }, message: Buffer) => number): Worker => {
    const pair = negotiated(permessageDeflate(engine, OPTIONS));
    return {
      run: (messages) => messages.reduce((length, message) => length + run(pair, message), 0),
      end() {
        pair.server.close();
        pair.client.close();
      },
    };
  };
  return {
    deflater: () => worker(({ server }, message) => server.compress(message, true).length),
    inflater: () => worker(({ client }, message) => decompress(client, message)),
  };
}

function decompress(client: Transform, message: Buffer): number {
  client.write(message);
  let length = 0;
  while (!client.drained) length += client.read()?.length ?? 0;
  client.finish();
  return length;
}

function ws(): Library {
  const { PerMessageDeflate } = loadWs();
  const options = { threshold: 0, serverMaxWindowBits: 15, zlibDeflateOptions: { level: 6, memLevel: 8 } };
  const worker = (isServer: boolean, work: (deflate: WsDeflate, message: Buffer) => Promise<Buffer>): Worker => {
    const deflate = new PerMessageDeflate({ ...options, isServer });
    deflate.accept([{}]);
    return {
      async run(messages) {
        let length = 0;
        for (const message of messages) length += (await work(deflate, message)).length;
        return length;
      },
      end: () => deflate.cleanup(),
    };
  };
  return {
    deflater: () =>
      worker(
        true,
        (deflate, message) => new Promise((done) => deflate.compress(message, true, (_, data) => done(data))),
      ),
    inflater: () =>
      worker(
        false,
        (deflate, message) => new Promise((done) => deflate.decompress(message, true, (_, data) => done(data))),
      ),
  };
}
