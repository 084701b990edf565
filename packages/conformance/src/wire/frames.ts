/** Frames out, with whatever is wrong with them, and frames in (5.2). Nothing here is shared with an implementation. */
import type { Bytes, Role } from '../case.ts';
import { concat, hex, type Payload, utf8, whole, written } from './bytes.ts';

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** What the suite masks with unless a case is about the key. */
export const KEY: readonly number[] = [0x37, 0xfa, 0x21, 0x3d];

/** What a frame is made of where it differs from an ordinary one. */
export interface FrameInit {
  readonly final?: boolean;
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv?: number;
  /** `false`: not masked, whatever the role. */
  readonly key?: readonly number[] | false;
  /** How many bits encode the length, where it is not the minimum. */
  readonly bits?: 7 | 16 | 64;
  /** The length that is announced, if it is not that of the payload. */
  readonly announced?: bigint;
}

/** Writes the frames of one role. */
export class Frames {
  readonly #key: readonly number[] | false;

  /** @param sender the suite's own role: a client masks */
  constructor(sender: Role) {
    this.#key = sender === 'client' ? KEY : false;
  }

  frame(opcode: number, payload: string | Uint8Array | Payload = '', init: FrameInit = {}): Bytes {
    const { final = true, rsv = 0, key = this.#key } = init;
    const data =
      typeof payload === 'string' ? whole(utf8(payload)) : payload instanceof Uint8Array ? whole(payload) : payload;
    const length = init.announced ?? BigInt(data.length);
    const bits = init.bits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
    const first = (final ? 128 : 0) | (rsv << 4) | opcode;
    const second = (key === false ? 0 : 128) | (bits === 7 ? Number(length) : bits === 16 ? 126 : 127);
    const extended = length
      .toString(16)
      .padStart(bits / 4, '0')
      .slice(-bits / 4);
    const head = hex(Uint8Array.of(first, second)) + (bits === 7 ? '' : extended);
    return key === false ? [head, ...written(data)] : [head + hex(Uint8Array.from(key)), ...written(masked(data, key))];
  }

  text = (payload: string | Uint8Array | Payload, init?: FrameInit): Bytes => this.frame(TEXT, payload, init);
  binary = (payload: string | Uint8Array | Payload, init?: FrameInit): Bytes => this.frame(BINARY, payload, init);
  more = (payload: string | Uint8Array | Payload, init?: FrameInit): Bytes => this.frame(CONTINUATION, payload, init);
  ping = (payload: string | Uint8Array = '', init?: FrameInit): Bytes => this.frame(PING, payload, init);
  pong = (payload: string | Uint8Array = '', init?: FrameInit): Bytes => this.frame(PONG, payload, init);
  close = (code?: number, reason: string | Uint8Array = '', init?: FrameInit): Bytes =>
    this.frame(CLOSE, closePayload(code, reason), init);
}

/** Returns the payload of a Close frame (5.5.1). */
export function closePayload(code?: number, reason: string | Uint8Array = ''): Uint8Array {
  const bytes = typeof reason === 'string' ? utf8(reason) : reason;
  return code === undefined ? concat(bytes) : concat(Uint8Array.of(code >> 8, code & 255), bytes);
}

function masked({ block, length }: Payload, key: readonly number[]): Payload {
  // The masked block repeats as the block does when its length is a multiple of 4, or when there is only one.
  const times = length <= block.length || block.length % 4 === 0 ? 1 : 4;
  const whole = concat(...Array.from({ length: times }, () => block));
  return { block: whole.map((byte, i) => byte ^ (key[i % 4] ?? 0)), length };
}

/** A frame that has arrived. */
export interface Frame {
  readonly final: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly key: Uint8Array | undefined;
  /** Whether the length was encoded in the minimal number of bytes. */
  readonly minimal: boolean;
  readonly payload: Uint8Array;
}

/** Reads frames from chunks, and judges none of them. */
export class FrameReader {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** The length of the payload that the frame in progress announces, if that is known. */
  announced = 0;

  /** The number of bytes that are no frame yet. */
  get waiting(): number {
    return this.#size;
  }

  /** Returns all that waits. */
  rest(): Uint8Array {
    return this.#take(this.#size);
  }

  next(): Frame | undefined {
    const head = this.#peek(14);
    if (head.length < 2) return undefined;
    const [first = 0, second = 0] = head;
    const short = second & 127;
    const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
    const isMasked = second >= 128;
    const headLength = 2 + extended + (isMasked ? 4 : 0);
    if (head.length < headLength) return undefined;
    const length = extended === 0 ? short : Number(`0x${hex(head.subarray(2, 2 + extended))}`);
    this.announced = length;
    if (this.#size < headLength + length) return undefined;
    const key = isMasked ? head.slice(2 + extended, headLength) : undefined;
    this.#take(headLength);
    const payload = this.#take(length);
    if (key !== undefined) for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (key[i & 3] ?? 0);
    const minimal = extended === 0 || (extended === 2 ? length > 125 : length > 65_535);
    return { final: first >= 128, rsv: (first >> 4) & 7, opcode: first & 15, key, minimal, payload };
  }

  #peek(count: number): Uint8Array {
    const [first] = this.#chunks;
    if (first === undefined || first.length >= count || this.#chunks.length === 1)
      return first?.subarray(0, count) ?? new Uint8Array(0);
    const some: Uint8Array[] = [];
    for (let i = 0, length = 0; i < this.#chunks.length && length < count; i++) {
      const chunk = this.#chunks[i] ?? new Uint8Array(0);
      some.push(chunk);
      length += chunk.length;
    }
    return concat(...some).subarray(0, count);
  }

  #take(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    let end = 0;
    let used = 0;
    while (end < count) {
      const chunk = this.#chunks[used] ?? new Uint8Array(0);
      const part = chunk.subarray(0, count - end);
      bytes.set(part, end);
      end += part.length;
      if (part.length === chunk.length) used++;
      else this.#chunks[used] = chunk.subarray(part.length);
    }
    this.#chunks.splice(0, used);
    this.#size -= count;
    return bytes;
  }
}
