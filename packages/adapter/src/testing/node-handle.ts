/** The simulated operating system below a Node socket: connecting, reading, writing and closing on one end of a TCP connection. */
import type { Clock } from '../clock.ts';
import { type WireEnd, WireError } from './wire.ts';

/** The part of `Duplex` of `node:stream` that is used here; each member is as Node documents it. */
export interface DuplexLike {
  /** Whether it has been destroyed. */
  readonly destroyed: boolean;
  /** Whether it may be written to. */
  readonly writable: boolean;
  /** Whether it has ended and everything has been written. */
  readonly writableFinished: boolean;
  /** The number of bytes that wait to be written. */
  readonly writableLength: number;
  /** Whether `end` was emitted. */
  readonly readableEnded: boolean;
  /** Adds a chunk to the readable side; returns false when enough is waiting. */
  push(chunk: Uint8Array | null): boolean;
  /** Starts reading. */
  read(size?: number): unknown;
  /** Ends the writable side. */
  end(): unknown;
  /** Ends both sides at once. */
  destroy(error?: Error): unknown;
  /** Calls the listeners. */
  emit(name: string, ...values: unknown[]): boolean;
  /** Adds a listener for one event. */
  once(name: string, listener: (...values: unknown[]) => void): unknown;
}

/** Called when an operation has completed or failed. */
export type Callback = (error?: Error | null) => void;

/** The options of a simulated socket. */
export interface SocketOptions {
  /** Whether the writable side stays open when the peer has ended. Default: false, as for `net.connect`. */
  readonly allowHalfOpen?: boolean | undefined;
  /** Whether it is connecting until `connected` or `refused` is called. Default: false. */
  readonly connecting?: boolean | undefined;
  /** Whether it uses TLS, with a handshake that lasts until `secured` is called; TLS records are not simulated. Default: false. */
  readonly tls?: boolean | undefined;
  /** Whether a write cut short by `destroy` fails with ECANCELED, as since Node 22, or else succeeds. Default: true. */
  readonly cancels?: boolean | undefined;
}

/** The most bytes read at a time. */
const MAX_READ = 65_536;

/** The layer between the streams of a socket and the operating system. */
export class Handle {
  phase: 'connecting' | 'greeting' | 'open' | 'closed';
  bytesRead = 0;
  /** The number of bytes handed to the operating system, and how many of those belong to a write that it has not completed. */
  #handed = 0;
  #unfinished = 0;
  readonly #end: WireEnd;
  readonly #clock: Clock;
  readonly #tls: boolean;
  readonly #cancels: boolean;
  #socket: DuplexLike | undefined = undefined;
  #reading = false;
  #eof = false;
  /** The chunks that were to be written and have not been taken. */
  #rest: Uint8Array[] = [];
  #written: Callback | undefined = undefined;
  /** Operations that wait until the socket is open. */
  readonly #waiting: (() => void)[] = [];

  constructor(end: WireEnd, clock: Clock, { connecting = false, tls = false, cancels = true }: SocketOptions) {
    this.#end = end;
    this.#clock = clock;
    this.#tls = tls;
    this.#cancels = cancels;
    this.phase = connecting ? 'connecting' : tls ? 'greeting' : 'open';
    end.onReadable = () => this.#readable();
    end.onWritable = () => this.#writable();
  }

  /** Counts as Node does: bytes that wait in the stream are included. */
  bytesWritten({ writableLength }: DuplexLike): number {
    return this.#handed + writableLength - this.#unfinished;
  }

