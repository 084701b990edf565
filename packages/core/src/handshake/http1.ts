/**
 * HTTP/1.1 heads, to and from plain data (RFC 9112 2 to 5): as much of HTTP as the opening handshake needs, and strict.
 *
 *     HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
 */
import { host } from '../host.ts';
import { MessageBuffer } from '../receive/message-buffer.ts';
import { HandshakeError } from '../rules.ts';
import { writeLatin1 } from '../text/encode.ts';
import { fieldValue, type HeaderField, isFieldLine, isFieldValue, isToken, listIncludes, trim } from './fields.ts';

/** The head of a request (RFC 9112 3). */
export interface RequestHead {
  /** The method, GET for a WebSocket. */
  readonly method: string;
  /** The request target (RFC 9112 3.2): a path and a query, or the whole of an http: or https: URI. */
  readonly target: string;
  /** The HTTP version times ten: 10 for HTTP/1.0, 11 for HTTP/1.1. */
  readonly version: number;
  /** Names in lower case, in the order they came. */
  readonly headers: readonly HeaderField[];
  /** Whether header fields are missing, since they were more than their reader keeps. Default: false. */
  readonly truncated?: boolean | undefined;
}

/** The head of a response (RFC 9112 4). */
export interface ResponseHead {
  /** The status. */
  readonly status: number;
  /** The reason phrase, for people to read. */
  readonly reason: string;
  /** Names in lower case where they have been read, in the order they came. */
  readonly headers: readonly HeaderField[];
}

/** More header fields than this are refused. */
export const MAX_FIELDS = 128;

const CR = 0x0d;
const LF = 0x0a;

const NOTHING = new Uint8Array(0);

