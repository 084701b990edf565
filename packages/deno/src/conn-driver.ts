/** Moves the bytes of a connection over a `Deno.Conn`. */
import {
  type Driver,
  expire,
  proceed,
  type Scope,
  type Sleeper,
  type Timer,
  type WebSocketConnection,
  work,
} from '@sockless/adapter';
import type { Connection } from '@sockless/core';
import { nextWrite } from './outbox.ts';
import { Room } from './room.ts';

/** A `Deno.Conn`, or an object of a test or a proxy that resembles one. Some members may be missing. */
type AnyConn = Deno.Conn & Partial<Pick<Deno.TcpConn, 'setNoDelay'> & Pick<Deno.TlsConn, 'handshake'>>;

/** A connection that has kept the process busy for this many milliseconds yields to others. */
const TURN = 2;

export class ConnDriver implements Driver, Sleeper {
  readonly socket: AnyConn;
  readonly #connection: Connection;
  readonly #ws: WebSocketConnection<never>;
  readonly #scope: Scope<never>;
  // A whole number, which the engine keeps in place.
  readonly #start: number;
  readonly #room = new Room();
  wakeAt = 0;
  alarm = 0;
  /** `'greeting'`: the TLS handshake is in progress, so nothing is read or written yet. */
  #inbound: 'greeting' | 'idle' | 'reading' | 'ended' = 'idle';
  #outbound: 'idle' | 'writing' | 'ending' | 'ended' = 'idle';
  #turning: Timer | undefined = undefined;
  #closed = false;
  /** The number of bytes that the connection has transmitted and the operating system has not taken. */
  #outstanding = 0;

