/**
 * Parses and formats HTTP/1.1 heads (RFC 9112 2 to 5), strictly, and only as far as the opening handshake needs HTTP.
 *
 *     HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
 */
import { HandshakeError } from '../rules.ts';
import { writeLatin1 } from '../text/encode.ts';
import { type HeaderField, isFieldLine, isFieldValue, isToken, trim } from './fields.ts';

/** The head of a request (RFC 9112 3). */
export interface RequestHead {
  /** The method; GET for a WebSocket. */
  readonly method: string;
  /** The request target (RFC 9112 3.2): a path and a query, or a whole http: or https: URI. */
  readonly target: string;
  /** The HTTP version times ten: 10 for HTTP/1.0, 11 for HTTP/1.1. */
  readonly version: number;
  /** The header fields in order, with names in lower case. */
  readonly headers: readonly HeaderField[];
  /** Whether some header fields are missing because their reader dropped them. Default: false. */
  readonly truncated?: boolean | undefined;
}

/** The head of a response (RFC 9112 4). */
export interface ResponseHead {
  /** The HTTP status. */
  readonly status: number;
  /** The reason phrase, for people to read. */
  readonly reason: string;
  /** The header fields in order; the names are in lower case if core has parsed them. */
  readonly headers: readonly HeaderField[];
}

/** The greatest number of header fields in a head. */
export const MAX_FIELDS = 128;

const NOTHING = new Uint8Array(0);

/**
 * Parses the head of a request.
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
  // 4.2.1: "An HTTP/1.1 or higher GET request". Higher means within HTTP/1 here, because HTTP/2 has another syntax.
  if (version < 11 || version > 19) throw new HandshakeError('http-version', `HTTP/${major}.${minor}`);
  return { method, target, version, headers: parseFields(lines, 'request-malformed') };
}

/**
 * Parses the head of a response.
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

/** Returns the lines of a head without CR LF, and without the empty line. */
const linesOf = (head: string): string[] => (head.endsWith('\r\n\r\n') ? head.slice(0, -4) : head).split('\r\n');

function parseFields(lines: readonly string[], malformed: 'request-malformed' | 'response-malformed'): HeaderField[] {
  if (lines.length - 1 > MAX_FIELDS) throw new HandshakeError('head-too-big', `more than ${MAX_FIELDS} header fields`);
  const fields: [name: string, value: string][] = [];
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] as string;
    const last = fields.at(-1);
    // RFC 9112 5.2: "A user agent that receives an obs-fold in a response message [...] MUST replace each received
    // obs-fold with one or more SP octets prior to interpreting the field value." A server "MUST either reject the
    // message [...] or replace" it. Here a request with one is refused. So is, by 2.2, whitespace before the first field.
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

/** Returns the head of a request as bytes. Nothing is checked: all parts must be valid already. */
export function formatRequestHead(head: RequestHead): Uint8Array {
  return toLatin1(requestText(head), NOTHING);
}

/** Returns the head of a response and its body as bytes. Nothing is checked: all parts must be valid already. */
export function formatResponse(head: ResponseHead, body: Uint8Array = NOTHING): Uint8Array {
  return toLatin1(responseText(head), body);
}

/** Returns the head of a request as text with one character for each byte. */
export const requestText = ({ method, target, headers }: RequestHead): string =>
  formatFields(`${method} ${target} HTTP/1.1\r\n`, headers);

/** Returns the head of a response as text with one character for each byte. */
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
