/**
 * A connection of core on a connection of Deno's: the contract of core and little else. After every call that changes the
 * connection, drain the events, then the bytes, then look at `transport` and `deadline`.
 */
import { clearAlarm, type Driver, type Handlers, type Sleeper, setAlarm, WebSocketConnection } from '@sockless/adapter';
import type { Connection } from '@sockless/core';
import { Outbox } from './outbox.ts';
import { Room } from './room.ts';

/**
 * Plugs a connection into a `Deno.Conn`; from here on they belong together, and the time of the connection begins: make
 * it without one.
 */
export function attach<Data = unknown>(
  conn: Deno.Conn,
  connection: Connection,
  handlers: Handlers<Data> = {},
): WebSocketConnection<Data> {
  const ws = new WebSocketConnection(handlers);
  drive(ws, conn, connection);
  return ws;
}

/** Lets `ws` work with a connection on a `Deno.Conn` that is open, or is opening until `giveUp` is called. */
export function drive<Data>(
  ws: WebSocketConnection<Data>,
  conn: Deno.Conn | PromiseLike<Deno.Conn>,
  connection: Connection,
  giveUp?: () => void,
): void {
  ws.start(connection, new ConnDriver(ws as WebSocketConnection<unknown>, conn, connection, giveUp));
}

/** Once more than this has been sent and not been written, `drain` follows. */
const HIGH_WATER_MARK = 65_536;

class ConnDriver implements Driver, Sleeper {
  socket: Deno.Conn | undefined = undefined;
  wakeAt = 0;
  alarm = 0;
  readonly #connection: Connection;
  readonly #ws: WebSocketConnection<unknown>;
  readonly #giveUp: (() => void) | undefined;
  // A whole number, which the engine keeps in place.
  readonly #start = Math.floor(performance.now());
  readonly #room = new Room();
  readonly #outbox: Outbox;
  #reading = false;
  #writing = false;
  #full = false;
  #ending = false;
  // How many of the two sides of `socket` have ended.
  #ended = 0;
  #closed = false;
  // How much of the present piece is not written.
  #left = 0;

  constructor(
    ws: WebSocketConnection<unknown>,
    conn: Deno.Conn | PromiseLike<Deno.Conn>,
    connection: Connection,
    giveUp: (() => void) | undefined,
  ) {
    this.#connection = connection;
    this.#ws = ws;
    this.#giveUp = giveUp;
    this.#outbox = new Outbox(connection);
    if (!('then' in conn)) this.#open(conn);
    else {
      void conn.then(
        (it) => {
          this.#open(it);
          this.flush();
        },
        (error) => this.#close(error),
      );
    }
  }

  now(): number {
    return performance.now() - this.#start;
  }

  get queuedBytes(): number {
    return this.#left + this.#outbox.queuedBytes;
  }

  destroy(): void {
    this.#letGo('terminate was called');
    // What has arrived and not been polled is dropped.
    this.#connection.close();
  }

  /** Writes and reads where neither is under way, then does what `transport` says and waits until `deadline`. */
  flush(): void {
    if (this.#closed) return;
    const { socket } = this;
    const connection = this.#connection;
    if (socket !== undefined) {
      const bytes = this.#writing ? undefined : this.#outbox.next();
      if (bytes !== undefined) void this.#write(socket, bytes);
      if (!(this.#reading || connection.paused)) void this.#read(socket);
      if (this.#writing) this.#full ||= this.queuedBytes + connection.queuedBytes > HIGH_WATER_MARK;
      else if (connection.transport === 'end' && !this.#ending) void this.#end(socket);
    }
    if (connection.transport === 'destroy') this.#close();
    else if (connection.deadline !== Infinity) setAlarm(this, this.#start + connection.deadline);
  }

  /** The deadline has passed, unless it has moved since. */
  wake(): void {
    if (this.#closed) return;
    this.#connection.timeout(this.now());
    this.#ws.work();
    // A client may be connecting again already; this connection still has to end.
    this.flush();
  }

  #open(conn: Deno.Conn): void {
    this.socket = conn;
    // What is wrong with a connection, reading says.
    attempt(() => {
      if (this.#closed) conn.close();
      else (conn as Partial<Deno.TcpConn>).setNoDelay?.(true);
    }, ignore);
  }

  async #read(conn: Deno.Conn): Promise<void> {
    this.#reading = true;
    try {
      while (!this.#connection.paused) {
        const length = await conn.read(this.#room.next());
        if (length !== null) this.#take(length);
        else if (!this.#connection.paused) {
          this.#connection.receiveEnd(this.now());
          this.#work();
          this.#endOne();
          return;
        }
        this.#work();
      }
      this.#reading = false;
    } catch (error) {
      this.#close(error);
    }
  }

  #take(length: number): void {
    const chunk = this.#room.take(length);
    if (chunk !== undefined) this.#connection.receive(chunk, this.now());
    else {
      const cause = new TypeError(
        'received bytes were transferred while more was being read behind them: copy what is to be transferred',
      );
      this.#connection.fail('handler-failed', cause, this.now());
    }
  }

  /** One write at a time: what is sent meanwhile leaves together, in the next one. */
  async #write(conn: Deno.Conn, first: Uint8Array): Promise<void> {
    this.#writing = true;
    try {
      for (let bytes: Uint8Array | undefined = first; bytes !== undefined; bytes = this.#outbox.next()) {
        this.#left = bytes.length;
        this.#left -= await conn.write(bytes);
        while (this.#left > 0) this.#left -= await conn.write(bytes.subarray(-this.#left));
        this.#outbox.release();
      }
      this.#connection.written();
    } catch (error) {
      this.#outbox.release();
      this.#close(error);
    }
    this.#writing = false;
    if (this.#full && !this.#closed) {
      this.#full = false;
      attempt(() => this.#ws.drained());
    }
    this.flush();
  }

  /** Nothing more is written; behind what the peer still sends it is the end. */
  async #end(conn: Deno.Conn): Promise<void> {
    this.#ending = true;
    // Why it cannot be done, reading says as well.
    await conn.closeWrite().catch(ignore);
    this.#endOne();
  }

  #endOne(): void {
    if (++this.#ended === 2) this.#close();
    else this.flush();
  }

  #close(cause?: unknown): void {
    if (this.#closed) return;
    this.#letGo(cause);
    // What has arrived is all there will be, so there is nothing to hold back any more: the end must come.
    this.#connection.resume(this.now());
    this.#work();
  }

  #letGo(cause: unknown): void {
    if (this.socket === undefined) this.#giveUp?.();
    // Somebody else may have closed it.
    else if (!this.#closed) attempt(() => this.socket?.close(), ignore);
    this.#closed = true;
    clearAlarm(this);
    this.#connection.receiveEnd(this.now(), cause);
  }

  #work(): void {
    attempt(() => this.#ws.work());
  }
}

/** What a handler throws is the process's to catch, and does not end the reading or writing that led to it. */
function attempt(call: () => void, onError: (error: unknown) => void = reportError): void {
  try {
    call();
  } catch (error) {
    onError(error);
  }
}

const ignore = (): void => undefined;