  /** @throws {TypeError} when `conn` has no `read` or `write` */
  constructor(
    conn: Deno.Conn,
    connection: Connection,
    ws: WebSocketConnection<never>,
    scope: Scope<never>,
    startedAt: number,
  ) {
    const { read, write } = (conn ?? {}) as Partial<Deno.Conn>;
    if (typeof read !== 'function' || typeof write !== 'function') throw new TypeError('a transport is a Deno.Conn');
    this.socket = conn;
    this.#connection = connection;
    this.#ws = ws;
    this.#scope = scope;
    this.#start = Math.floor(startedAt);
    // Tells core that this driver reports what has been written.
    connection.written(0, this.now());
    try {
      this.socket.setNoDelay?.(true);
    } catch (error) {
      // It had been closed before. The first read finds any other error.
      if (error instanceof Deno.errors.BadResource) this.letGo(error);
    }
    if (this.#closed || this.socket.handshake === undefined || connection.state !== 'connecting') return;
    this.#inbound = 'greeting';
    void this.greet();
  }

  now(): number {
    return this.#scope.clock.now() - this.#start;
  }

  get queuedBytes(): number {
    return this.#outstanding;
  }

  get remoteAddress(): string | undefined {
    return addressOf(this.socket);
  }

  destroy(): void {
    this.letGo('terminate was called');
    // Drop what has arrived and was not polled.
    this.#connection.close();
  }

  /**
   * Starts a read and a write unless they are in progress, then does what `transport` says and waits until `deadline`.
   */
  flush(): void {
    if (this.#closed) return;
    const connection = this.#connection;
    // Core finds a failure in `poll`, which takes no time. closeTimeout counts from here, even while a write waits.
    if (connection.state !== 'open') connection.written(0, this.now());
    // Without TLS there is no way to tell the peer why.
    const isPointless = this.#inbound === 'greeting' && connection.state !== 'connecting';
    if (isPointless || connection.transport === 'destroy') {
      this.closeConn();
      return;
    }
    if (this.#inbound !== 'greeting') {
      if (this.#outbound === 'idle') this.startWriting();
      if (this.#inbound === 'idle' && !connection.paused) this.#scope.run(ConnDriver.#startReading, this);
      if (this.#outbound === 'idle' && connection.transport === 'end') void this.end();
    }
    // An operation that threw at once may just have closed it.
    if (!this.#closed) this.#scope.alarms.follow(this, connection, this.#start);
  }

  /** The deadline has passed, unless it has moved meanwhile. */
  wake(): void {
    const { deadline } = this.#connection;
    if (deadline > this.now() && deadline !== Infinity && !this.#closed) {
      this.#scope.alarms.follow(this, this.#connection, this.#start);
      return;
    }
    expire(this.#ws, this.#connection, this);
    // The client may already be connecting again; this driver still has to end.
    this.flush();
  }

  private async greet(): Promise<void> {
    try {
      await this.socket.handshake?.();
      this.#inbound = 'idle';
      this.flush();
    } catch (error) {
      this.closeConn(error);
    }
  }

  static #startReading(driver: ConnDriver): void {
    void driver.read();
  }

  private async read(): Promise<void> {
    const connection = this.#connection;
    this.#inbound = 'reading';
    try {
      let busySince = this.now();
      while (!(connection.paused || this.#closed)) {
        // A read that finds bytes at once resolves before timers and other connections get their turn, so a flood would
        // keep both waiting.
        if (this.now() - busySince >= TURN) {
          await this.turn();
          busySince = this.now();
          continue;
        }
        const asked = this.now();
        const length = await this.socket.read(this.#room.next());
        if (this.#closed) return;
        // This read had to wait, so others have had their turn.
        if (this.now() - asked > 1) busySince = this.now();
        if (length !== null) this.take(length);
        // While paused, the peer's end must not be delivered; the next read after `resume` does it.
        else if (!connection.paused) {
          this.#inbound = 'ended';
          connection.receiveEnd(this.now());
          work(this.#ws);
          this.sideEnded();
          return;
        }
        work(this.#ws);
      }
      this.#inbound = 'idle';
    } catch (error) {
      this.closeConn(error);
    }
  }

  /** Lets timers and other connections have their turn. `setImmediate` would come before most of them. */
  private turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#turning = this.#scope.clock.setTimeout(resolve, 0);
    });
  }

  private take(length: number): void {
    const chunk = this.#room.take(length);
    if (chunk !== undefined) this.#connection.receive(chunk, this.now());
    else {
      const cause = new TypeError(
        'received bytes were transferred while more was being read into the same memory: transfer a copy instead',
      );
      this.#connection.fail('handler-failed', cause, this.now());
    }
  }

  private startWriting(): void {
    if (this.#connection.queuedBytes === 0) return;
    const bytes = nextWrite(this.#connection, this.now());
    if (bytes !== undefined) this.#scope.run(() => void this.write(bytes), undefined);
  }

  /** Writes, one operation at a time. What is sent meanwhile goes into the next write together. */
  private async write(bytes: Uint8Array): Promise<void> {
    this.#outbound = 'writing';
    this.#outstanding = bytes.length;
    try {
      for (let rest = bytes; rest.length > 0; ) {
        const count = await this.socket.write(rest);
        if (this.#closed) return;
        this.#connection.written(count, this.now());
        rest = rest.subarray(count);
        this.#outstanding = rest.length;
        if (rest.length === 0) this.#outbound = 'idle';
        // Starts the next write, and moves the deadlines, which depend on what has been written.
        proceed(this.#ws, this, count);
      }
    } catch (error) {
      this.closeConn(error);
    }
  }

  /** Ends the writable side. The connection is over when the peer's remaining bytes have been read. */
  private async end(): Promise<void> {
    this.#outbound = 'ending';
    try {
      await this.socket.closeWrite();
    } catch {
      // The pending read reports the same error.
    }
    this.#outbound = 'ended';
    this.sideEnded();
  }

  private sideEnded(): void {
    if (this.#inbound === 'ended' && this.#outbound === 'ended') this.closeConn();
  }

  private closeConn(cause?: unknown): void {
    if (this.#closed) return;
    this.letGo(cause);
    // No more bytes will come, so pausing has no purpose any more; resume, so that the end is delivered.
    this.#connection.resume(this.now());
    this.#scope.run(work, this.#ws);
  }

  private letGo(cause: unknown): void {
    if (!this.#closed) close(this.socket);
    this.#closed = true;
    this.#scope.clock.clearTimeout(this.#turning);
    this.#scope.alarms.clear(this);
    this.#connection.receiveEnd(this.now(), cause);
  }
}

/** Returns the address of the peer; `undefined` for a Unix socket, which has none. */
export function addressOf({ remoteAddr }: Partial<Deno.Conn>): string | undefined {
  return remoteAddr !== undefined && 'hostname' in remoteAddr ? remoteAddr.hostname : undefined;
}

/** Closes a connection of Deno's, if it is open. */
function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It was closed already.
  }
}
