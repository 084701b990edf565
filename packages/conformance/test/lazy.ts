/**
 * A lazy but correct endpoint, which shares nothing with sockless: it waits for whole frames and whole messages before it judges them.
 * Each {@link Bug} breaks one thing in it.
 */
import { createHash } from 'node:crypto';
import type { Link, Role, Target } from '../src/index.ts';
import type { Bug } from './bugs.ts';
import { agree } from './lazy-extensions.ts';
import { BlockInflater, Failure, LIMIT } from './lazy-inflate.ts';

const KEY = Buffer.from('0123456789abcdef').toString('base64');
const accept = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** Returns an endpoint with some bugs, as a target. */
export function lazyTarget(role: Role, bugs: readonly Bug[] = []): Target {
  return { role, connect: () => Promise.resolve(new Lazy(role, new Set(bugs))) };
}

class Lazy implements Link {
  readonly #role: Role;
  readonly #bugs: ReadonlySet<Bug>;
  #now = 0;
  #out: Uint8Array[] = [];
  #taken = 0;
  #chunks: Buffer[] = [];
  #size = 0;
  #need = 1;
  #state: 'head' | 'open' | 'closed' | 'ended' = 'head';
  #deflate = false;
  #opcode = 0;
  #compressed = false;
  #parts: Buffer[] = [];
  #window: Buffer = Buffer.alloc(0);
  #masks = 0;

