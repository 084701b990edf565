/** Finds the end of the head of a request or response (RFC 9112 2.1, 2.2) in bytes that arrive in any chunks. */
import { host } from '../host.ts';
import { MessageBuffer } from '../receive/message-buffer.ts';
import { HandshakeError } from '../rules.ts';

const CR = 0x0d;
const LF = 0x0a;

const NOTHING = new Uint8Array(0);

/** The rules that differ between requests and responses. */
interface HeadRules {
  /** The rule that a malformed head breaks. */
  readonly malformed: 'request-malformed' | 'response-malformed';
  /** Whether one empty line before the head is ignored. */
  readonly mayBeginEmpty: boolean;
}

const HEADS: Readonly<Record<'request' | 'response', HeadRules>> = {
  request: { malformed: 'request-malformed', mayBeginEmpty: true },
  response: { malformed: 'response-malformed', mayBeginEmpty: false },
};

/** Reads heads from bytes that arrive in any chunks, in linear time and bounded memory. */
export class HeadReader {
  readonly #rules: HeadRules;
  readonly #maxHeadSize: number;
  readonly #maxStartLine: number;
  // All bytes held: the first chunk, which stays where it is if the head ends in it, or else the buffer.
  #chunk: Uint8Array = NOTHING;
  #buffer: MessageBuffer | undefined = undefined;
  // The number of received bytes before those held. Then three indices into those held: where the head begins (after an empty line),
  // how far it has been scanned, and where its last line begins.
  #before = 0;
  #start = 0;
  #scanned = 0;
  #lineStart = 0;

  /**
   * Takes the kind of the heads, and their greatest length in bytes.
   *
   * @param maxStartLine the longest start line in bytes; a longer one breaks the rule `target-too-long`
   */
  constructor(kind: 'request' | 'response', maxHeadSize: number, maxStartLine: number = maxHeadSize) {
    this.#rules = HEADS[kind];
    this.#maxHeadSize = maxHeadSize;
    this.#maxStartLine = maxStartLine;
  }

  /** The number of bytes held. */
  get length(): number {
    return this.#buffer?.length ?? this.#chunk.length;
  }

  /** The number of received bytes that have been read. After a fault these are the bytes before it. */
  get position(): number {
    return this.#before + this.#scanned;
  }

  /** Takes the next bytes, which belong to the reader from here on. */
  receive(bytes: Uint8Array): void {
    if (this.#buffer === undefined && this.#chunk.length === 0) this.#chunk = bytes;
    else this.#keep().append(bytes);
  }

  /**
   * Returns the head when it is complete, including the empty line that ends it, as text with one character for each byte.
   * Returns `undefined` while more bytes are needed.
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
      // RFC 9112 2.2 lets a recipient accept a bare LF as the end of a line. It is refused here, because a request that two
      // recipients understand differently can be smuggled past one of them.
      if (bytes[at - 1] !== CR) throw new HandshakeError(malformed, 'a line ends without CR LF');
      const isEmpty = at - this.#lineStart === 1;
      if (isEmpty && this.#lineStart > this.#start) {
        const head = latin1(bytes, this.#start, at + 1);
        this.#begin(at + 1);
        if (at + 1 < bytes.length) this.#keep().append(bytes, at + 1);
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

  /** Returns a view of the bytes after the last head, for reading only. */
  peek(): Uint8Array {
    return this.#buffer?.peek() ?? this.#chunk;
  }

  /**
   * Returns the bytes after the last head, which belong to the caller from here on. An application can get their memory, so
   * unlike that of `peek` it has no bytes that were allocated here and never written.
   */
  rest(): Uint8Array {
    const rest = this.#buffer?.take() ?? this.#chunk;
    this.#begin(rest.length);
    return rest;
  }

  /** @throws {HandshakeError} `target-too-long` when the byte at `at` makes the start line too long */
  #limitStartLine(at: number): void {
    if (this.#lineStart !== this.#start || at - this.#start < this.#maxStartLine) return;
    this.#scanned = this.#start + this.#maxStartLine;
    throw new HandshakeError('target-too-long');
  }

  /** Releases the bytes held. The next head begins `length` bytes after their beginning. */
  #begin(length: number): void {
    this.#before += length;
    this.#chunk = NOTHING;
    this.#buffer = undefined;
    this.#start = this.#scanned = this.#lineStart = 0;
  }

  /** Moves the first chunk into the buffer, where it waits for more bytes, and returns the buffer. */
  #keep(): MessageBuffer {
    if (this.#buffer === undefined) {
      this.#buffer = new MessageBuffer();
      this.#buffer.append(this.#chunk);
      this.#chunk = NOTHING;
    }
    return this.#buffer;
  }
}

/** Returns bytes as text with one character for each byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (host.slices !== undefined) return host.slices.ascii(bytes, start, end);
  let text = '';
  // An engine limits the number of arguments of a call.
  for (let at = start; at < end; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + 4096, end)));
  }
  return text;
}
