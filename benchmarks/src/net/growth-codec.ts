/** Decoding messages of growing size, in a process of its own: `Connection` of sockless, or the Receiver of ws. */
import { createRequire } from 'node:module';
import { ours } from '../ours.ts';
import { answerQuestions } from './answers.ts';
import { frameHead } from './frames.ts';

/** What grows: the payload of one frame, the fragments of one message, or the number of one-byte chunks. */
export type Growing = 'bytes' | 'fragments' | 'chunks';

/** Asks to decode one message repeatedly. */
export interface CodecQuestion {
  readonly subject: 'sockless' | 'ws';
  readonly growing: Growing;
  readonly size: number;
  /** The longest duration, unless a single message takes longer. */
  readonly milliseconds: number;
}

/** The median cost of a message. */
export interface CodecAnswer {
  readonly nanoseconds: number;
}

/** Decodes chunks and returns the length of their message. */
type Decode = (chunks: readonly Buffer[]) => number;

/** Receiver is not a public export of ws, but it is the part that decodes. */
interface WsReceiver {
  on(event: 'message', listener: (data: Buffer) => void): void;
  write(chunk: Buffer): void;
}

const CHUNK = 65_536;
const FRAGMENT = 16;
const KEY = [0x37, 0xfa, 0x21, 0x3d];

const { Connection } = await ours('core');
const require = createRequire(import.meta.url);
const { Receiver } = require('ws') as { Receiver: new (options: object) => WsReceiver };

answerQuestions({}, ({ subject, growing, size, milliseconds }: CodecQuestion): CodecAnswer => {
  const decode = subject === 'sockless' ? sockless() : ws();
  const source = growing === 'fragments' ? fragmented(size) : masked(2, true, size);
  const length = growing === 'fragments' ? size * FRAGMENT : size;
  const run = (): number => {
    const chunks = cut(Buffer.from(source), growing === 'chunks' ? 1 : CHUNK);
    const start = process.hrtime.bigint();
    const decoded = decode(chunks);
    const time = Number(process.hrtime.bigint() - start);
    if (decoded !== length) throw new Error(`${subject}: ${decoded} bytes of ${length} were decoded`);
    return time;
  };
  const deadline = performance.now() + milliseconds;
  const warm = performance.now() + milliseconds / 4;
  let times = [run()];
  while (performance.now() < warm) run();
  if (performance.now() < deadline) times = [];
  while (performance.now() < deadline) times.push(run());
  return { nanoseconds: times.sort((a, b) => a - b)[times.length >> 1] as number };
});

function sockless(): Decode {
  const connection = Connection.opened('server', {}, { maxMessageSize: Infinity });
  connection.poll();
  return (chunks) => {
    let length = 0;
    for (const chunk of chunks) {
      connection.receive(chunk);
      for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
        if (event.type === 'binary') length += event.data.length;
      }
    }
    return length;
  };
}

function ws(): Decode {
  const receiver = new Receiver({ isServer: true, maxPayload: 0, allowSynchronousEvents: true });
  let length = 0;
  receiver.on('message', (data) => {
    length += data.length;
  });
  return (chunks) => {
    length = 0;
    for (const chunk of chunks) receiver.write(chunk);
    return length;
  };
}

/** Returns a frame with a payload of zeros. */
function masked(opcode: number, final: boolean, size: number): Buffer {
  const head = frameHead(opcode, size, true, final);
  return Buffer.concat([head, Buffer.from(KEY), Buffer.alloc(size, Buffer.from(KEY))]);
}

function fragmented(count: number): Buffer {
  const frames = Array.from({ length: count }, (_, at) => masked(at === 0 ? 2 : 0, at === count - 1, FRAGMENT));
  return Buffer.concat(frames);
}

function cut(bytes: Buffer, length: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(bytes.subarray(at, at + length));
  return pieces;
}
