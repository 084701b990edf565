/** Where the head of a request or a response ends (RFC 9112 2.1, 2.2), in bytes that arrive in any parts. */
import { host } from '../host.ts';
import { MessageBuffer } from '../receive/message-buffer.ts';
import { HandshakeError } from '../rules.ts';

const CR = 0x0d;
const LF = 0x0a;

const NOTHING = new Uint8Array(0);

/** What distinguishes the heads of requests from those of responses for a reader. */
interface HeadRules {
  /** The rule that a head breaks which is not well-formed. */
  readonly malformed: 'request-malformed' | 'response-malformed';
  /** Whether one empty line before the head is ignored. */
  readonly mayBeginEmpty: boolean;
}

const HEADS: Readonly<Record<'request' | 'response', HeadRules>> = {
  request: { malformed: 'request-malformed', mayBeginEmpty: true },
  response: { malformed: 'response-malformed', mayBeginEmpty: false },
};

/** Finds the end of a head in bytes that arrive in any parts; time is linear and memory bounded. */
export class HeadReader {
  readonly #rules: HeadRules;
  readonly #maxHeadSize: number;
  readonly #maxStartLine: number;
  // A chunk that begins a head, until it is known whether the head ends in it as well; else it goes into the buffer.
  #chunk: Uint8Array = NOTHING;
  #buffer: MessageBuffer | undefined = undefined;
  // How many bytes came before the head that is being read; of that head, where it begins, and how far it is read.
  #before = 0;
  #start = 0;
  #scanned = 0;
  #lineStart = 0;

  /**
   * Reads heads of at most `maxHeadSize` bytes, all of them of requests or all of responses.
   *
   * @param maxStartLine the longest start line in bytes; a longer one is `target-too-long`
   */
  constructor(kind: 'request' | 'response', maxHeadSize: number, maxStartLine: number = maxHeadSize) {
    this.#rules = HEADS[kind];
    this.#maxHeadSize = maxHeadSize;
    this.#maxStartLine = maxStartLine;
  }

  /** How many bytes it holds. */
  get length(): number {
    return this.#buffer?.length ?? this.#chunk.length;
  }

  /** How many of all bytes received have been read: those before the fault, once there was one. */
  get position(): number {
    return this.#before + this.#scanned;
  }

  /** Takes the next bytes, for good. */
  receive(bytes: Uint8Array): void {
    if (this.#buffer === undefined && this.#chunk.length === 0) this.#chunk = bytes;
    else this.#keep().append(bytes, 0, bytes.length);
  }

  /**
   * Returns the head once it is complete, through the empty line that ends it, as text of one character a byte, and
   * forgets it.
   *
   * @throws {HandshakeError} `request-malformed` or `response-malformed`, `head-too-big`, `target-too-long`
   */
  read(): string | undefined {
    const { malformed, mayBeginEmpty } = this.#rules;
    const bytes = this.peek();
    const end = Math.min(bytes.length, this.#maxHeadSize);
    for (let at = this.#scanned; at < end; at++) {
      if (bytes[at] !== LF) continue;
      this.#limitStartLine(at);
      this.#scanned = at;
      // RFC 9112 2.2 lets a recipient take a bare LF for the end of a line; what two recipients take differently can
      // smuggle a request past one of them, so it is refused here.
      if (bytes[at - 1] !== CR) throw new HandshakeError(malformed, 'a line ends without CR LF');
      const isEmpty = at - this.#lineStart === 1;
      if (isEmpty && this.#lineStart > this.#start) {
        const head = latin1(bytes, this.#start, at + 1);
        this.#begin(at + 1);
        if (at + 1 < bytes.length) this.#keep().append(bytes, at + 1, bytes.length);
        return head;
      }
      // RFC 9112 2.2: "a server that is expecting to receive and parse a request-line SHOULD ignore at least one empty
      // line (CRLF) received prior to the request-line."
      if (isEmpty && !(mayBeginEmpty && this.#start === 0)) {
        throw new HandshakeError(malformed, 'the first line is empty');
      }
      this.#lineStart = at + 1;
      if (isEmpty) this.#start = at + 1;
    }
    this.#limitStartLine(end - 1);
    this.#scanned = end;
    if (bytes.length >= this.#maxHeadSize) throw new HandshakeError('head-too-big');
    if (end > 0) this.#keep();
    return undefined;
  }

  /** A view of the bytes behind the last head, for reading only. */
  peek(): Uint8Array {
    return this.#buffer?.peek() ?? this.#chunk;
  }

  /** Returns the bytes behind the last head and forgets them: they are the caller's. */
  rest(): Uint8Array {
    const rest = this.peek();
    this.#begin(rest.length);
    return rest;
  }

  /** @throws {HandshakeError} when the byte at `at` is one too many of the start line */
  #limitStartLine(at: number): void {
    if (this.#lineStart !== this.#start || at - this.#start < this.#maxStartLine) return;
    this.#scanned = this.#start + this.#maxStartLine;
    throw new HandshakeError('target-too-long');
  }

  /** The next head begins behind what there was, `length` bytes. */
  #begin(length: number): void {
    this.#before += length;
    this.#chunk = NOTHING;
    this.#buffer = undefined;
    this.#start = this.#scanned = this.#lineStart = 0;
  }

  /** What there is waits for more, in memory that is little more. */
  #keep(): MessageBuffer {
    if (this.#buffer === undefined) {
      this.#buffer = new MessageBuffer();
      this.#buffer.append(this.#chunk, 0, this.#chunk.length);
      this.#chunk = NOTHING;
    }
    return this.#buffer;
  }
}

/** Returns bytes as text of one character a byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (host.slices !== undefined) return host.slices.ascii(bytes, start, end);
  let text = '';
  // An engine limits the number of arguments of a call.
  for (let at = start; at < end; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + 4096, end)));
  }
  return text;
}
