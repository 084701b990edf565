/** One connection as a case sees it: what the implementation sends becomes items, and every frame of it is judged. */
import type { Role, Severity } from '../case.ts';
import { concat, hex } from '../wire/bytes.ts';
import { type Frame, FrameReader } from '../wire/frames.ts';
import { InflateError, Inflater } from '../wire/inflate.ts';
import type { Link } from './link.ts';
import { type Finding, Stop } from './verdict.ts';
import { type Entry, Wire } from './wire.ts';

/** A whole message or a control frame. */
export interface Arrived {
  readonly type: 'text' | 'binary' | 'ping' | 'pong' | 'close';
  readonly payload: Uint8Array;
}

/** permessage-deflate as the implementation must use it for what it sends. */
export interface Compression {
  readonly takeover: boolean;
  readonly windowBits: number;
}

const TYPES: Readonly<Record<number, Arrived['type']>> = { 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' };
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Codes that must never be in a Close frame (7.4.1). */
const NEVER = [1005, 1006, 1015];
/** The most bytes that a frame may have here, or a compressed message become. */
const LIMIT = 2 ** 27;

/** A connection to the implementation under test. */
export class Session {
  readonly link: Link;
  readonly #role: Role;
  readonly #comparesKeys: boolean;
  readonly #reader = new FrameReader();
  readonly #wire: Wire;
  readonly findings: Finding[] = [];
  #parts: Frame[] = [];
  #inflater: Inflater | undefined;
  #windowBits = 15;
  readonly #keys: string[] = [];
  #closed = false;
  /** Whether frames come, or still a head. */
  opened = false;
  /** How the transport ended, if it has. */
  ended: 'end' | 'reset' | undefined;

  /**
   * @param role of the implementation
   * @param comparesKeys whether masking keys are to differ
   */
  constructor(link: Link, role: Role, comparesKeys: boolean) {
    this.link = link;
    this.#role = role;
    this.#comparesKeys = comparesKeys;
    this.#wire = new Wire(link.now());
  }

  get wire(): readonly Entry[] {
    return this.#wire.entries;
  }

  /** Whether the implementation has sent a Close frame. */
  get closed(): boolean {
    return this.#closed;
  }

  compress({ takeover, windowBits }: Compression): void {
    this.#inflater = new Inflater(takeover);
    this.#windowBits = windowBits;
  }

  find(severity: Severity, section: string, text: string): void {
    if (!this.findings.some((finding) => finding.text === text)) this.findings.push({ severity, section, text });
  }

  note(text: string): void {
    this.#wire.note(this.link.now(), text);
  }

  async send(bytes: Uint8Array, about?: string): Promise<void> {
    this.#wire.sent(this.link.now(), bytes, about);
    await this.link.write(bytes);
  }

  /** Resolves with the next thing that the implementation sends, or `'end'`, or `undefined` when nothing came in time. */
  async next(milliseconds: number): Promise<Arrived | 'end' | undefined> {
    const deadline = this.link.now() + milliseconds;
    while (true) {
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
        const item = this.#judge(frame);
        if (item !== undefined) return item;
      }
      if (this.#reader.announced > LIMIT) throw new Stop(`it sends a frame of ${this.#reader.announced} bytes`);
      if (this.ended !== undefined) return 'end';
      const left = deadline - this.link.now();
      if (left < 0) return undefined;
      const got = await this.link.read(left);
      if (got === undefined) return undefined;
      if (typeof got === 'string') {
        this.ended = got;
        this.note(got === 'end' ? 'the implementation ended the transport' : 'the implementation reset the transport');
        if (this.#reader.waiting > 0)
          this.find(
            'must',
            'RFC 6455 5.2',
            `it ended inside a frame, after ${hex(this.#reader.rest().subarray(0, 16))}…`,
          );
      } else if (this.opened) {
        this.#reader.push(got);
      } else {
        this.#wire.head(this.link.now(), Buffer.from(got.subarray(0, 200)).toString('latin1'));
      }
    }
  }

  /** Resolves with a head, or with what there is when the transport ends or time is up. */
  async head(milliseconds: number): Promise<{ text: string; whole: boolean }> {
    const deadline = this.link.now() + milliseconds;
    let bytes: Uint8Array = new Uint8Array(0);
    while (true) {
      const text = Buffer.from(bytes).toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end >= 0) {
        this.#wire.head(this.link.now(), text.slice(0, end + 4));
        this.#reader.push(bytes.slice(end + 4));
        return { text: text.slice(0, end), whole: true };
      }
      const left = deadline - this.link.now();
      const got = left < 0 ? undefined : await this.link.read(left);
      if (got instanceof Uint8Array) {
        bytes = concat(bytes, got);
        continue;
      }
      if (bytes.length > 0) this.#wire.head(this.link.now(), text);
      this.ended = got;
      this.note(got === undefined ? 'nothing more came' : 'the implementation ended the transport');
      return { text, whole: false };
    }
  }

  #judge(frame: Frame): Arrived | undefined {
    this.#wire.received(this.link.now(), frame);
    const { opcode, rsv, final, payload, key } = frame;
    const must = (section: string, text: string): void => this.find('must', section, text);
    if (this.#closed) must('RFC 6455 5.5.1', 'it sent a frame after its Close frame');
    if (!frame.minimal) must('RFC 6455 5.2', 'it encoded a length in more bytes than it needs');
    if (this.#role === 'server' && key !== undefined) must('RFC 6455 5.1', 'it masked a frame as a server');
    if (this.#role === 'client') this.#judgeKey(key);
    const isControl = opcode >= 8;
    const first = opcode === 1 || opcode === 2;
    if (rsv !== 0 && !(rsv === 4 && first && this.#inflater !== undefined)) {
      must(
        isControl || opcode === 0 ? 'RFC 7692 6.1' : 'RFC 6455 5.2',
        `it set reserved bits (${rsv.toString(2).padStart(3, '0')}) that mean nothing here`,
      );
    }
    const type = TYPES[opcode];
    if (isControl) {
      if (type === undefined) return void must('RFC 6455 5.2', `it sent the reserved opcode ${opcode}`);
      if (!final) must('RFC 6455 5.5', 'it fragmented a control frame');
      if (payload.length > 125) must('RFC 6455 5.5', `it sent a control frame of ${payload.length} bytes`);
      if (type === 'close') this.#judgeClose(payload);
      return { type, payload };
    }
    if (opcode === 0 && this.#parts.length === 0)
      return void must('RFC 6455 5.4', 'it sent a Continuation frame outside of a message');
    if (opcode > 2) return void must('RFC 6455 5.2', `it sent the reserved opcode ${opcode}`);
    if (first && this.#parts.length > 0) {
      must('RFC 6455 5.4', 'it began a message inside a fragmented one');
      this.#parts = [];
    }
    this.#parts.push(frame);
    return final ? this.#message() : undefined;
  }

  #message(): Arrived {
    const parts = this.#parts;
    this.#parts = [];
    const type = parts[0]?.opcode === 1 ? 'text' : 'binary';
    let payload: Uint8Array =
      parts.length === 1 && parts[0] ? parts[0].payload : concat(...parts.map((part) => part.payload));
    if (parts[0] !== undefined && (parts[0].rsv & 4) !== 0 && this.#inflater !== undefined) {
      try {
        payload = this.#inflater.message(payload, LIMIT);
        if (this.#inflater.farthest > 2 ** this.#windowBits) {
          this.find(
            'must',
            'RFC 7692 7.2.1',
            `it referred ${this.#inflater.farthest} bytes back, and agreed to ${2 ** this.#windowBits}`,
          );
        }
      } catch (error) {
        if (!(error instanceof InflateError)) throw error;
        this.find('must', 'RFC 7692 7.2.1', `it sent compressed data that cannot be inflated: ${error.message}`);
      }
    }
    if (type === 'text' && !isUtf8(payload))
      this.find('must', 'RFC 6455 5.6', 'it sent a text message that is not UTF-8');
    return { type, payload };
  }

  #judgeClose(payload: Uint8Array): void {
    this.#closed = true;
    if (payload.length === 0) return;
    if (payload.length === 1) {
      this.find('must', 'RFC 6455 5.5.1', 'it sent a Close frame of one byte');
      return;
    }
    const code = codeOf(payload);
    if (NEVER.includes(code)) this.find('must', 'RFC 6455 7.4.1', `it sent a Close frame with ${code}`);
    else if (code < 1000 || code > 4999 || code === 1004 || (code > 1015 && code < 3000)) {
      this.find('should', 'RFC 6455 7.4.2', `it sent a Close frame with ${code}`);
    }
    if (!isUtf8(payload.subarray(2)))
      this.find('must', 'RFC 6455 5.5.1', 'it sent a Close frame whose reason is not UTF-8');
  }

  #judgeKey(key: Uint8Array | undefined): void {
    if (key === undefined) {
      this.find('must', 'RFC 6455 5.1', 'it sent a frame that is not masked, as a client');
      return;
    }
    this.#keys.push(hex(key));
    const [first] = this.#keys;
    if (this.#comparesKeys && this.#keys.length > 2 && this.#keys.every((other) => other === first)) {
      this.find('must', 'RFC 6455 5.3', `it masked ${this.#keys.length} frames with the same key`);
    }
  }
}

/** Returns the code of a Close frame, or `undefined` when it has none. */
export function codeOf(payload: Uint8Array): number {
  return payload.length < 2 ? 1005 : ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    UTF8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