/** Finds the end of a head in bytes that arrive in any pieces; time is linear and memory bounded. */
export class HeadReader {
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
   * Reads a head of at most so many bytes.
   *
   * @param maxStartLine the longest start line in bytes; a longer one is `target-too-long`
   */
  constructor(maxHeadSize: number, maxStartLine = maxHeadSize) {
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
   * @throws {HandshakeError} `malformed` (the rule given), `head-too-big`, `target-too-long`
   */
  read(malformed: 'request-malformed' | 'response-malformed'): string | undefined {
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
      if (isEmpty && (malformed === 'response-malformed' || this.#start > 0)) {
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

  /** Gives away the bytes behind the last head. */
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

/**
 * Reads the head of a request.
 *
 * @param head as {@link HeadReader.read} returns it; its last two CR LF may be missing
 * @throws {HandshakeError} `request-malformed`, `http-version`, `head-too-big`
 */
export function parseRequestHead(head: string): RequestHead {
  const lines = linesOf(head);
  const match = /^([^ ]+) ([^ ]+) HTTP\/([0-9])\.([0-9])$/.exec(lines[0] as string);
  if (match === null) throw new HandshakeError('request-malformed', 'the request line is not METHOD TARGET HTTP/1.1');
  const [, method = '', target = '', major, minor] = match;
  if (!isToken(method)) throw new HandshakeError('request-malformed', 'the method is not a token');
  const version = Number(major) * 10 + Number(minor);
  // 4.2.1: "An HTTP/1.1 or higher GET request": higher within HTTP/1, whose syntax this is.
  if (version < 11 || version > 19) throw new HandshakeError('http-version', `not HTTP/${major}.${minor}`);
  return { method, target, version, headers: parseFields(lines, 'request-malformed') };
}

/**
 * Reads the head of a response.
 *
 * @param head as {@link HeadReader.read} returns it; its last two CR LF may be missing
 * @throws {HandshakeError} `response-malformed`, `head-too-big`
 */
export function parseResponseHead(head: string): ResponseHead {
  const lines = linesOf(head);
  const match = /^HTTP\/1\.[0-9] ([1-5][0-9]{2})(?: (.*))?$/.exec(lines[0] as string);
  const [, status, reason = ''] = match ?? [];
  if (status === undefined || !isFieldValue(reason)) {
    throw new HandshakeError('response-malformed', 'the status line is not HTTP/1.1 STATUS REASON');
  }
  return { status: Number(status), reason, headers: parseFields(lines, 'response-malformed') };
}

/** The lines of a head without their ends, and without the empty one. */
const linesOf = (head: string): string[] => (head.endsWith('\r\n\r\n') ? head.slice(0, -4) : head).split('\r\n');

function parseFields(lines: readonly string[], malformed: 'request-malformed' | 'response-malformed'): HeaderField[] {
  if (lines.length - 1 > MAX_FIELDS) throw new HandshakeError('head-too-big', `more than ${MAX_FIELDS} header fields`);
  const fields: [name: string, value: string][] = [];
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] as string;
    const last = fields.at(-1);
    // RFC 9112 5.2: "A user agent that receives an obs-fold in a response message [...] MUST replace each received
    // obs-fold with one or more SP octets prior to interpreting the field value." A server "MUST either reject the
    // message [...] or replace" it: in a request it is refused here, as is, by 2.2, whitespace before the first field.
    if (malformed === 'response-malformed' && last !== undefined && /^[ \t]/.test(line) && isFieldValue(line)) {
      last[1] = trim(`${last[1]} ${trim(line)}`);
      continue;
    }
    // RFC 9112 5.1: "No whitespace is allowed between the field name and colon."
    if (!isFieldLine(line)) throw new HandshakeError(malformed, `header field ${index} is not NAME: VALUE`);
    const colon = line.indexOf(':');
    fields.push([line.slice(0, colon).toLowerCase(), trim(line.slice(colon + 1))]);
  }
  return fields;
}

/** Formats the head of a request. All parts must be valid: {@link HeadReader} and `toFields` see to that. */
export function formatRequestHead(head: RequestHead): Uint8Array {
  return toLatin1(requestText(head), NOTHING);
}

/** Formats the head of a response, and its body behind it. */
export function formatResponse(head: ResponseHead, body: Uint8Array = NOTHING): Uint8Array {
  return toLatin1(responseText(head), body);
}

/** {@link formatRequestHead} with a character for each byte. */
export const requestText = ({ method, target, headers }: RequestHead): string =>
  formatFields(`${method} ${target} HTTP/1.1\r\n`, headers);

/** {@link formatResponse} with a character for each byte, and without a body. */
export const responseText = ({ status, reason, headers }: ResponseHead): string =>
  formatFields(`HTTP/1.1 ${status} ${reason}\r\n`, headers);

function formatFields(startLine: string, headers: readonly HeaderField[]): string {
  let text = startLine;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return `${text}\r\n`;
}

function toLatin1(text: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(text.length + body.length);
  writeLatin1(text, bytes, 0);
  bytes.set(body, text.length);
  return bytes;
}

/** How the body of a response ends (RFC 9112 6.3): after so many bytes, with its last chunk, or with the transport. */
export function bodyFraming(head: ResponseHead): number | 'chunked' | 'until-end' {
  if (head.status < 200 || head.status === 204 || head.status === 304) return 0;
  if (listIncludes(fieldValue(head.headers, 'transfer-encoding'), 'chunked')) return 'chunked';
  const length = fieldValue(head.headers, 'content-length');
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : 'until-end';
}

/** A body in chunked transfer coding (RFC 9112 7.1), decoded as it arrives. Malformed chunks end it. */
export class ChunkedBody {
  readonly #body = new MessageBuffer();
  #at = 0;
  #left = 0;
  #complete = false;

  /** Whether the last chunk has arrived. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Goes on with the message body, which begins with the same bytes as at the call before. */
  read(bytes: Uint8Array): void {
    while (!this.#complete) {
      const end = Math.min(this.#at + this.#left, bytes.length);
      if (end > this.#at) {
        this.#body.append(bytes, this.#at, end);
        this.#left -= end - this.#at;
        this.#at = end;
        if (this.#left > 0) return;
        this.#at += 2;
      }
      const lineEnd = bytes.indexOf(LF, this.#at);
      if (lineEnd === -1) {
        this.#complete = bytes.length - this.#at > MAX_CHUNK_LINE;
        return;
      }
      const line = /^[0-9a-f]{1,8}[ \t]*(?:;.*)?\r$/i.exec(latin1(bytes, this.#at, lineEnd));
      this.#left = Number.parseInt(line?.[0] ?? '0', 16);
      this.#complete = this.#left === 0;
      this.#at = lineEnd + 1;
      if (this.#at === bytes.length) return;
    }
  }

  /** Gives what has been decoded. */
  take(): Uint8Array {
    return this.#body.take();
  }
}

/** A longer line before a chunk is malformed. */
const MAX_CHUNK_LINE = 1024;

/** One character a byte. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (host.slices !== undefined) return host.slices.ascii(bytes, start, end);
  let text = '';
  // An engine limits the number of arguments of a call.
  for (let at = start; at < end; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + 4096, end)));
  }
  return text;
}
