/** Moves the bytes of a connection over a socket of Node's, or any other stream of bytes. */
import { Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import {
  type Driver,
  expire,
  proceed,
  type Scope,
  type Sleeper,
  type WebSocketConnection,
  work,
} from '@sockless/adapter';
import type { Connection } from '@sockless/core';

/** What a socket of Node's may have beyond a stream. */
interface Socket extends Duplex {
  setNoDelay?(on: boolean): unknown;
  setTimeout?(milliseconds: number): unknown;
  readonly remoteAddress?: string | undefined;
  [DRIVER]?: SocketDriver;
}

/** Where a socket keeps its driver, so that all sockets share the same listeners. */
const DRIVER: unique symbol = Symbol('sockless');

/** The socket holds this much at most: so little that what moves there shows that the peer reads. */
const MAX_IN_SOCKET = 262_144;

/**
 * Up to this much leaves as a string, one byte a character: Node writes it from memory of its own, which it frees at once. An
 * ArrayBuffer is freed when garbage is collected, so that each one is memory that is not in the processor's caches (benchmarks: echo).
 */
const MAX_STRING = 98_304;

/**
 * The C library of most Linux systems returns memory that is freed to the system, and has it cleared again for the next messages: that doubles
 * the cost of messages of 64 KiB (benchmarks: echo). It stops once a larger block has been freed (mallopt(3), M_MMAP_THRESHOLD), as a
 * server does after its first large message. This block is that: nothing is written to it, so it takes no memory, and it is garbage at once.
 */
Buffer.allocUnsafeSlow(4_194_304);

/** Where the characters of such a string lie until it has been made. */
const characters = Buffer.allocUnsafeSlow(MAX_STRING);

export class SocketDriver implements Driver, Sleeper {
  readonly socket: Socket;
  readonly #connection: Connection;
  readonly #ws: WebSocketConnection<never>;
  readonly #scope: Scope<never>;
  // A whole number, which the engine keeps in place (benchmarks: idle).
  readonly #start: number;
  wakeAt = 0;
  alarm = 0;
  /** How many of the bytes that the connection has transmitted it has not been told to have left. */
  #outstanding = 0;
  #onWritten: (() => void) | undefined = undefined;
  /** The application waits until all has left. */
  #watching = false;
  // biome-ignore lint/style/useReadonlyClassProperties: a listener assigns it
  #error: Error | undefined = undefined;

  /** @throws {TypeError} when `socket` is no stream of bytes */
  constructor(
    socket: Socket,
    connection: Connection,
    ws: WebSocketConnection<never>,
    scope: Scope<never>,
    startedAt: number,
  ) {
    if (typeof (socket as Partial<Socket> | undefined)?.on !== 'function' || socket.readableEncoding) {
      throw new TypeError('a transport is a Duplex of bytes, without an encoding');
    }
    this.socket = socket;
    this.#connection = connection;
    this.#ws = ws;
    this.#scope = scope;
    this.#start = Math.floor(startedAt);
    socket[DRIVER] = this;
    // The listener for errors comes first: nothing a peer does may reach a socket without one.
    socket.on('error', SocketDriver.#onError);
    socket.on('data', SocketDriver.#onData);
    socket.on('end', SocketDriver.#onEnd);
    socket.on('close', SocketDriver.#onClose);
    socket.setTimeout?.(0);
    socket.setNoDelay?.(true);
    // What others have written to it and has not left yet is in `queuedBytes`: that it leaves is to be noticed as well.
    if (socket.writableNeedDrain) socket.once('drain', this.callback);
    // Tells core that what has left will be reported.
    connection.written(0, this.now());
    const cause = endOf(socket);
    if (cause !== undefined) {
      // It has ended before anybody listened: nothing more will be heard of it.
      connection.receiveEnd(this.now(), socket.errored ?? cause);
      socket.destroy();
    }
  }

  now(): number {
    return this.#scope.clock.now() - this.#start;
  }

  get queuedBytes(): number {
    return this.socket.writableLength;
  }

  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress;
  }

  destroy(): void {
    const now = this.now();
    this.report(now);
    this.socket.destroy();
    this.#connection.receiveEnd(now, this.#error ?? 'terminate was called');
    // What has arrived and not been polled is dropped.
    this.#connection.close();
  }

  /** Writes until the socket is full, then does what `transport` says and waits until `deadline`. */
  flush(): void {
    const { socket } = this;
    const connection = this.#connection;
    if (connection.queuedBytes > 0 && socket.writable) this.write(socket, connection, this.now());
    const { transport, paused } = connection;
    if (transport === 'destroy') this.destroySocket();
    else if (transport === 'end' && !socket.writableEnded && !socket.destroyed) this.endSocket();
    if (paused !== socket.isPaused()) {
      if (paused) socket.pause();
      // What has been read by now comes in the context of whoever resumes.
      else this.#scope.run(resume, socket);
    }
    if (!socket.destroyed) this.#scope.alarms.follow(this, connection, this.#start);
  }

  /** Hands the socket what there is room for. */
  private write(socket: Socket, connection: Connection, now: number): void {
    this.report(now);
    if (this.leavesAsString(connection)) {
      const length = connection.transmitInto(characters, now);
      this.#outstanding = length;
      if (length > 0) socket.write(characters.toString('latin1', 0, length), 'latin1');
      this.report(now);
      // Mostly it has left at once, and nobody need be told.
      if (this.#outstanding > this.#scope.highWaterMark) socket.write(NOTHING, this.callback);
      if (connection.queuedBytes === 0) return;
    }
    const outstanding = this.#outstanding;
    let room = MAX_IN_SOCKET - outstanding;
    const first = room > 0 ? connection.transmit(now, room) : undefined;
    if (first === undefined) return;
    const total = outstanding + first.length + connection.queuedBytes;
    // Below the mark nobody waits to be told that it has left.
    const watched = this.#watching || outstanding > 0 || total > Math.min(this.#scope.highWaterMark, MAX_IN_SOCKET);
    const call = watched ? this.callback : undefined;
    room -= first.length;
    let next = room > 0 && connection.queuedBytes > 0 ? connection.transmit(now, room) : undefined;
    // Several pieces leave in one call to the operating system; for one, corking would only cost.
    const corked = next !== undefined;
    if (corked) socket.cork();
    this.hand(socket, first, call);
    while (next !== undefined) {
      this.hand(socket, next, call);
      room -= next.length;
      next = room > 0 ? connection.transmit(now, room) : undefined;
    }
    if (corked) socket.uncork();
    this.report(now);
  }

  /**
   * Whether all that waits is little, nobody waits for it to leave, and the socket is one that copies strings. What many connections share
   * needs neither memory nor a copy.
   */
  private leavesAsString({ queuedBytes, nextIsShared }: Connection): boolean {
    const isLittle = queuedBytes <= MAX_STRING && !nextIsShared;
    return isLittle && this.#outstanding === 0 && !this.#watching && this.socket.constructor === NetSocket;
  }

  private hand(socket: Socket, bytes: Uint8Array, call: (() => void) | undefined): void {
    this.#outstanding += bytes.length;
    socket.write(bytes, call);
  }

  /** What is called when bytes that matter have left. */
  private get callback(): () => void {
    this.#onWritten ??= () => this.#scope.run(SocketDriver.#wrote, this);
    return this.#onWritten;
  }

  /** Tells the connection what has left. */
  private report(now: number): void {
    const { socket } = this;
    if (this.#outstanding === 0 || (socket.destroyed && !socket.writableFinished)) return;
    // A stream of objects does not count bytes.
    const { writableLength } = socket;
    const waiting = writableLength > 0 && socket.writableObjectMode ? this.#outstanding : writableLength;
    const left = this.#outstanding - waiting;
    if (left <= 0) return;
    this.#outstanding = waiting;
    this.#connection.written(left, now);
  }

  watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    // What it holds already may have been written without a callback: this one comes behind it.
    if (this.#outstanding > 0 && this.socket.writable) this.socket.write(NOTHING, this.callback);
  }

  private destroySocket(): void {
    // From here on nobody knows any more what has left.
    this.report(this.now());
    this.socket.destroy();
  }

  /** Ends the socket: both of its sides at once when the peer has ended too, which costs one call less. */
  private endSocket(): void {
    if (this.socket.readableEnded && this.socket.writableLength === 0 && keepsNothing(this.socket))
      this.socket.destroy();
    else this.socket.end();
  }

  /** The deadline has passed, unless it has moved since. */
  wake(): void {
    if (this.socket.closed) return;
    const now = this.now();
    this.report(now);
    if (this.#connection.deadline > now) {
      this.#scope.alarms.follow(this, this.#connection, this.#start);
      return;
    }
    expire(this.#ws, this.#connection, this);
    // A client may be connecting again already; this socket still has to end.
    if (this.#connection.state !== 'open') this.flush();
  }

  static #wrote(driver: SocketDriver): void {
    const { socket } = driver;
    if (socket.destroyed) return;
    driver.report(driver.now());
    if (driver.#outstanding === 0) driver.#watching = false;
    proceed(driver.#ws, driver);
  }

  static readonly #onData = function (this: Socket, chunk: Uint8Array): void {
    const driver = this[DRIVER] as SocketDriver;
    driver.#connection.receive(chunk, driver.now());
    driver.#scope.enter(work, driver.#ws);
  };

  static readonly #onError = function (this: Socket, error: Error): void {
    // Where several addresses were tried in vain, Node's error says nothing itself.
    if (error instanceof AggregateError) error.message ||= error.errors.map(String).join(', ');
    (this[DRIVER] as SocketDriver).#error ??= error;
  };

  static readonly #onEnd = function (this: Socket): void {
    const driver = this[DRIVER] as SocketDriver;
    const now = driver.now();
    driver.report(now);
    driver.#connection.receiveEnd(now, driver.#error);
    driver.#scope.run(work, driver.#ws);
  };

  static readonly #onClose = function (this: Socket): void {
    const driver = this[DRIVER] as SocketDriver;
    const now = driver.now();
    driver.#scope.alarms.clear(driver);
    driver.report(now);
    // What has arrived is all there will be, so there is nothing to hold back any more: the end must come.
    driver.#connection.receiveEnd(now, driver.#error);
    driver.#connection.resume(now);
    driver.#scope.run(work, driver.#ws);
  };
}

/** What a socket says of its end, if it has ended so far that nothing more is heard of it, or can be said. */
export function endOf(socket: Duplex): Error | string | undefined {
  if (socket.errored) return socket.errored;
  if (socket.destroyed) return 'the socket had been destroyed before';
  if (socket.readableEnded) return 'the peer had ended the socket before';
  if (socket.writableEnded || !socket.writable) return 'the writable side of the socket had ended before';
  return undefined;
}

/** Whether what such a socket has written is out of this process's hands. Another kind of stream may have passed it on. */
const keepsNothing = (socket: Socket): boolean => socket.constructor === NetSocket || socket.constructor === TLSSocket;

const NOTHING = new Uint8Array(0);

const resume = (socket: Socket): void => void socket.resume();
