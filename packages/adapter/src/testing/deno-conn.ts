/** A connection as `Deno.connect` and `Deno.listen` make them, on a simulated one. */
import { type WireEnd, WireError } from './wire.ts';

/** The classes of errors that such a connection throws: `Deno.errors` on Deno. */
export interface ConnErrors {
  /** It has been closed. */
  readonly BadResource: new (
    message: string,
  ) => Error;
  /** It was closed while something was under way. */
  readonly Interrupted: new (
    message: string,
  ) => Error;
  /** The peer has reset it. */
  readonly ConnectionReset: new (
    message: string,
  ) => Error;
  /** Nothing can be written any more. */
  readonly BrokenPipe: new (
    message: string,
  ) => Error;
  /** The peer has ended before the TLS handshake. */
  readonly UnexpectedEof: new (
    message: string,
  ) => Error;
  /** The same is under way already. */
  readonly Busy: new (
    message: string,
  ) => Error;
}

const named = (name: string): (new (message: string) => Error) =>
  class extends Error {
    override readonly name: string = name;
  };

/** Errors with these names, for where there is no Deno. */
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

/** What an adapter uses of a `Deno.TcpConn`; or, with `tls`, of a `Deno.TlsConn`. */
export class SimulatedConn {
  /** The TLS handshake; a TCP connection has none. It resolves when the test calls `secured`. */
  readonly handshake: (() => Promise<object>) | undefined;
  /** Whether it has been closed. */
  closed = false;
  readonly #end: WireEnd;
  readonly #errors: ConnErrors;
  #greeting: boolean;
  #reading: Pending<number | null> | undefined = undefined;
  #writing: Pending<number> | undefined = undefined;
  readonly #handshakes: Pending<object>[] = [];

  /** On an end of a connection. */
  constructor(end: WireEnd, { tls = false, errors = connErrors }: { tls?: boolean; errors?: ConnErrors } = {}) {
    this.#end = end;
    this.#errors = errors;
    this.#greeting = tls;
    this.handshake = tls ? () => this.#shakeHands() : undefined;
    end.onReadable = () => this.#readable();
    end.onWritable = () => this.#writable();
  }

  /** For the test: the TLS handshake is complete. */
  secured(): void {
    this.#greeting = false;
    for (const { resolve } of this.#handshakes.splice(0)) resolve({});
    this.#readable();
    this.#writable();
  }

  /** Reads what there is, as soon as there is something; null when no more follows. */
  read(into: Uint8Array): Promise<number | null> {
    if (this.closed) return Promise.reject(this.#badResource());
    if (this.#reading !== undefined) return Promise.reject(new this.#errors.Busy('Resource is unavailable'));
    return new Promise((resolve, reject) => {
      this.#reading = { bytes: into, resolve, reject };
      this.#readable();
    });
  }

  /** Writes as much as the operating system takes, which is one byte at least. */
  write(bytes: Uint8Array): Promise<number> {
    if (this.closed) return Promise.reject(this.#badResource());
    if (this.#writing !== undefined) return Promise.reject(new this.#errors.Busy('Resource is unavailable'));
    return new Promise((resolve, reject) => {
      this.#writing = { bytes, resolve, reject };
      this.#writable();
    });
  }

  /** Ends the writable side; of a connection that was reset as well. */
  closeWrite(): Promise<void> {
    if (this.closed) return Promise.reject(this.#badResource());
    if (!this.#end.dead) this.#end.shutdown();
    return Promise.resolve();
  }

  /**
   * Closes the connection; what waits for it is interrupted.
   *
   * @throws when it has been closed
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
   * Does nothing more than that.
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
