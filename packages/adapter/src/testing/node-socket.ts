/**
 * A socket as those of `node:net` and `node:tls` are, on a simulated connection. The state machine of its streams is Node's own:
 * the class `Duplex` of the Node that runs. What is written here is what `net.Socket` does beside it.
 */
import type { Clock } from '../clock.ts';
import { type WireEnd, WireError } from './wire.ts';

/** What is used of a Duplex of `node:stream`; each member is as Node documents it. */
export interface DuplexLike {
  /** Whether it has been destroyed. */
  readonly destroyed: boolean;
  /** Whether it may be written to. */
  readonly writable: boolean;
  /** Whether it has been ended and all has left. */
  readonly writableFinished: boolean;
  /** How many bytes wait to be written. */
  readonly writableLength: number;
  /** Whether `end` was emitted. */
  readonly readableEnded: boolean;
  /** Hands over what has arrived; false when enough waits. */
  push(chunk: Uint8Array | null): boolean;
  /** Begins to read. */
  read(size?: number): unknown;
  /** Ends the stream. */
  end(): unknown;
  /** Ends the stream at once. */
  destroy(error?: Error): unknown;
  /** Calls the listeners. */
  emit(name: string, ...values: unknown[]): boolean;
  /** Calls once. */
  once(name: string, listener: (...values: unknown[]) => void): unknown;
}

/** Called when an operation is done, or has failed. */
export type Callback = (error?: Error | null) => void;

/** What a Duplex is made with. */
export interface DuplexMethods {
  /** Whether it keeps its writable side when the readable one has ended. */
  readonly allowHalfOpen: boolean;
  /** `close` is emitted here, as a socket does it. */
  readonly emitClose: false;
  /** More may be pushed. */
  read(size: number): void;
  /** Writes a chunk. */
  write(chunk: Uint8Array, encoding: unknown, done: Callback): void;
  /** Writes chunks that have been waiting. */
  writev(chunks: readonly { readonly chunk: Uint8Array }[], done: Callback): void;
  /** Ends the writable side, behind all that was written. */
  final(done: Callback): void;
  /** Releases what the stream stands on. */
  destroy(error: Error | null, done: (error: Error | null) => void): void;
}

/** What a simulated socket is to be like. */
export interface SocketOptions {
  /** Whether it keeps its writable side when the peer has ended. Default: false, as `net.connect` makes them. */
  readonly allowHalfOpen?: boolean | undefined;
  /** It is connecting until `connected` or `refused` is called. Default: false. */
  readonly connecting?: boolean | undefined;
  /** It speaks TLS, whose handshake takes until `secured` is called; the records are not simulated. Default: false. */
  readonly tls?: boolean | undefined;
  /** A write that is cut short by `destroy` fails with ECANCELED, as from Node 22 on; else it is called back without an error. Default: true. */
  readonly cancels?: boolean | undefined;
}

/** What the sockets of Node have beyond a stream. */
export interface SocketMethods {
  /** Whether it has not connected yet. */
  readonly connecting: boolean;
  /** True for one that speaks TLS. */
  readonly encrypted: true | undefined;
  /** How many bytes have arrived. */
  readonly bytesRead: number;
  /** How many bytes were written, those that wait among them. */
  readonly bytesWritten: number;
  /** Does nothing here. */
  setNoDelay(on?: boolean): this;
  /** Does nothing here. */
  setTimeout(milliseconds: number): this;
  /** Destroys it when all has left. */
  destroySoon(): void;
  /** Sends an RST. */
  resetAndDestroy(): this;
}

/** A simulated socket, and what the test does to it. */
export interface SimulatedSocket<Duplex> {
  /** What an adapter is given. */
  readonly socket: Duplex & SocketMethods;
  /** It has connected. */
  connected(): void;
  /** It could not connect. */
  refused(): void;
  /** The TLS handshake is complete. */
  secured(): void;
}

/** How much is read at a time. */
const MAX_READ = 65_536;

/**
 * Returns a socket on an end of a connection.
 *
 * @param Duplex the class of `node:stream`
 * @example
 * ```ts
 * import { Duplex } from 'node:stream';
 * const clock = new VirtualClock();
 * const [near, far] = WireEnd.pair(clock);
 * const { socket } = simulateSocket(Duplex, near, clock);
 * attach(socket, Connection.server(), handlers, { clock });
 * ```
 */
