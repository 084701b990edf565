/** What the playground makes of bytes: the frames, explained by the demo's inspector, and what core says of the connection. */
import { Connection, type ConnectionEvent, type ConnectionOptions, type Negotiated, type Role } from '@sockless/core';
import { type DeflateAgreement, DeflateTransform } from '@sockless/core/deflate';
import { createFrameHeader, decodeFrameHeader } from '@sockless/core/frame';
import { pako } from '@sockless/deflate';
import { type Explained, explain } from '../../../demo/src/page/explain.ts';
import { countOf, hex } from '../../../demo/src/page/fields.ts';
import { Inflation } from '../../../demo/src/page/inflation.ts';

/** Whose bytes they are, and what was agreed on. */
export interface Circumstances {
  /** Who receives them. */
  readonly role: Role;
  /** Whether permessage-deflate was agreed on, with windows of 2^15 bytes that are kept between messages. */
  readonly compression: boolean;
}

/** A frame, and where it begins. */
export interface DecodedFrame {
  readonly offset: number;
  readonly frame: Explained;
}

/** All there is to say of some bytes. */
export interface Decoded {
  /** The frames, up to the first header that is not legal. */
  readonly frames: readonly DecodedFrame[];
  /** How many bytes behind the last whole frame are the beginning of another one. */
  readonly rest: number;
  /** What a connection of core's delivers, a line for each event. */
  readonly events: readonly string[];
  /** The rule that the bytes break, if they do. */
  readonly fault: { readonly rule: string; readonly message: string; readonly offset: number } | undefined;
  /** What else the reader may have meant, where the fault is a likely mistake with this page; else empty. */
  readonly hint: string;
}

/** How many frames are shown. */
export const MAX_FRAMES = 200;

const AGREEMENT: DeflateAgreement = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/** Returns what `Connection.opened` takes where permessage-deflate was agreed on. */
export function compressed(role: Role): Partial<Negotiated> {
  return { transform: new DeflateTransform(role, AGREEMENT, pako, { level: 6, memLevel: 8, threshold: 0 }) };
}

/**
 * Returns the bytes that hexadecimal digits stand for, however they are set apart: `81 05`, `0x81, 0x05`, `81:05`,
 * `\x81\x05`.
 *
 * @throws {SyntaxError} when there is something else, with the place
 */
export function parseHex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/0x|\\x|[\s,:;|]+/gi, '');
  const wrong = /[^\da-f]/i.exec(digits);
  if (wrong !== null) throw new SyntaxError(`“${wrong[0]}” is not a hexadecimal digit.`);
  if (digits.length % 2 !== 0) throw new SyntaxError('The last byte has only one digit.');
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

/** Decodes what one side of a connection sent. */
export function decode(bytes: Uint8Array<ArrayBuffer>, circumstances: Circumstances): Decoded {
  const received = receive(bytes, circumstances);
  return { ...decodeFrames(bytes, circumstances), ...received, hint: hintAt(bytes, received.fault) };
}

function hintAt(bytes: Uint8Array, fault: Decoded['fault']): string {
  if (/^(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) |HTTP\/)/.test(latin1(bytes.subarray(0, 16)))) {
    return 'This looks like an opening handshake, which the playground does not read: paste what follows its empty line.';
  }
  const swapped = { 'unmasked-frame': 'a server', 'masked-frame': 'a client' }[fault?.rule ?? ''];
  return swapped === undefined ? '' : `Or choose the other direction, if it was ${swapped} that sent this.`;
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function decodeFrames(
  bytes: Uint8Array<ArrayBuffer>,
  { role, compression }: Circumstances,
): Pick<Decoded, 'frames' | 'rest'> {
  const direction = role === 'server' ? 'up' : 'down';
  const inflater = inflation(compression)[direction];
  const rules = { masked: role === 'server', rsv: inflater.rsv, maxFrameSize: Infinity };
  const frames: DecodedFrame[] = [];
  const header = createFrameHeader();
  let at = 0;
  let message: number | undefined;
  while (at < bytes.length && frames.length < MAX_FRAMES) {
    let end = bytes.length;
    let legal = true;
    try {
      const size = decodeFrameHeader(bytes, at, bytes.length, rules, header);
      if (size === 0 || at + size + header.length > bytes.length) break;
      end = at + size + header.length;
    } catch {
      legal = false; // `explain` says which rule it breaks
    }
    const frame = explain({ direction, time: 0, bytes: bytes.slice(at, end) }, message as never, inflater);
    frames.push({ offset: at, frame });
    if (!legal) return { frames, rest: 0 };
    if (header.opcode === 1 || header.opcode === 2) message = header.opcode;
    at = end;
  }
  return { frames, rest: bytes.length - at };
}

/** Both directions of a connection on which this was agreed, as the inspector reads it from the handshake. */
function inflation(compression: boolean): Inflation {
  const both = new Inflation();
  const extension = compression ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : '';
  both.handshake('up', `GET / HTTP/1.1\r\n${extension}\r\n`);
  both.handshake('down', `HTTP/1.1 101 Switching Protocols\r\n${extension}\r\n`);
  return both;
}

function receive(
  bytes: Uint8Array<ArrayBuffer>,
  { role, compression }: Circumstances,
  options: ConnectionOptions = {},
): Pick<Decoded, 'events' | 'fault'> {
  const connection = Connection.opened(role, compression ? compressed(role) : {}, options);
  const events: string[] = [];
  let fault: Decoded['fault'];
  for (const event of connection.receive(bytes.slice())) {
    if (event.type === 'open') continue;
    if (event.type === 'fail') {
      const { rule, message, offset } = event.error;
      fault = { rule, message, offset };
    } else events.push(line(event));
  }
  return { events, fault };
}

function line(event: ConnectionEvent): string {
  switch (event.type) {
    case 'text':
      return `text, ${countOf(event.data.length, 'character')}: ${JSON.stringify(shortened(event.data))}`;
    case 'binary':
    case 'ping':
    case 'pong':
      return `${event.type}, ${countOf(event.data.length, 'byte')}: ${shortened(hex(event.data.subarray(0, 100)))}`;
    case 'close':
      return `close ${event.code}${event.reason === '' ? '' : ` ${JSON.stringify(event.reason)}`}`;
    default:
      return event.type;
  }
}

const shortened = (text: string): string => (text.length <= 200 ? text : `${text.slice(0, 199)}…`);
