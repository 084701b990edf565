/**
 * A small receiver that is lazy but correct and shares nothing with core: it takes lengths in more bytes than they need, judges UTF-8 when
 * a message is whole, answers only the last Ping frame of a chunk, and accepts close codes that are not assigned. Eight bugs can be
 * planted in it. They have the names of those that packages/conformance plants in its own lazy endpoint.
 */
import type { Bug } from '../../../packages/conformance/test/bugs.ts';
import type { Has, ReceivedEvent, Role } from '../../src/index.ts';

/** The bugs that can be planted, and the rule by which the fuzzer names each. */
export const PLANTED = {
  'masks unchecked': 'unmasked-frame',
  'reserved opcodes accepted': 'reserved-opcode',
  'UTF-8 skipped': 'invalid-utf8',
  'length sign ignored': 'length-sign-bit',
  'fragmented control frame': 'control-fragmented',
  'mask rotation': 'payload',
  'close code unchecked': 'close-code',
  interleaving: 'message-interleaved',
} as const satisfies Partial<Record<Bug, string>>;

export type Planted = keyof typeof PLANTED;

/** What it does that is correct but different. */
export const HAS: Has = { lateUtf8: true, mergedPongs: true, longLengths: true, unassignedCodes: true };

/** Longer messages are refused. */
const LIMIT = 2 ** 20;

class Failure extends Error {
  readonly code: number;

  constructor(code: number, options?: ErrorOptions) {
    super(`failed with ${code}`, options);
    this.code = code;
  }
}

interface Frame {
  readonly opcode: number;
  readonly final: boolean;
  readonly key: Buffer | undefined;
  readonly length: number;
}

export class Receiver {
  readonly events: ReceivedEvent[] = [];
  readonly sent: Buffer[] = [];
  isDone = false;
  readonly #role: Role;
  readonly #bug: Planted | undefined;
  #header = Buffer.alloc(0);
  #frame: Frame | undefined;
  #payload = Buffer.alloc(0);
  #message: { opcode: number; parts: Buffer[]; length: number } | undefined;
  #ping: Buffer | undefined;

  constructor(role: Role, bug?: Planted) {
    this.#role = role;
    this.#bug = bug;
  }

