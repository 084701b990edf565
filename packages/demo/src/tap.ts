/**
 * The tap: a second connection over which a page sees the frames of its first one, as they were on the wire.
 *
 * No browser shows a page its own frames, so the server sends them back. A page opens the tap first and receives a token:
 * 128 random bits that only this page knows and that work once. It then opens `/chat?tap=TOKEN`, and the bytes of that connection
 * go to the tap. So a connection is mirrored only if it asked for that, and no page can name another page's connection. The
 * tap's own traffic is not mirrored. While the page is too slow, frames are dropped and counted.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { EndEvent } from '@sockless/core';
import {
  encodeFrameHeader,
  type FrameHeader,
  type FramePart,
  FrameReader,
  frameHeaderSize,
  Opcode,
  RSV1,
} from '@sockless/core/frame';
import type { WebSocketConnection } from '@sockless/node';
import { type Direction, encodeMirroredFrame, type TapMessage } from './protocol.ts';

/** The most bytes of a payload that are mirrored. */
const MAX_PAYLOAD = 4096;

/** The same for compressed messages; missing bytes would be missing from the window of later messages too. */
const MAX_COMPRESSED = 65_536;

/** A tap's messages are sent uncompressed, which saves the server from compressing everything twice. */
const AS_IT_IS = { compress: false };

/** With more bytes than this waiting for the page, frames are dropped. */
const MAX_QUEUED = 256 * 1024;

/** Taps that wait for their connection, by token. */
export type Taps = Map<string, Tap>;

/** The part of its connection that a tap needs. */
type TapConnection = Pick<WebSocketConnection, 'state' | 'queuedBytes' | 'send' | 'close'>;

/** The server's end of one tap. */
export class Tap {
  readonly #ws: TapConnection;
  #dropped = 0;

  constructor(ws: TapConnection) {
    this.#ws = ws;
  }

  /** Sends a mirrored frame, unless the page is too slow. */
  frame(direction: Direction, bytes: Uint8Array): void {
    if (this.#ws.state !== 'open') return;
    if (this.#ws.queuedBytes > MAX_QUEUED) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      this.tell({ type: 'dropped', frames: this.#dropped });
      this.#dropped = 0;
    }
    this.#ws.send(
      encodeMirroredFrame({ direction, time: performance.timeOrigin + performance.now(), bytes }),
      AS_IT_IS,
    );
  }

  tell(message: TapMessage): void {
    this.#ws.send(JSON.stringify(message), AS_IT_IS);
  }

  /** Reports that the mirrored connection has ended and why, and ends the tap. */
  end({ code, clean, explanation }: EndEvent): void {
    this.tell({ type: 'end', code, clean, summary: explanation.summary });
    this.#ws.close(1000);
  }
}

/** Sends its token to a page that opened a tap. */
export function openTap(taps: Taps, ws: TapConnection): string {
  const token = randomBytes(16).toString('base64url');
  const tap = new Tap(ws);
  taps.set(token, tap);
  tap.tell({ type: 'token', token });
  return token;
}

/**
 * Mirrors the bytes of a socket, from an HTTP server's `upgrade` event on.
 *
 * Call this before the socket is passed to sockless. Then the `data` listener here is the first one, and sees each chunk
 * before core unmasks it in place. It does not start the socket early, since a socket begins to flow in the next tick. The `write`
 * defined here replaces the socket's own, so every frame passes through it. Both only keep copies.
 */
export function mirror(tap: Tap, request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
  tap.tell({ type: 'handshake', direction: 'up', head: requestHead(request) });
  const up = new FrameCutter(true, (frame) => tap.frame('up', frame));
  up.push(head);
  socket.on('data', (chunk: Uint8Array) => up.push(chunk));

  const down = new FrameCutter(false, (frame) => tap.frame('down', frame));
  const response = new ResponseReader((text) => tap.tell({ type: 'handshake', direction: 'down', head: text }));
  const write: (chunk: Uint8Array | string, ...rest: never[]) => boolean = socket.write.bind(socket);
  socket.write = (chunk: Uint8Array | string, ...rest: never[]) => {
    // Short data is written as a Latin-1 string.
    down.push(response.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk));
    return write(chunk, ...rest);
  };
}

/** Cuts a stream of bytes into frames. */
export class FrameCutter {
  readonly #emit: (frame: Uint8Array) => void;
  readonly #reader: FrameReader;
  /** The frame in progress, as far as it is kept; `undefined` once it has been emitted. */
  #frame: Uint8Array | undefined = undefined;
  #kept = 0;
  #limit = MAX_PAYLOAD;
  #lost = false;

  /**
   * @param masked whether a client sends this stream
   * @param emit receives each frame in a buffer of its own, with at most the first 4 KiB of its payload, or 64 KiB of a
   *   compressed one
   */
  constructor(masked: boolean, emit: (frame: Uint8Array) => void) {
    this.#emit = emit;
    // The connection itself checks whether RSV1 may be set.
    this.#reader = new FrameReader({ masked, rsv: RSV1, maxFrameSize: Infinity });
  }

  /** Takes the next bytes, without writing to them or keeping them. */
  push(chunk: Uint8Array): void {
    if (this.#lost) return;
    this.#reader.receive(chunk);
    for (let part = this.#next(); part !== undefined; part = this.#next()) {
      if (part.first) this.#begin(part.header);
      this.#keep(chunk.subarray(part.start, part.end));
    }
  }

  /** After an illegal frame the beginning of the next one is unknown, so it is the last. */
  #next(): FramePart | undefined {
    try {
      return this.#reader.next();
    } catch {
      this.#lost = true;
      this.#emit(this.#reader.headerBytes);
      return undefined;
    }
  }

  #begin(header: FrameHeader): void {
    const { opcode, rsv, masked, length } = header;
    // Control frames are short, and a continuation is compressed if its message is.
    if (opcode === Opcode.Text || opcode === Opcode.Binary) this.#limit = rsv === 0 ? MAX_PAYLOAD : MAX_COMPRESSED;
    const size = frameHeaderSize(length, masked);
    this.#frame = new Uint8Array(size + Math.min(length, this.#limit));
    // A legal header has one encoding.
    this.#kept = encodeFrameHeader(header, this.#frame, 0);
  }

  /** Keeps the next part of the payload, as far as the limit allows. */
  #keep(bytes: Uint8Array): void {
    if (this.#frame === undefined) return;
    const part = bytes.subarray(0, this.#frame.length - this.#kept);
    this.#frame.set(part, this.#kept);
    this.#kept += part.length;
    if (this.#kept < this.#frame.length) return;
    this.#emit(this.#frame);
    this.#frame = undefined;
  }
}

/** Splits the bytes written by a server into the head of its response and the bytes behind it. */
class ResponseReader {
  readonly #emit: (head: string) => void;
  #text: string | undefined = '';
  #accepted = false;

  constructor(emit: (head: string) => void) {
    this.#emit = emit;
  }

  /** Returns the bytes that belong to frames. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#text === undefined) return this.#accepted ? chunk : chunk.subarray(chunk.length);
    const before = this.#text.length;
    this.#text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
    const end = this.#text.indexOf('\r\n\r\n');
    if (end === -1) return chunk.subarray(chunk.length);
    this.#accepted = this.#text.startsWith('HTTP/1.1 101 ');
    this.#emit(this.#text.slice(0, end + 2));
    this.#text = undefined;
    return this.#accepted ? chunk.subarray(end + 4 - before) : chunk.subarray(chunk.length);
  }
}

function requestHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) head += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  return head;
}