export function simulateSocket<Duplex extends DuplexLike>(
  Duplex: new (methods: DuplexMethods) => Duplex,
  end: WireEnd,
  clock: Clock,
  options: SocketOptions = {},
): SimulatedSocket<Duplex> {
  const handle = new Handle(end, clock, options);
  const socket = new Duplex({
    allowHalfOpen: options.allowHalfOpen === true,
    emitClose: false,
    read: () => handle.read(),
    write: (chunk, _, done) => handle.write([chunk], done),
    writev: (chunks, done) =>
      handle.write(
        chunks.map(({ chunk }) => chunk),
        done,
      ),
    final: (done) => handle.end(done),
    destroy: (error, done) => handle.close(error, done),
  });
  const methods: SocketMethods & ThisType<Duplex & SocketMethods> = {
    get connecting() {
      return handle.phase === 'connecting';
    },
    encrypted: options.tls || undefined,
    get bytesRead() {
      return handle.bytesRead;
    },
    get bytesWritten() {
      return handle.bytesWritten;
    },
    setNoDelay() {
      return this;
    },
    setTimeout() {
      return this;
    },
    destroySoon() {
      if (this.writable) this.end();
      if (this.writableFinished) this.destroy();
      else this.once('finish', () => this.destroy());
    },
    resetAndDestroy() {
      if (handle.phase === 'open') end.reset();
      this.destroy();
      return this;
    },
  };
  Object.defineProperties(socket, Object.getOwnPropertyDescriptors(methods));
  handle.start(socket);
  return {
    socket: socket as Duplex & SocketMethods,
    connected: () => handle.connected(),
    refused: () => handle.refused(),
    secured: () => handle.secured(),
  };
}

/** What lies between the streams of a socket and the operating system. */
class Handle {
  phase: 'connecting' | 'greeting' | 'open' | 'closed';
  bytesRead = 0;
  /** How many bytes were handed to the operating system, and how many of them it has not taken whole. */
  #handed = 0;
  #unfinished = 0;
  readonly #end: WireEnd;
  readonly #clock: Clock;
  readonly #tls: boolean;
  readonly #cancels: boolean;
  #socket: DuplexLike | undefined = undefined;
  #reading = false;
  #eof = false;
  /** What was to be written, and has not been taken. */
  #rest: Uint8Array[] = [];
  #written: Callback | undefined = undefined;
  /** What waits until the socket is open. */
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

  /** As Node counts: what waits in front of the operating system is among them. */
  get bytesWritten(): number {
    return this.#handed + (this.#socket?.writableLength ?? 0) - this.#unfinished;
  }

  start(socket: DuplexLike): void {
    this.#socket = socket;
    if (this.#tls) socket.once('end', () => this.#failGreeting());
    if (this.phase === 'greeting') this.#reading = true;
    else if (this.phase === 'open') this.#soon(() => socket.read(0));
  }

  connected(): void {
    if (this.phase !== 'connecting') return;
    this.phase = this.#tls ? 'greeting' : 'open';
    this.#socket?.emit('connect');
    if (this.phase === 'open') this.#open();
    else this.#reading = true;
  }

  refused(): void {
    if (this.phase === 'connecting') this.#socket?.destroy(failure('connect', 'ECONNREFUSED'));
  }

  secured(): void {
    if (this.phase !== 'greeting') return;
    this.phase = 'open';
    this.#reading = false;
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
    // A record of TLS is never complete before this call returns.
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
        // Each chunk is alone in its memory.
        if (!socket.push(bytes.slice())) this.#reading = false;
      }
    }
  }

  /** Nothing but the end can come before the TLS handshake is complete: its bytes are not simulated. */
  #readGreeting(socket: DuplexLike): void {
    try {
      const bytes = this.#end.ended || this.#end.dead ? this.#end.read(MAX_READ) : undefined;
      if (bytes !== 'end') return;
      this.#reading = false;
      this.#eof = true;
      socket.push(null);
      socket.read(0);
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

  /** In a later turn of the loop. */
  #soon(call: () => void): void {
    this.#clock.setTimeout(call, 0);
  }
}

const codeOf = (error: unknown): string => (error instanceof WireError ? error.code : String(error));

/** An error as Node makes them of what the operating system says. */
function failure(syscall: string, code: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}
