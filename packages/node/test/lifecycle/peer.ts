// The peer of the socket under test: it speaks frames, reads when told to, and otherwise behaves well.
import type { Socket } from 'node:net';
import { closing, frame, response } from '../raw.ts';

/** Longer payloads are counted but not kept. */
const SHORT = 126;

export class Peer {
  /** Called for a Close frame, and for the large message that filled the socket. */
  onClose: (code: number) => void = () => undefined;
  onLarge: () => void = () => undefined;
  /** The number of large messages that have arrived. */
  largeOnes = 0;
  /** The short messages that have arrived. */
  readonly texts: string[] = [];
  /** Whether our side has ended. */
  ended = false;
  /** Whether it answers a Close frame with one, and ends when our side has ended. */
  polite = true;
  readonly #socket: Socket;
  readonly #role: 'client' | 'server';
  #head: boolean;
  #bytes: Buffer = Buffer.alloc(0);
  #skip = 0;
  #closed = false;

  /** @param opened whether there is no opening handshake to answer */
  constructor(socket: Socket, role: 'client' | 'server', opened: boolean) {
    this.#socket = socket;
    this.#role = role;
    this.#head = !opened;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => {
      this.ended = true;
      if (this.polite) socket.end();
    });
  }

  text(data: string): void {
    this.#write(frame(this.#role, 0x81, data));
  }

  close(code: number): void {
    this.#closed = true;
    this.#write(frame(this.#role, 0x88, closing(code)));
  }

  /** Sends a FIN. */
  end(): void {
    this.#socket.end();
  }

  /** Sends an RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Stops reading. */
  hold(): void {
    this.#socket.pause();
  }

  /** Starts or resumes reading, and handles postponed frames. */
  release(): void {
    this.polite = true;
    this.#socket.resume();
    if (this.ended) this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  #receive(chunk: Buffer): void {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    if (skipped > 0 && this.#skip === 0) this.#large();
    this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(skipped)]);
    if (this.#head) this.#answer();
    while (!this.#head && this.#next());
  }

  #large(): void {
    this.largeOnes++;
    this.onLarge();
  }

  #answer(): void {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return;
    this.#head = false;
    this.#write(Buffer.from(response(this.#bytes.toString('latin1', 0, end + 4))));
    this.#bytes = this.#bytes.subarray(end + 4);
  }

  /** Takes a complete frame from the received bytes, if there is one. */
  #next(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 14 && !(bytes.length >= 2 && (bytes.readUInt8(1) & 127) < SHORT)) return false;
    const second = bytes.readUInt8(1);
    const keyAt = 2 + ([2, 8][(second & 127) - 126] ?? 0);
    const start = keyAt + (second & 128 ? 4 : 0);
    const length = (second & 127) < SHORT ? second & 127 : Number(bytes.readUIntBE(keyAt - 6, 6));
    if (length >= SHORT) {
      const there = Math.min(length, bytes.length - start);
      this.#bytes = bytes.subarray(start + there);
      this.#skip = length - there;
      if (this.#skip === 0) this.#large();
      return true;
    }
    if (bytes.length < start + length) return false;
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (start > keyAt) for (const [i, byte] of payload.entries()) payload[i] = byte ^ bytes.readUInt8(keyAt + (i & 3));
    this.#bytes = bytes.subarray(start + length);
    this.#take(bytes.readUInt8(0) & 15, payload);
    return true;
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === 1) this.texts.push(payload.toString());
    if (opcode !== 8) return;
    this.onClose(payload.length === 0 ? 1005 : payload.readUInt16BE(0));
    if (!this.#closed && this.polite) this.close(payload.length === 0 ? 1000 : payload.readUInt16BE(0));
    // 7.1.1: the server ends the connection first.
    if (this.polite && this.#role === 'server') this.end();
  }
}
