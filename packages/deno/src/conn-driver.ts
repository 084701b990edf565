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

/** What may be missing on a `Deno.Conn`, or on something that a test or a proxy has made to look like one. */
type AnyConn = Deno.Conn & Partial<Pick<Deno.TcpConn, 'setNoDelay'> & Pick<Deno.TlsConn, 'handshake'>>;

/** A connection that has kept the process busy for so long gives others their turn, in milliseconds. */
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
  /** How many bytes the connection has transmitted that the operating system has not taken. */
  #outstanding = 0;

  /** @throws {TypeError} when `conn` is nothing that can be read from and written to */
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
    // Tells core that what has left will be reported.
    connection.written(0, this.now());
    try {
      this.socket.setNoDelay?.(true);
    } catch (error) {
      // It had been closed before. What else may be wrong, reading says.
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
    // What has arrived and not been polled is dropped.
    this.#connection.close();
  }

  /** Reads and writes where neither is under way, then does what `transport` says and waits until `deadline`. */
  flush(): void {
    if (this.#closed) return;
    const connection = this.#connection;
    // Before there is TLS, nobody can be told why.
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
    // What throws at once may have closed it just now.
    if (!this.#closed) this.#scope.alarms.follow(this, connection, this.#start);
  }

  /** The deadline has passed, unless it has moved since. */
  wake(): void {
    const { deadline } = this.#connection;
    if (deadline > this.now() && deadline !== Infinity && !this.#closed) {
      this.#scope.alarms.follow(this, this.#connection, this.#start);
      return;
    }
    expire(this.#ws, this.#connection, this);
    // A client may be connecting again already; this one still has to end.
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
        // A read that finds bytes at once comes before timers and other connections: a flood would keep both waiting.
        if (this.now() - busySince >= TURN) {
          await this.turn();
          busySince = this.now();
          continue;
        }
        const asked = this.now();
        const length = await this.socket.read(this.#room.next());
        if (this.#closed) return;
        // It has waited, so others have had theirs.
        if (this.now() - asked > 1) busySince = this.now();
        if (length !== null) this.take(length);
        // Nobody is to hear of the end of the peer while it is paused; the next one who reads does.
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

  /** Lets timers and other connections have their turn; `setImmediate` would go on before most of them. */
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
        'received bytes were transferred while more was being read behind them: copy what is to be transferred',
      );
      this.#connection.fail('handler-failed', cause, this.now());
    }
  }

  private startWriting(): void {
    if (this.#connection.queuedBytes === 0) return;
    const bytes = nextWrite(this.#connection, this.now());
    if (bytes !== undefined) this.#scope.run(() => void this.write(bytes), undefined);
  }

  /** One write at a time: what is sent meanwhile leaves together, in the next one. */
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
        // Goes on with the next write, and with deadlines, which go by what has left.
        proceed(this.#ws, this, count);
      }
    } catch (error) {
      this.closeConn(error);
    }
  }

  /** Nothing more is written; behind what the peer still sends it is the end. */
  private async end(): Promise<void> {
    this.#outbound = 'ending';
    try {
      await this.socket.closeWrite();
    } catch {
      // Why it cannot be done, reading says as well.
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
    // What has arrived is all there will be, so there is nothing to hold back any more: the end must come.
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

/** Returns the address of the peer, where there is one: a Unix socket has none. */
export function addressOf({ remoteAddr }: Partial<Deno.Conn>): string | undefined {
  return remoteAddr !== undefined && 'hostname' in remoteAddr ? remoteAddr.hostname : undefined;
}

/** Closes a connection of Deno's, if nobody else has. */
function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed, which is all that was wanted.
  }
}