  start(socket: DuplexLike): void {
    this.#socket = socket;
    if (this.#tls) socket.once('end', () => this.#failGreeting());
    if (this.phase === 'open') this.#soon(() => socket.read(0));
  }

  connected(): void {
    if (this.phase !== 'connecting') return;
    this.phase = this.#tls ? 'greeting' : 'open';
    this.#socket?.emit('connect');
    if (this.phase === 'open') this.#open();
  }

  refused(): void {
    if (this.phase === 'connecting') this.#socket?.destroy(failure('connect', 'ECONNREFUSED'));
  }

  secured(): void {
    if (this.phase !== 'greeting') return;
    this.phase = 'open';
    this.#socket?.emit('secureConnect');
    this.#open();
  }

  read(): void {
    if (this.phase === 'open') this.#startReading();
    else if (this.phase !== 'closed') this.#waiting.push(() => this.read());
  }

  write(chunks: readonly Uint8Array[], done: Callback): void {
    if (this.phase === 'connecting' || this.phase === 'greeting') {
      this.#waiting.push(() => this.write(chunks, done));
      return;
    }
    for (const { length } of chunks) this.#unfinished += length;
    this.#handed += this.#unfinished;
    this.#rest = chunks.filter(({ length }) => length > 0);
    const error = this.#tryToWrite();
    // With TLS, a write never completes before this call returns.
    if (error !== undefined || (this.#rest.length === 0 && !this.#tls)) {
      this.#unfinished = 0;
      done(error);
    } else {
      this.#written = done;
      if (this.#rest.length === 0) this.#soon(() => this.#wrote());
    }
  }

  end(done: Callback): void {
    if (this.phase === 'connecting' || this.phase === 'greeting') {
      this.#waiting.push(() => this.end(done));
      return;
    }
    this.#soon(() => {
      if (this.phase === 'closed') return;
      try {
        this.#end.shutdown();
        done();
      } catch (error) {
        done(failure('shutdown', codeOf(error)));
      }
    });
  }

  close(error: Error | null, done: (error: Error | null) => void): void {
    this.phase = 'closed';
    this.#end.close();
    this.#soon(() => {
      const written = this.#written;
      this.#written = undefined;
      this.#unfinished = 0;
      written?.(this.#cancels ? failure('write', 'ECANCELED') : null);
      this.#socket?.emit('close', error !== null);
    });
    done(error);
  }

  #open(): void {
    for (const call of this.#waiting.splice(0)) call();
    this.#socket?.read(0);
  }

  #startReading(): void {
    if (this.#reading || this.#eof) return;
    this.#reading = true;
    this.#soon(() => this.#readable());
  }

  #readable(): void {
    const socket = this.#socket;
    if (this.phase === 'greeting' && socket !== undefined) this.#readGreeting(socket);
    while (this.#reading && this.phase === 'open' && socket !== undefined) {
      let bytes: Uint8Array | 'end' | undefined;
      try {
        bytes = this.#end.read(MAX_READ);
      } catch (error) {
        socket.destroy(failure('read', codeOf(error)));
        return;
      }
      if (bytes === undefined) return;
      if (bytes === 'end') {
        this.#reading = false;
        this.#eof = true;
        socket.push(null);
        socket.read(0);
      } else {
        this.bytesRead += bytes.length;
        // Each chunk has a buffer of its own.
        if (!socket.push(bytes.slice())) this.#reading = false;
      }
    }
  }

  /** Before the TLS handshake is complete only the end can arrive, because its bytes are not simulated. */
  #readGreeting(socket: DuplexLike): void {
    try {
      const bytes = this.#end.ended || this.#end.dead ? this.#end.read(MAX_READ) : undefined;
      if (bytes !== 'end') return;
      this.#eof = true;
      socket.push(null);
      socket.read();
    } catch (error) {
      socket.destroy(failure('read', codeOf(error)));
    }
  }

  #failGreeting(): void {
    if (this.phase !== 'greeting') return;
    const text = 'Client network socket disconnected before secure TLS connection was established';
    this.#socket?.destroy(Object.assign(new Error(text), { code: 'ECONNRESET' }));
  }

  #writable(): void {
    if (this.#written === undefined || this.phase !== 'open' || this.#rest.length === 0) return;
    const error = this.#tryToWrite();
    if (error !== undefined || this.#rest.length === 0) this.#wrote(error);
  }

  #wrote(error?: Error): void {
    const done = this.#written;
    this.#written = undefined;
    this.#unfinished = 0;
    if (this.phase !== 'closed') done?.(error);
  }

  #tryToWrite(): Error | undefined {
    try {
      for (let first = this.#rest[0]; first !== undefined; first = this.#rest[0]) {
        const count = this.#end.take(first);
        if (count < first.length) {
          this.#rest[0] = first.subarray(count);
          break;
        }
        this.#rest.shift();
      }
      return undefined;
    } catch (error) {
      return failure('write', codeOf(error));
    }
  }

  /** Calls in a later turn of the event loop. */
  #soon(call: () => void): void {
    this.#clock.setTimeout(call, 0);
  }
}

const codeOf = (error: unknown): string => (error instanceof WireError ? error.code : String(error));

/** Returns an error in the form in which Node reports one of the operating system. */
function failure(syscall: string, code: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}
