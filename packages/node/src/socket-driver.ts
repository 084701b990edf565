/** Moves the bytes of a connection over a socket of Node's, or any other stream of bytes. */
import { Socket as NetSocket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import {
  type Driver,
  expire,
  proceed,
  type Scope,
  type Sleeper,
  scopeOf,
  type WebSocketConnection,
  work,
} from '@sockless/adapter';
import type { Connection } from '@sockless/core';

/** The members that a socket of Node's may have in addition to those of a stream. */
interface Socket extends Duplex {
  setNoDelay?(on: boolean): unknown;
  setTimeout?(milliseconds: number): unknown;
  readonly remoteAddress?: string | undefined;
  [DRIVER]?: SocketDriver;
}

/** The property of a socket that holds its driver, so that all sockets can share the same listeners. */
const DRIVER: unique symbol = Symbol('sockless');

/** The most bytes in the socket. It is small enough that progress there shows whether the peer is reading. */
const MAX_IN_SOCKET = 262_144;

/** If at most this many bytes wait, they pass through memory that is used again: new memory costs more (benchmarks: echo). */
const MAX_COPIED = 98_304;

/**
 * The C library of most Linux systems returns freed memory to the system, which must clear it before the next message
 * uses it: that doubles the cost of messages of 64 KiB (benchmarks: echo). The library stops doing so once a larger
 * block has been freed (mallopt(3), M_MMAP_THRESHOLD), for example after a server's first large message. This block has
 * the same effect. It is garbage at once, and nothing is written to it, so it takes no memory.
 */
Buffer.allocUnsafeSlow(4_194_304);

/** The methods of an unchanged socket. It does not keep bytes that it reports as written. */
const { write: WRITE } = Duplex.prototype;
const { _write: _WRITE } = NetSocket.prototype;

/** Up to this many bytes have memory of exactly their length: a view of longer memory costs more than their copy. */
const SHORT = 256;

/**
 * The memory that bytes pass through on their way to a socket: `passages[n]` has n bytes up to `SHORT`, and
 * `passages[SHORT + n]` has 2 ** n. If a socket keeps one, because the system does not take all bytes at once, it is
 * replaced. So a peer that does not read keeps less than twice the memory of its bytes.
 */
const passages: (Buffer | undefined)[] = [];

export class SocketDriver implements Driver, Sleeper {
  readonly socket: Socket;
  readonly #connection: Connection;
  readonly #ws: WebSocketConnection<never>;
  // A whole number, which the engine keeps in place (benchmarks: idle).
  readonly #start: number;
  wakeAt = 0;
  alarm = 0;
  /** The number of bytes that the connection has transmitted and that were not reported to it as written. */
  #outstanding = 0;
  #onWritten: (() => void) | undefined = undefined;
  /** Whether the application waits until everything has been written. */
  #watching = false;
  /** Whether the socket is paused. It is not asked each time: its readable half is cold in a broadcast (benchmarks: broadcast). */
  #paused: boolean;
  // biome-ignore lint/style/useReadonlyClassProperties: a listener assigns it
  #error: Error | undefined = undefined;

  /** @throws {TypeError} when `socket` is not a stream of bytes */
  constructor(socket: Socket, connection: Connection, ws: WebSocketConnection<never>, startedAt: number) {
    if (typeof (socket as Partial<Socket> | undefined)?.on !== 'function' || socket.readableEncoding) {
      throw new TypeError('a transport is a Duplex of bytes, without an encoding');
    }
    this.socket = socket;
    this.#connection = connection;
    this.#ws = ws;
    this.#start = Math.floor(startedAt);
    socket[DRIVER] = this;
    // The listener for errors comes first: nothing a peer does may reach a socket without one.
    socket.on('error', SocketDriver.#onError);
    socket.on('data', SocketDriver.#onData);
    // Only now, because that listener resumes some paused sockets.
    this.#paused = socket.isPaused();
    socket.on('end', SocketDriver.#onEnd);
    socket.on('close', SocketDriver.#onClose);
    socket.setTimeout?.(0);
    socket.setNoDelay?.(true);
    // `queuedBytes` includes bytes that other code has written to the socket, so notice when those are written as well.
    if (socket.writableLength > 0 && socket.writable && !socket.writableObjectMode) this.notice();
    // Tells core that this driver reports what has been written.
    connection.written(0, this.now());
    const cause = endOf(socket);
    if (cause !== undefined) {
      // The socket had ended before there was a listener, so no event will come.
      connection.receiveEnd(this.now(), socket.errored ?? cause);
      socket.destroy();
    }
  }

  /** A connection has it already, so that the driver need not carry it too (benchmarks: idle). */
  private get scope(): Scope<never> {
    return scopeOf(this.#ws);
  }

  now(): number {
    return this.scope.clock.now() - this.#start;
  }

  get isOver(): boolean {
    return this.socket.closed;
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
    // Drop what has arrived and was not polled.
    this.#connection.close();
  }

  /** Writes until the socket is full, then does what `transport` says and waits until `deadline`. */
  flush(): void {
    const { socket } = this;
    const connection = this.#connection;
    // Core finds a failure in `poll`, which takes no time. closeTimeout counts from here, even if the socket is full.
    if (connection.state !== 'open') connection.written(0, this.now());
    if (connection.queuedBytes > 0 && socket.writable) this.write(socket, connection);
    const { transport, paused } = connection;
    if (transport === 'destroy') this.destroySocket();
    else if (transport === 'end' && !socket.writableEnded && !socket.destroyed) this.endSocket();
    if (paused !== this.#paused) {
      this.#paused = paused;
      if (paused) socket.pause();
      // Chunks that were read while paused are emitted in the context of the caller of `resume`.
      else this.scope.run(resume, socket);
    }
    this.scope.alarms.follow(this, connection, this.#start);
  }

  /** Writes copies as long as the socket keeps none of them. */
  flushCopies(): void {
    const connection = this.#connection;
    const now = this.now();
    this.report(now);
    while (connection.queuedBytes > 0 && this.passesBytesOn) this.writeCopy(connection, now);
  }

  writeFrame(frame: Uint8Array): boolean {
    this.give(bufferOf(frame), undefined);
    if (this.#outstanding === 0) return true;
    this.#connection.written(0, this.now());
    return false;
  }

  /** Writes as much as the socket has room for. */
  private write(socket: Socket, connection: Connection): void {
    if (this.#outstanding > 0) this.report(this.now());
    // To ask for the time costs as much as to read a frame, and no deadline needs it while the connection is open and
    // everything leaves at once.
    const now = connection.state === 'open' ? undefined : this.now();
    // A prepared message, which many connections share, needs neither memory nor a copy.
    const { nextIsShared } = connection;
    if (!nextIsShared && connection.queuedBytes <= MAX_COPIED && this.passesBytesOn) {
      this.writeCopy(connection, now);
    }
    if (connection.queuedBytes > 0) this.writeParts(socket, connection, nextIsShared, now);
    const isTimed = this.#outstanding + connection.queuedBytes > 0 || connection.state !== 'open';
    if (isTimed && now === undefined) connection.written(0, this.now());
  }

  /** Writes what need not pass through that memory, or does not fit into it, as far as the socket has room. */
  private writeParts(socket: Socket, connection: Connection, isShared: boolean, now: number | undefined): void {
    const outstanding = this.#outstanding;
    let room = MAX_IN_SOCKET - outstanding;
    const first = room > 0 ? connection.transmit(now, room) : undefined;
    if (first === undefined) return;
    const total = outstanding + first.length + connection.queuedBytes;
    const call = this.#watching || outstanding > 0 || total > this.mark ? this.callback : undefined;
    room -= first.length;
    let next = room > 0 && connection.queuedBytes > 0 ? connection.transmit(now, room) : undefined;
    // Cork several parts, so that they need one call to the operating system. For a single part, corking only costs.
    const corked = next !== undefined;
    if (corked) socket.cork();
    this.hand(socket, isShared ? bufferOf(first) : first, call);
    while (next !== undefined) {
      this.hand(socket, next, call);
      room -= next.length;
      next = room > 0 ? connection.transmit(now, room) : undefined;
    }
    if (corked) socket.uncork();
    this.report(now);
  }

  /** Writes the next bytes by way of one of the {@link passages}. */
  private writeCopy(connection: Connection, now: number | undefined): void {
    const waiting = Math.min(connection.queuedBytes, MAX_IN_SOCKET);
    // The smallest n with 2 ** n bytes for all that waits.
    const n = 32 - Math.clz32(waiting - 1);
    const at = waiting <= SHORT ? waiting : SHORT + n;
    const passage = passages[at] ?? Buffer.allocUnsafeSlow(waiting <= SHORT ? waiting : 2 ** n);
    // Should `write` lead to another write, that one takes other memory.
    passages[at] = undefined;
    const length = connection.transmitInto(passage, now);
    if (length > 0) this.give(length === passage.length ? passage : passage.subarray(0, length), now);
    if (this.#outstanding === 0) passages[at] = passage;
  }

  /** Writes to a socket that {@link passesBytesOn}. Usually all of it leaves at once, and no callback is needed. */
  private give(bytes: Uint8Array, now: number | undefined): void {
    this.hand(this.socket, bytes, undefined);
    this.report(now);
    if (this.#outstanding > this.mark) this.socket.write(NOTHING, this.callback);
  }

  /** Whether this is a writable socket that holds nothing of ours, and tells after each write whether it keeps bytes. */
  get passesBytesOn(): boolean {
    const { socket } = this;
    if (this.#outstanding > 0 || this.#watching) return false;
    // A program may have replaced a method by one that keeps bytes. If it has replaced `_write` of all sockets before
    // this file was loaded, that is not noticed.
    return socket.writable && socket.write === WRITE && socket._write === _WRITE && socket.constructor === NetSocket;
  }

  /** The most bytes that may be in the socket without a callback. With more, the application or further bytes wait for it. */
  private get mark(): number {
    return Math.min(this.scope.highWaterMark, MAX_IN_SOCKET - 1);
  }

  private hand(socket: Socket, bytes: Uint8Array, call: (() => void) | undefined): void {
    this.#outstanding += bytes.length;
    socket.write(bytes, call);
  }

  /** The callback for a write that must be reported. */
  private get callback(): () => void {
    this.#onWritten ??= () => this.scope.run(SocketDriver.#wrote, this);
    return this.#onWritten;
  }

  /** Reports to the connection what has been written. */
  private report(now?: number): void {
    const { socket } = this;
    if (this.#outstanding === 0) return;
    // A socket of Node's that is writable has lost nothing.
    const isSound = socket.writable && keepsNothing(socket);
    if (!isSound && ((socket.destroyed && !socket.writableFinished) || socket.errored)) return;
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
    if (this.socket.writableLength > 0 && this.socket.writable) this.notice();
  }

  /** Asks for the callback when the bytes in the socket, which may have been written without one, have left. */
  private notice(): void {
    try {
      this.socket.write(NOTHING, this.callback);
    } catch {
      // A stream whose `write` throws will throw again when the connection sends something, and that is reported.
    }
  }

  private destroySocket(): void {
    // From now on it is unknown what has been written.
    this.report(this.now());
    this.socket.destroy();
  }

  /** Ends the socket; both sides at once if the peer has ended too, which saves a call. */
  private endSocket(): void {
    if (this.socket.readableEnded && this.socket.writableLength === 0 && keepsNothing(this.socket))
      this.socket.destroy();
    else this.socket.end();
  }

  /** The deadline has passed, unless it has moved meanwhile. */
  wake(): void {
    const now = this.now();
    this.report(now);
    if (this.#connection.deadline > now) {
      this.scope.alarms.follow(this, this.#connection, this.#start);
      return;
    }
    expire(this.#ws, this.#connection, this, now);
    // The client may already be connecting again; this socket still has to end.
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
    driver.scope.enter(work, driver.#ws);
  };

  static readonly #onError = function (this: Socket, error: Error): void {
    // If several addresses were tried, Node's AggregateError has no message of its own.
    if (error instanceof AggregateError) error.message ||= error.errors.map(String).join(', ');
    (this[DRIVER] as SocketDriver).#error ??= error;
  };

  static readonly #onEnd = function (this: Socket): void {
    const driver = this[DRIVER] as SocketDriver;
    const now = driver.now();
    driver.report(now);
    driver.#connection.receiveEnd(now, driver.#error);
    driver.scope.run(work, driver.#ws);
  };

  static readonly #onClose = function (this: Socket): void {
    const driver = this[DRIVER] as SocketDriver;
    const now = driver.now();
    driver.scope.alarms.clear(driver);
    driver.report(now);
    // No more bytes will come, so pausing has no purpose any more; resume, so that the end is delivered.
    driver.#connection.receiveEnd(now, driver.#error);
    driver.#connection.resume(now);
    driver.scope.run(work, driver.#ws);
  };
}

/** Returns why a socket has ended, if it has ended so far that no event will come or nothing can be written. */
export function endOf(socket: Duplex): Error | string | undefined {
  if (socket.errored) return socket.errored;
  if (socket.destroyed) return 'the socket had been destroyed before';
  if (socket.readableEnded) return 'the peer had ended the socket before';
  if (socket.writableEnded || !socket.writable) return 'the writable side of the socket had ended before';
  return undefined;
}

/** The Buffers of frames that many connections write. */
const buffers = new WeakMap<Uint8Array, Buffer>();

/**
 * Returns the same bytes as a Buffer, which is made once for a frame that many connections write: a stream makes one
 * for each write of any other Uint8Array (benchmarks: broadcast).
 */
function bufferOf(frame: Uint8Array): Buffer {
  let buffer = buffers.get(frame);
  if (buffer === undefined) {
    buffer = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
    buffers.set(frame, buffer);
  }
  return buffer;
}

/** Whether bytes written by such a socket have left this process. Another kind of stream may still keep them. */
const keepsNothing = (socket: Socket): boolean => socket.constructor === NetSocket || socket.constructor === TLSSocket;

const NOTHING = new Uint8Array(0);

const resume = (socket: Socket): void => void socket.resume();
