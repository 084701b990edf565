/** A connection like those of `Deno.connect` and `Deno.listen`, on one end of a simulated TCP connection. */
import { type WireEnd, WireError } from './wire.ts';

/** The error classes of such a connection: `Deno.errors` on Deno. */
export interface ConnErrors {
  /** The connection has been closed. */
  readonly BadResource: new (
    message: string,
  ) => Error;
  /** The connection was closed during an operation. */
  readonly Interrupted: new (
    message: string,
  ) => Error;
  /** The peer has reset the connection. */
  readonly ConnectionReset: new (
    message: string,
  ) => Error;
  /** The connection accepts no more bytes. */
  readonly BrokenPipe: new (
    message: string,
  ) => Error;
  /** The peer ended before the TLS handshake was complete. */
  readonly UnexpectedEof: new (
    message: string,
  ) => Error;
  /** The same operation is already in progress. */
  readonly Busy: new (
    message: string,
  ) => Error;
}

const named = (name: string): (new (message: string) => Error) =>
  class extends Error {
    override readonly name: string = name;
  };

/** Error classes with these names, for hosts other than Deno. */
export const connErrors: ConnErrors = {
  BadResource: named('BadResource'),
  Interrupted: named('Interrupted'),
  ConnectionReset: named('ConnectionReset'),
  BrokenPipe: named('BrokenPipe'),
  UnexpectedEof: named('UnexpectedEof'),
  Busy: named('Busy'),
};

interface Pending<T> {
  readonly bytes: Uint8Array;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** The part of a `Deno.TcpConn`, or with `tls` of a `Deno.TlsConn`, that an adapter uses. */
export class SimulatedConn {
  /** The TLS handshake, which a TCP connection does not have. It resolves when the test calls `secured`. */
  readonly handshake: (() => Promise<object>) | undefined;
  /** Whether it has been closed. */
  closed = false;
  readonly #end: WireEnd;
  readonly #errors: ConnErrors;
  #greeting: boolean;
  #reading: Pending<number | null> | undefined = undefined;
  #writing: Pending<number> | undefined = undefined;
  readonly #handshakes: Pending<object>[] = [];

  /** Creates a connection on one end of a simulated TCP connection. */
  constructor(end: WireEnd, { tls = false, errors = connErrors }: { tls?: boolean; errors?: ConnErrors } = {}) {
    this.#end = end;
    this.#errors = errors;
    this.#greeting = tls;
    this.handshake = tls ? () => this.#shakeHands() : undefined;
    end.onReadable = () => this.#readable();
    end.onWritable = () => this.#writable();
  }

  /** For tests: completes the TLS handshake. */
  secured(): void {
    this.#greeting = false;
    for (const { resolve } of this.#handshakes.splice(0)) resolve({});
    this.#readable();
    this.#writable();
  }

  /** Reads the bytes that have arrived, waiting for the first; returns null after the last. */
  read(into: Uint8Array): Promise<number | null> {
    if (this.closed) return Promise.reject(this.#badResource());
    if (this.#reading !== undefined) return Promise.reject(new this.#errors.Busy('Resource is unavailable'));
    return new Promise((resolve, reject) => {
      this.#reading = { bytes: into, resolve, reject };
      this.#readable();
    });
  }

  /** Writes as many bytes as the operating system takes, at least one. */
  write(bytes: Uint8Array): Promise<number> {
    if (this.closed) return Promise.reject(this.#badResource());
    if (this.#writing !== undefined) return Promise.reject(new this.#errors.Busy('Resource is unavailable'));
    return new Promise((resolve, reject) => {
      this.#writing = { bytes, resolve, reject };
      this.#writable();
    });
  }

  /** Ends the writable side, even of a connection that was reset. */
  closeWrite(): Promise<void> {
    if (this.closed) return Promise.reject(this.#badResource());
    if (!this.#end.dead) this.#end.shutdown();
    return Promise.resolve();
  }

  /**
   * Closes the connection and interrupts operations in progress.
   *
   * @throws when it has been closed before
   */
  close(): void {
    if (this.closed) throw this.#badResource();
    this.closed = true;
    this.#end.close();
    const error = new this.#errors.Interrupted('operation canceled');
    for (const waiting of [this.#reading, this.#writing, ...this.#handshakes]) waiting?.reject(error);
    this.#reading = this.#writing = undefined;
  }

  /**
   * Only checks that the connection is open.
   *
   * @throws when it has been closed
   */
  setNoDelay(): void {
    if (this.closed) throw this.#badResource();
  }

  #shakeHands(): Promise<object> {
    if (!this.#greeting) return Promise.resolve({});
    return new Promise((resolve, reject) => {
      this.#handshakes.push({ bytes: new Uint8Array(0), resolve, reject });
      this.#readable();
    });
  }

  #readable(): void {
    if (this.closed) return;
    if (this.#greeting) {
      if (this.#end.ended || this.#end.dead) this.#failGreeting();
      return;
    }
    const waiting = this.#reading;
    if (waiting === undefined) return;
    try {
      const bytes = this.#end.read(waiting.bytes.length);
      if (bytes === undefined) return;
      this.#reading = undefined;
      if (bytes !== 'end') waiting.bytes.set(bytes);
      waiting.resolve(bytes === 'end' ? null : bytes.length);
    } catch (error) {
      this.#reading = undefined;
      waiting.reject(this.#errorOf(error));
    }
  }

  #writable(): void {
    const waiting = this.#writing;
    if (waiting === undefined || this.closed || this.#greeting) return;
    try {
      const count = this.#end.take(waiting.bytes);
      if (count === 0 && waiting.bytes.length > 0) return;
      this.#writing = undefined;
      waiting.resolve(count);
    } catch (error) {
      this.#writing = undefined;
      waiting.reject(this.#errorOf(error));
    }
  }

  #failGreeting(): void {
    let failure: Error = new this.#errors.UnexpectedEof('tls handshake eof');
    try {
      this.#end.read(1);
    } catch (error) {
      failure = this.#errorOf(error);
    }
    for (const waiting of [this.#reading, this.#writing, ...this.#handshakes.splice(0)]) waiting?.reject(failure);
    this.#reading = this.#writing = undefined;
  }

  #errorOf(error: unknown): Error {
    const code = error instanceof WireError ? error.code : undefined;
    if (code === 'ECONNRESET') return new this.#errors.ConnectionReset('Connection reset by peer (os error 104)');
    return new this.#errors.BrokenPipe('Broken pipe (os error 32)');
  }

  #badResource(): Error {
    return new this.#errors.BadResource('Bad resource ID');
  }
}
