/**
 * A socket like those of `node:net` and `node:tls`, on one end of a simulated TCP connection. The stream is the class `Duplex` of
 * the current Node; this file adds what `net.Socket` does beyond a stream.
 */
import type { Clock } from '../clock.ts';
import { type Callback, type DuplexLike, Handle, type SocketOptions } from './node-handle.ts';
import type { WireEnd } from './wire.ts';

/** The options of a Duplex. */
export interface DuplexMethods {
  /** Whether the writable side stays open when the readable one has ended. */
  readonly allowHalfOpen: boolean;
  /** The simulated socket itself emits `close`. */
  readonly emitClose: false;
  /** Asks for more chunks. */
  read(size: number): void;
  /** Writes a chunk. */
  write(chunk: Uint8Array, encoding: unknown, done: Callback): void;
  /** Writes the chunks that have been waiting. */
  writev(chunks: readonly { readonly chunk: Uint8Array }[], done: Callback): void;
  /** Ends the writable side, after everything was written. */
  final(done: Callback): void;
  /** Closes the underlying socket. */
  destroy(error: Error | null, done: (error: Error | null) => void): void;
}

/** The members of a Node socket that a stream does not have. */
export interface SocketMethods {
  /** Whether it has not connected yet. */
  readonly connecting: boolean;
  /** True if it uses TLS. */
  readonly encrypted: true | undefined;
  /** The number of bytes that have arrived. */
  readonly bytesRead: number;
  /** The number of bytes written, including those that wait. */
  readonly bytesWritten: number;
  /** Does nothing here. */
  setNoDelay(on?: boolean): this;
  /** Does nothing here. */
  setTimeout(milliseconds: number): this;
  /** Destroys it when everything has been written. */
  destroySoon(): void;
  /** Sends an RST. */
  resetAndDestroy(): this;
}

/** A simulated socket, with methods for a test. */
export interface SimulatedSocket<Duplex> {
  /** The socket for an adapter. */
  readonly socket: Duplex & SocketMethods;
  /** Completes the connection. */
  connected(): void;
  /** Fails the connection. */
  refused(): void;
  /** Completes the TLS handshake. */
  secured(): void;
}

/**
 * Returns a socket on one end of a simulated TCP connection.
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
      return handle.bytesWritten(this);
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
