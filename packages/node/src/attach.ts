/**
 * A connection of core on a socket of Node's: the contract of core and little else. After every call that changes the
 * connection, drain the events, then the bytes, then look at `transport` and `deadline`.
 */
import { Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { clearAlarm, type Driver, type Handlers, type Sleeper, setAlarm, WebSocketConnection } from '@sockless/adapter';
import type { Connection } from '@sockless/core';

/** What a socket of Node's may have beyond a stream. */
interface Socket extends Duplex {
  setNoDelay?(on: boolean): unknown;
  setTimeout?(milliseconds: number): unknown;
  [DRIVER]?: SocketDriver;
}

/** Where a socket keeps its driver, so that all sockets share the same listeners. */
const DRIVER = Symbol('sockless');

/**
 * Plugs a connection into a socket that is open or is opening; from here on they belong together, and the time of the
 * connection begins: make it without one.
 */
export function attach<Data = unknown>(
  socket: Duplex,
  connection: Connection,
  handlers: Handlers<Data> = {},
): WebSocketConnection<Data> {
  const ws = new WebSocketConnection(handlers);
  drive(ws, socket, connection);
  return ws;
}

/** Lets `ws` work with a connection on a socket. */
export function drive<Data>(ws: WebSocketConnection<Data>, socket: Duplex, connection: Connection): void {
  ws.start(connection, new SocketDriver(socket, connection, ws as WebSocketConnection<never>));
}

class SocketDriver implements Driver, Sleeper {
  readonly socket: Socket;
  readonly #connection: Connection;
  readonly #ws: WebSocketConnection<never>;
  // A whole number, which the engine keeps in place (benchmarks: idle).
  readonly #start = Math.floor(performance.now());
  wakeAt = 0;
  alarm = 0;
  #full = false;
  // biome-ignore lint/style/useReadonlyClassProperties: a listener assigns it
  #error: Error | undefined = undefined;

  constructor(socket: Socket, connection: Connection, ws: WebSocketConnection<never>) {
    this.socket = socket;
    this.#connection = connection;
    this.#ws = ws;
    socket[DRIVER] = this;
    // The listener for errors comes first: nothing a peer does may reach a socket without one.
    socket.on('error', SocketDriver.#onError);
    socket.on('data', SocketDriver.#onData);
    socket.on('end', SocketDriver.#onEnd);
    socket.on('close', SocketDriver.#onClose);
    socket.on('drain', SocketDriver.#onDrain);
    socket.setTimeout?.(0);
    socket.setNoDelay?.(true);
    if (socket.destroyed) queueMicrotask(() => SocketDriver.#onClose.call(socket));
  }

  now(): number {
    return performance.now() - this.#start;
  }

  get queuedBytes(): number {
    return this.socket.writableLength;
  }

  destroy(): void {
    this.socket.destroy();
    this.#connection.receiveEnd(this.now(), this.#error ?? 'terminate was called');
    // What has arrived and not been polled is dropped.
    this.#connection.close();
  }

  /** Writes until the socket is full, then does what `transport` says and waits until `deadline`. */
  flush(): void {
    const { socket } = this;
    const connection = this.#connection;
    if (!this.#full && socket.writable) {
      const first = connection.transmit();
      const second = first && connection.transmit();
      // Several pieces leave in one call to the operating system; for one, corking would only cost.
      if (second !== undefined) socket.cork();
      if (first !== undefined) this.#full = !socket.write(first);
      if (second !== undefined) {
        this.#full = !socket.write(second);
        while (!this.#full) {
          const next = connection.transmit();
          if (next === undefined) break;
          this.#full = !socket.write(next);
        }
        socket.uncork();
      }
    }
    const { transport, paused } = connection;
    if (transport === 'destroy') socket.destroy();
    else if (transport === 'end' && connection.queuedBytes === 0 && !socket.writableEnded) this.#end();
    if (paused !== socket.isPaused()) paused ? socket.pause() : socket.resume();
    if (this.#hasLeft) connection.written();
    const { deadline } = connection;
    if (deadline !== Infinity && !socket.destroyed) setAlarm(this, this.#start + deadline);
  }

  /** Ends the socket: both of its sides at once when the peer has ended too, which costs one call less. */
  #end(): void {
    if (this.socket.readableEnded && this.#hasLeft) this.socket.destroy();
    else this.socket.end();
  }

  /** All that was written is with the operating system; what lies behind another kind of stream may have kept it. */
  get #hasLeft(): boolean {
    return this.socket.writableLength === 0 && this.socket.constructor === NetSocket;
  }

  /** The deadline has passed, unless it has moved since. */
  wake(): void {
    if (this.socket.closed) return;
    this.#connection.timeout(this.now());
    this.#ws.work();
    // A client may be connecting again already; this socket still has to end.
    this.flush();
  }

  static readonly #onData = function (this: Socket, chunk: Uint8Array): void {
    const driver = this[DRIVER] as SocketDriver;
    driver.#connection.receive(chunk, driver.now());
    driver.#ws.work();
  };

  static readonly #onDrain = function (this: Socket): void {
    const driver = this[DRIVER] as SocketDriver;
    driver.#full = false;
    driver.flush();
    if (!driver.#full) driver.#ws.drained();
  };

  static readonly #onError = function (this: Socket, error: Error): void {
    // Where several addresses were tried in vain, Node's error says nothing itself.
    if (error instanceof AggregateError) error.message ||= error.errors.map(String).join(', ');
    (this[DRIVER] as SocketDriver).#error ??= error;
  };

  static readonly #onEnd = function (this: Socket): void {
    const driver = this[DRIVER] as SocketDriver;
    driver.#connection.receiveEnd(driver.now(), driver.#error);
    driver.#ws.work();
  };

  static readonly #onClose = function (this: Socket): void {
    const driver = this[DRIVER] as SocketDriver;
    clearAlarm(driver);
    // What has arrived is all there will be, so there is nothing to hold back any more: the end must come.
    driver.#connection.receiveEnd(driver.now(), driver.#error);
    driver.#connection.resume(driver.now());
    driver.#ws.work();
  };
}