  receive(chunk: Uint8Array): void {
    try {
      for (let rest = Buffer.from(chunk); !this.isDone; ) {
        const used = this.#frame === undefined ? this.#takeHeader(rest) : this.#takePayload(rest, this.#frame);
        if (used === undefined) break;
        rest = rest.subarray(used);
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#finish(['fail', error.code], error.code);
    }
    this.#answer();
  }

  /** Sends a frame; a client masks with zeros. */
  send(opcode: number, payload: Uint8Array): void {
    const { length } = payload;
    const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    head[0] = 128 + opcode;
    head[1] = (this.#role === 'client' ? 128 : 0) + (length < 126 ? length : length < 65_536 ? 126 : 127);
    if (head.length === 4) head.writeUInt16BE(length, 2);
    if (head.length === 10) head.writeUInt32BE(length, 6);
    this.sent.push(Buffer.concat([head, Buffer.alloc(this.#role === 'client' ? 4 : 0), payload]));
  }

  /** Returns the number of bytes that it has used; `undefined` if it needs more. */
  #takeHeader(bytes: Buffer): number | undefined {
    const before = this.#header.length;
    const all = Buffer.concat([this.#header, bytes.subarray(0, 14 - before)]);
    const [first = 0, second = 0] = all;
    const short = second & 127;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const size = 2 + extended + (second > 127 ? 4 : 0);
    if (all.length < 2 || all.length < size) {
      this.#header = all;
      return undefined;
    }
    this.#header = Buffer.alloc(0);
    this.#frame = {
      ...{ opcode: first & 15, final: first > 127 },
      ...{ key: second > 127 ? all.subarray(size - 4, size) : undefined, length: this.#length(all, extended) },
    };
    this.#payload = Buffer.alloc(0);
    this.#check(this.#frame, (first >> 4) & 7, extended);
    return size - before;
  }

  #length(header: Buffer, extended: number): number {
    if (extended === 0) return (header[1] ?? 0) & 127;
    if (extended === 2) return header.readUInt16BE(2);
    const length = header.readBigUInt64BE(2);
    if (length >= 2n ** 63n && this.#bug !== 'length sign ignored') throw new Failure(1002);
    return Number(length % 2n ** 63n);
  }

  #check({ opcode, final, key, length }: Frame, rsv: number, extended: number): void {
    const broken =
      rsv !== 0 ||
      (((opcode > 2 && opcode < 8) || opcode > 10) && this.#bug !== 'reserved opcodes accepted') ||
      ((key !== undefined) !== (this.#role === 'server') && this.#bug !== 'masks unchecked') ||
      (opcode > 7 && !final && this.#bug !== 'fragmented control frame') ||
      (opcode > 7 && extended > 0) ||
      (opcode === 0 && this.#message === undefined) ||
      ((opcode === 1 || opcode === 2) && this.#message !== undefined && this.#bug !== 'interleaving');
    if (broken) throw new Failure(1002);
    if (length + (this.#message?.length ?? 0) > LIMIT) throw new Failure(1009);
  }

  #takePayload(bytes: Buffer, { key, length, ...frame }: Frame): number | undefined {
    const part = Buffer.from(bytes.subarray(0, length - this.#payload.length));
    const phase = this.#bug === 'mask rotation' ? 0 : this.#payload.length;
    for (let i = 0; i < part.length; i++) part[i] = (part[i] ?? 0) ^ (key?.[(phase + i) % 4] ?? 0);
    this.#payload = Buffer.concat([this.#payload, part]);
    if (this.#payload.length < length) return undefined;
    this.#frame = undefined;
    if (frame.opcode === 8) this.#close(this.#payload);
    else if (frame.opcode === 9) this.#ping = this.#payload;
    if (frame.opcode === 9 || frame.opcode === 10)
      this.events.push([frame.opcode === 9 ? 'ping' : 'pong', digits(this.#payload)]);
    if (frame.opcode < 3) this.#data(frame.opcode, this.#payload, frame.final);
    return part.length;
  }

  #data(opcode: number, payload: Buffer, final: boolean): void {
    if (opcode !== 0) this.#message = { opcode, parts: [], length: 0 };
    const message = this.#message;
    if (message === undefined) return;
    message.parts.push(payload);
    message.length += payload.length;
    if (!final) return;
    this.#message = undefined;
    const whole = Buffer.concat(message.parts);
    this.events.push(message.opcode === 1 ? ['text', this.#text(whole)] : ['binary', digits(whole)]);
  }

  #close(payload: Buffer): void {
    if (payload.length === 1) throw new Failure(1002);
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0);
    const isCode = code >= 1000 && code < 5000 && ![1004, 1005, 1006, 1015].includes(code);
    if (payload.length > 0 && !isCode && this.#bug !== 'close code unchecked') throw new Failure(1002);
    const reason = this.#text(payload.subarray(2));
    this.#finish(['close', code, reason], payload.length === 0 ? undefined : code);
  }

  #answer(): void {
    if (this.#ping !== undefined) this.send(10, this.#ping);
    this.#ping = undefined;
  }

  #finish(event: ReceivedEvent, code: number | undefined): void {
    this.#answer();
    this.events.push(event);
    this.send(8, code === undefined ? Buffer.alloc(0) : Buffer.of(code >> 8, code & 255));
    this.isDone = true;
  }

  #text(bytes: Buffer): string {
    try {
      return new TextDecoder('utf-8', { fatal: this.#bug !== 'UTF-8 skipped', ignoreBOM: true }).decode(bytes);
    } catch (error) {
      throw new Failure(1007, { cause: error });
    }
  }
}

const digits = (bytes: Buffer): string => bytes.toString('hex').replace(/..(?=.)/g, '$& ');