  constructor(role: Role, bugs: ReadonlySet<Bug>) {
    this.#role = role;
    this.#bugs = bugs;
    if (role === 'client') {
      this.#out.push(
        Buffer.from(
          `GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n`,
        ),
      );
    }
  }

  now(): number {
    return this.#now;
  }

  write(bytes: Uint8Array): void {
    if (this.#state === 'ended') return;
    this.#chunks.push(Buffer.from(bytes));
    this.#size += bytes.length;
    if (this.#size < this.#need) return;
    try {
      this.#work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (this.#state === 'open') this.#send(8, Buffer.from([error.code >> 8, error.code & 255]));
      this.#state = 'ended';
    }
  }

  read(milliseconds: number): Promise<Uint8Array | 'end' | undefined> {
    const bytes = this.#out[this.#taken++];
    if (bytes !== undefined) return Promise.resolve(bytes);
    this.#out = [];
    this.#taken = 0;
    if (this.#state === 'ended') return Promise.resolve('end');
    this.#now += milliseconds;
    return Promise.resolve(undefined);
  }

  pass(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    return Promise.resolve();
  }

  halfClose(): void {
    this.#state = 'ended';
  }

  drop(): void {
    this.#state = 'ended';
  }

  #work(): void {
    let data = Buffer.concat(this.#chunks);
    this.#chunks = [];
    while (this.#state !== 'ended' && data.length > 0) {
      const used = this.#state === 'head' ? this.#head(data) : this.#frame(data);
      if (used === 0) break;
      this.#need = 1;
      data = data.subarray(used);
    }
    if (this.#state === 'closed' && this.#role === 'server') this.#state = 'ended';
    this.#chunks = [data];
    this.#size = data.length;
  }

  #head(data: Buffer): number {
    const start = data.subarray(0, 2).toString() === '\r\n' ? 2 : 0;
    const end = data.indexOf('\r\n\r\n', start);
    if (data.length > 20_000) return this.#refuse('431 Too Large');
    if (end < 0) return 0;
    const [line = '', ...lines] = data.subarray(start, end).toString('latin1').split('\r\n');
    const fields = new Map<string, string[]>();
    for (const text of lines) {
      const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(text);
      if (match === null) return this.#refuse('400 Bad Request');
      const name = (match[1] ?? '').toLowerCase();
      fields.set(name, [...(fields.get(name) ?? []), match[2] ?? '']);
    }
    const all = (name: string): string => (fields.get(name) ?? []).join(', ');
    const has = (name: string, token: string): boolean =>
      all(name)
        .toLowerCase()
        .split(/[ \t]*,[ \t]*/)
        .includes(token);
    const upgrade = has('upgrade', 'websocket') && has('connection', 'upgrade');
    if (this.#role === 'server') {
      if (!(/^GET (\/|http:\/\/)[\x21-\xff]* HTTP\/1\.1$/.test(line) && upgrade))
        return this.#refuse('400 Bad Request');
      if (fields.get('host')?.length !== 1 || / /.test(all('host'))) return this.#refuse('400 Bad Request');
      if (all('sec-websocket-version') !== '13') return this.#refuse('426 Upgrade\r\nSec-WebSocket-Version: 13');
      if (!/^[A-Za-z0-9+/]{22}==$/.test(all('sec-websocket-key'))) return this.#refuse('400 Bad Request');
      const offers = this.#extensions(all('sec-websocket-extensions'), true);
      if (offers === undefined) return this.#refuse('400 Bad Request');
      this.#state = 'open';
      this.#out.push(
        Buffer.from(
          `HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept(all('sec-websocket-key'))}\r\n${offers}\r\n`,
        ),
      );
    } else {
      const isRight = all('sec-websocket-accept') === accept(KEY) || this.#bugs.has('accept unchecked');
      if (!(/^HTTP\/1\.1 101( |$)/.test(line) && upgrade && isRight)) return this.#refuse('');
      if (fields.has('sec-websocket-protocol')) return this.#refuse('');
      if (this.#extensions(all('sec-websocket-extensions'), false) === undefined) return this.#refuse('');
      this.#state = 'open';
    }
    return end + 4;
  }

  /** Reads offers or an answer, and returns the field of the answer; `undefined` if it must be refused. */
  #extensions(list: string, isOffer: boolean): string | undefined {
    const agreed = agree(list, isOffer, !this.#bugs.has('offers unchecked'));
    this.#deflate = agreed?.deflate === true;
    return agreed?.answer;
  }

  #refuse(status: string): number {
    if (status !== '' && this.#role === 'server')
      this.#out.push(Buffer.from(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`));
    this.#state = 'ended';
    return 0;
  }

  #frame(data: Buffer): number {
    if (data.length < 2) return 0;
    const [first = 0, second = 0] = data;
    const [opcode, rsv, final] = [first & 15, (first >> 4) & 7, first > 127];
    const isMasked = second > 127;
    const short = second & 127;
    const start = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (isMasked ? 4 : 0);
    if (data.length < start) return 0;
    if (this.#state === 'closed' && !this.#bugs.has('goes on after Close')) return data.length;
    let long = short === 127 ? data.readBigUInt64BE(2) : BigInt(short === 126 ? data.readUInt16BE(2) : short);
    if (long >= 2n ** 63n) {
      if (!this.#bugs.has('length sign ignored')) throw new Failure(1002);
      long -= 2n ** 63n;
    }
    if (this.#bugs.has('length of 32 bits')) long &= 0xffff_ffffn;
    const isControl = opcode > 7;
    if (isMasked !== (this.#role === 'server') && !this.#bugs.has('masks unchecked')) throw new Failure(1002);
    if (
      rsv !== 0 &&
      !(rsv === 4 && this.#deflate && (opcode === 1 || opcode === 2)) &&
      !this.#bugs.has('reserved bits ignored')
    ) {
      throw new Failure(1002);
    }
    if (((opcode > 2 && opcode < 8) || opcode > 10) && !this.#bugs.has('reserved opcodes accepted'))
      throw new Failure(1002);
    if (isControl && !final && !this.#bugs.has('fragmented control frame')) throw new Failure(1002);
    if (isControl && short > 125 && !this.#bugs.has('long control frame')) throw new Failure(1002);
    if (opcode === 0 && this.#opcode === 0 && !this.#bugs.has('stray continuation')) throw new Failure(1002);
    if ((opcode === 1 || opcode === 2) && this.#opcode !== 0 && !this.#bugs.has('interleaving'))
      throw new Failure(1002);
    const length = Number(long);
    if (length > LIMIT) throw new Failure(1009);
    if (data.length < start + length) {
      this.#need = start + length;
      return 0;
    }
    const payload = Buffer.from(data.subarray(start, start + length));
    if (isMasked) {
      const turn = this.#bugs.has('mask rotation') && length > 65_535 ? 1 : 0;
      for (let i = 0; i < length; i++)
        payload[i] = (payload[i] ?? 0) ^ (data[start - 4 + ((i + (i > 60_000 ? turn : 0)) & 3)] ?? 0);
    }
    if (isControl) this.#control(opcode, payload);
    else if (opcode < 3)
      this.#data(opcode, payload, final || this.#bugs.has('FIN ignored'), (rsv & 4) !== 0 && this.#deflate);
    return start + length;
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === 9 && !this.#bugs.has('pong dropped')) {
      this.#send(10, this.#bugs.has('pong without payload') ? Buffer.alloc(0) : payload);
    }
    if (opcode !== 8 || this.#state === 'closed') return;
    if (payload.length === 1) throw new Failure(1002);
    const code = payload.length === 0 ? 1000 : payload.readUInt16BE(0);
    const isCode =
      (code > 999 && code < 5000 && ![1004, 1005, 1006, 1015].includes(code)) || this.#bugs.has('close code unchecked');
    if (!isCode) throw new Failure(this.#bugs.has('close code wrong') ? 1003 : 1002);
    if (!this.#bugs.has('UTF-8 skipped')) text(payload.subarray(2));
    this.#send(
      8,
      this.#bugs.has('close echoed wrongly')
        ? payload.length > 1
          ? Buffer.from([3, 233])
          : payload
        : payload.subarray(0, 2),
    );
    this.#state = 'closed';
    if (this.#role === 'server' && !this.#bugs.has('goes on after Close')) this.#state = 'ended';
  }

  #data(opcode: number, payload: Buffer, final: boolean, compressed: boolean): void {
    if (opcode !== 0 || this.#opcode === 0) {
      this.#opcode = opcode === 0 ? 1 : opcode;
      this.#compressed = compressed;
      this.#parts = [];
    }
    this.#parts.push(payload);
    if (this.#parts.length % 1000 === 0) this.#parts = [Buffer.concat(this.#parts)];
    if (!final) return;
    const kind = this.#opcode;
    const whole = Buffer.concat(this.#parts);
    const message = this.#compressed ? this.#inflate(whole) : whole;
    this.#opcode = 0;
    this.#parts = [];
    if (message.length > LIMIT && !this.#bugs.has('limit of the wire only')) throw new Failure(1009);
    if (kind === 1 && !this.#bugs.has('UTF-8 skipped')) text(message);
    this.#send(kind, message);
  }

  #inflate(data: Buffer): Buffer {
    const limit = this.#bugs.has('limit of the wire only') ? 2 ** 30 : LIMIT;
    const inflater = new BlockInflater(this.#window, limit, this.#bugs.has('truncated DEFLATE'));
    const message = inflater.message(data);
    if (!this.#bugs.has('window never kept')) this.#window = inflater.window;
    if (inflater.sawFinal && this.#bugs.has('window lost after BFINAL')) this.#window = Buffer.alloc(0);
    return message;
  }

  #send(opcode: number, payload: Uint8Array): void {
    if (this.#state === 'ended') return;
    const { length } = payload;
    const isMasked = this.#role === 'client';
    const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    head[0] = 128 | opcode;
    head[1] = (isMasked ? 128 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127);
    if (head.length === 4) head.writeUInt16BE(length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
    if (!isMasked) return void this.#out.push(head, payload);
    const key = Buffer.alloc(4, 7);
    if (!this.#bugs.has('same mask')) key.writeUInt32BE(Math.imul(++this.#masks, 2_654_435_761) >>> 0);
    this.#out.push(
      head,
      key,
      payload.map((byte, i) => byte ^ (key[i & 3] ?? 0)),
    );
  }
}

function text(bytes: Uint8Array): void {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Failure(1007, { cause: error });
  }
}
