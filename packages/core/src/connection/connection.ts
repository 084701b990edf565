/**
 * A WebSocket connection without its transport (RFC 6455 4, 5.5, 7): bytes in → events and bytes out.
 *
 * This file has the public methods, and checks their arguments. All state is one record (facts.ts). The opening handshake
 * is an object while it lasts (opening.ts), and so is the end once it has begun (closing.ts). In between the connection is
 * open, and borrows a receiver and a sender when it needs them (spare.ts). reading.ts turns received bytes into events,
 * writing.ts transmits, and failing.ts begins the end.
 *
 * The contract with the caller: after every call that changes a connection, drain the events, then drain the bytes, then
 * read `transport` and `deadline`.
 */
import { type BytesLike, isUint8Array, toBytes } from '../bytes-like.ts';
import { encodeClosePayload } from '../frame/close.ts';
import { Opcode } from '../frame/header.ts';
import { type Negotiated, offerTo } from '../handshake/client.ts';
import type { HeaderFieldsInit } from '../handshake/fields.ts';
import { type RequestHead, requestText, responseText } from '../handshake/http1.ts';
import { type AcceptOptions, rejectRequest } from '../handshake/server.ts';
import type { RandomSource } from '../host.ts';
import { checkCount, checkObject } from '../misuse.ts';
import { shown } from '../printable.ts';
import { LOCAL_RULES, type LocalRuleName, StateError } from '../rules.ts';
import { PreparedMessage } from '../send/prepared.ts';
import type { State, Transport } from './closing.ts';
import type { ConnectionEvent, ConnectionStatistics } from './events.ts';
import { Facts } from './facts.ts';
import { closeLocally, expire, failLocally, failOpening } from './failing.ts';
import { ClientOpening, type Opening, ServerOpening } from './opening.ts';
import type { ClientOptions, ConnectionOptions, Role, SendOptions, ServerOptions } from './options.ts';
import { open, readFrames, readOpening, takeEnd, takeOpen, undecided } from './reading.ts';
import {
  ResolvedOptions,
  type ResolvedServerOptions,
  resolveClientOptions,
  resolveOptions,
  resolveServerOptions,
} from './resolved-options.ts';
import { type Spare, spareOf } from './spare.ts';
import {
  checkPrepared,
  checkSendable,
  move,
  sendAtOnce,
  sendControl,
  tick,
  transmit,
  transmitInto,
} from './writing.ts';

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * One end of a WebSocket connection. Give it the bytes that the transport receives, iterate over its events, and write the
 * bytes that it transmits.
 *
 * @example
 * ```ts
 * const connection = Connection.server();
 * for (const event of connection.receive(chunk, now)) {
 *   if (event.type === 'request') connection.accept();
 *   if (event.type === 'text') connection.send(event.data);
 * }
 * for (let bytes; (bytes = connection.transmit()) !== undefined; ) socket.write(bytes);
 * ```
 */
export class Connection implements Iterable<ConnectionEvent>, Iterator<ConnectionEvent, undefined> {
  readonly #facts: Facts;

  private constructor(spare: Spare, now: number, opening?: Opening) {
    this.#facts = new Facts(spare, now, opening);
    if (opening !== undefined) this.#facts.startHandshake(opening);
  }

  /**
   * Returns a client that opens a connection to `url` over a connected transport. Its request waits for `transmit`.
   *
   * @param now the time on the caller's clock in milliseconds
   * @throws {SyntaxError} when `url` is not a WebSocket URI
   * @throws {TypeError | RangeError} when an option is not valid, or there is no source of random bytes
   * @see RFC 6455 4.1
   */
  static client(url: string, options: ClientOptions = {}, now = 0): Connection {
    const spare = spareOf(options, 'client', resolveClientOptions);
    // Of resolved options only `compression` affects the request.
    const asked = options instanceof ResolvedOptions ? { compression: options.compression } : options;
    const offer = offerTo(url, asked, spare.options.random as RandomSource);
    const connection = new Connection(spare, now, new ClientOpening(spare.options, offer));
    connection.#facts.borrowSender().head(requestText(offer.request));
    return connection;
  }

  /**
   * Returns a server that waits for the request of a client.
   *
   * @param now the time on the caller's clock in milliseconds
   * @throws {TypeError | RangeError} when an option is not valid
   * @see RFC 6455 4.2
   */
  static server(options: ServerOptions | ResolvedServerOptions = {}, now = 0): Connection {
    const spare = spareOf(options, 'server', resolveServerOptions);
    return new Connection(spare, now, new ServerOpening(spare.options));
  }

  /**
   * Returns a connection whose opening handshake has been completed by other means. Its first event is `open`.
   *
   * @param now the time on the caller's clock in milliseconds
   * @throws {TypeError | RangeError} when an option is not valid, or a client has no source of random bytes
   */
  static opened(
    role: Role,
    negotiated: Partial<Negotiated> = {},
    options: ConnectionOptions | ResolvedOptions = {},
    now = 0,
  ): Connection {
    if (role !== 'client' && role !== 'server') throw new TypeError(`role: 'client' or 'server', not ${shown(role)}`);
    checkObject(negotiated, 'negotiated');
    const connection = new Connection(spareOf(options, role, resolveOptions), now);
    open(connection.#facts, { subprotocol: '', extensions: [], ...negotiated }, []);
    return connection;
  }

  /** The role of this end of the connection. */
  get role(): Role {
    return this.#facts.spare.role;
  }

  /** The state of the connection. */
  get state(): State {
    return this.#facts.phase.state;
  }

  /**
   * Whether to keep the transport open, end it, or destroy it. It becomes `end` only when no bytes wait for `transmit` any more; `destroy`
   * does not wait.
   */
  get transport(): Transport {
    const transport = this.#facts.phase[this.role];
    return transport === 'end' && this.queuedBytes > 0 ? 'open' : transport;
  }

  /** The time at which to call `timeout`, on the caller's clock in milliseconds; `Infinity` when there is none. */
  get deadline(): number {
    return this.#facts.deadline;
  }

  /**
   * How many milliseconds after `deadline` are soon enough for `timeout`. For a Ping frame of the heartbeat: an 8th of its interval,
   * at most 2,000 and half of the time until another deadline; else 0. A caller with many connections need not wake up for each of them.
   */
  get slack(): number {
    return this.#facts.slack;
  }

  /** The number of bytes that wait for `transmit`. */
  get queuedBytes(): number {
    return this.#facts.queuedBytes;
  }

  /** The number of bytes in the outbox from which on `send` throws `queue-full`: the option of that name. */
  get maxQueuedBytes(): number {
    return this.#facts.options.maxQueuedBytes;
  }

  /** The numbers of bytes and messages so far, and when they passed; the `end` event has them too. */
  get statistics(): ConnectionStatistics {
    return this.#facts.statistics;
  }

  /** Whether the application has called `pause`. */
  get paused(): boolean {
    return this.#facts.paused;
  }

  /**
   * Takes the next bytes of the transport. They belong to the connection now: it unmasks payloads in place, and events hold views of them.
   *
   * @param now the time on the caller's clock in milliseconds; default: the last time given
   * @returns the connection, to iterate over the events
   * @throws {TypeError} when `chunk` is not a Uint8Array
   */
  receive(chunk: Uint8Array, now?: number): this {
    if (!isUint8Array(chunk)) throw new TypeError(`chunk: a Uint8Array, not ${shown(chunk)}`);
    const facts = this.#facts;
    tick(facts, now);
    facts.bytesReceived += chunk.length;
    facts.receivedAt = Math.floor(facts.now);
    const { closing, opening } = facts;
    if (closing?.isDeaf) return this;
    if (opening !== undefined) opening.receive(chunk);
    else {
      facts.borrowReceiver(chunk.length).receive(chunk);
      if (closing === undefined && !facts.paused) facts.alive();
    }
    return this;
  }

  /**
   * Takes the head of a request that has been read already, by the HTTP server from which the transport came.
   *
   * @returns the connection, to iterate over the events
   * @throws {StateError} `not-connecting` when this is not a server that waits for a request
   */
  receiveRequest(head: RequestHead, now?: number): this {
    const facts = this.#facts;
    if (facts.closing !== undefined || !facts.opening?.receiveRequest(head)) {
      const why = `this is not a server that waits for a request: the ${this.role} is ${this.state}`;
      throw new StateError('not-connecting', why);
    }
    tick(facts, now);
    return this;
  }

  /**
   * Takes the end of the transport: its read side has ended, or it is gone. The connection is closed now. If the write side still works,
   * `transmit` and `transport` go on until nothing waits or closeTimeout has passed.
   *
   * @param cause the reason for the explanation of `end`: the error of a socket, for instance
   * @returns the connection, to iterate over the events
   */
  receiveEnd(now?: number, cause?: unknown): this {
    const facts = this.#facts;
    facts.takeTime(now);
    const closing = facts.beginClosing();
    if (closing.ended) return this;
    if (cause !== undefined) closing.cause = cause;
    closing.ended = true;
    facts.startEnd(closing);
    return this;
  }

  /**
   * Takes the time. Call it when `deadline` has passed; an early call does nothing.
   *
   * @returns the connection, to iterate over the events
   */
  timeout(now: number): this {
    const facts = this.#facts;
    facts.takeTime(now);
    for (let name = facts.expiredDeadline(); name !== undefined; name = facts.expiredDeadline()) {
      if (name === 'ping') {
        facts.borrowSender().control(Opcode.Ping, facts.heartbeat());
        facts.pinged();
      } else expire(facts, name);
    }
    tick(facts, now);
    return this;
  }

  /** Returns the next event, or `undefined` when there is none for now. Nothing is parsed ahead: not to poll is back-pressure. */
  poll(): ConnectionEvent | undefined {
    const facts = this.#facts;
    if (facts.paused) return undefined;
    // What is not called takes no room in the code that an engine makes of this (benchmarks: decode, one frame per chunk).
    return (
      takeOpen(facts) ??
      (facts.opening && readOpening(facts, facts.opening)) ??
      (facts.receiver && readFrames(facts, facts.receiver)) ??
      (facts.closing && takeEnd(facts, facts.closing))
    );
  }

  /** Does {@link poll} for an iterator, which is done when there is no event for now. A later iteration continues. */
  next(): IteratorResult<ConnectionEvent, undefined> {
    const value = this.poll();
    return value === undefined ? DONE : { done: false, value };
  }

  /** The connection itself: there is one sequence of events. */
  [Symbol.iterator](): this {
    return this;
  }

  /**
   * Returns the next bytes to write, in order, or `undefined` when there are none for now. They are the caller's for good, alone in their
   * buffer and exactly as long, with three exceptions. A borrowed payload (`send` with `lend`) is the application's, and the frame of a
   * prepared message is shared with other connections: the caller may only read both. The pieces that `max` cuts share a buffer,
   * which holds bytes of this connection only: copy a piece before you transfer it.
   *
   * @param now the caller's time in milliseconds; without it, the deadlines stall and, after a failure, close restart with the next `now`
   * @param max the greatest number of bytes to return; longer parts are divided
   * @throws {RangeError} when `max` is neither a whole number from 1 nor `Infinity`
   */
  transmit(now?: number, max: number = Infinity): Uint8Array | undefined {
    if (max !== Infinity) checkCount('max', max, 1, Number.MAX_SAFE_INTEGER);
    return transmit(this.#facts, now, max);
  }

  /**
   * Whether the next bytes are the frame of a prepared message. `transmit` returns that frame as it is, at less cost than
   * {@link transmitInto}.
   */
  get nextIsShared(): boolean {
    return this.#facts.sender?.nextIsShared === true;
  }

  /**
   * Writes the next bytes into memory that stays the caller's, and returns how many: 0 when there are none for now. Saves the allocation
   * of {@link transmit} where the transport copies what it is given.
   *
   * @param now as for {@link transmit}
   * @throws {TypeError} when `into` is not a Uint8Array, or is empty
   */
  transmitInto(into: Uint8Array, now?: number): number {
    if (!(into instanceof Uint8Array && into.length > 0)) throw new TypeError('into: a Uint8Array that is not empty');
    return transmitInto(this.#facts, into, now);
  }

  /**
   * Reports that transmitted bytes have been written: all of them, or the first `count` that have not been reported yet.
   *
   * A caller that learns when its bytes are written calls `written(0)` first, to announce that it reports. One that never learns it never
   * calls this: its bytes count as written as soon as they are transmitted, for the stall deadline, `clean` and `unsentBytes`.
   *
   * @param now the time on the caller's clock in milliseconds
   * @throws {RangeError} when `count` is not a whole number from 0 to the number of bytes not reported yet
   */
  written(count: number = this.#facts.unreported, now?: number): void {
    const facts = this.#facts;
    if (count !== facts.unreported) checkCount('count', count, 0, facts.unreported);
    facts.reports = true;
    facts.unreported -= count;
    if (count > 0) move(facts, now);
    else tick(facts, now);
  }

  /**
   * Copies what has not been transmitted of borrowed payloads (`send` with `lend`). They are the application's again once the caller has
   * written or copied what was transmitted. To lend, transmit, and end the loan saves the copy of what the transport took meanwhile.
   */
  endLoans(): void {
    this.#facts.sender?.endLoans();
  }

  /**
   * Stops the events: `poll` returns nothing until `resume`. The idle, message and pong deadlines do not run meanwhile, since silence is
   * not the peer's fault then. The stall deadline, which is about writing, does. Stop reading from the transport too, or the bytes that
   * arrive pile up here.
   */
  pause(): void {
    if (this.state !== 'open') return;
    this.#facts.paused = true;
    this.#facts.clearSilence();
  }

  /** Ends `pause`: poll for events again. */
  resume(now?: number): void {
    const facts = this.#facts;
    tick(facts, now);
    if (!facts.paused) return;
    facts.paused = false;
    if (this.state === 'open') facts.alive();
  }

  /**
   * Accepts the request. The response waits for `transmit`, and `open` is the next event.
   *
   * @throws {StateError} `not-connecting` when no request waits for a decision
   * @throws {TypeError | RangeError} when an option is not valid
   * @see RFC 6455 4.2.2
   */
  accept(options: AcceptOptions = {}, now?: number): void {
    const facts = this.#facts;
    const { accept } = undecided(facts);
    const accepted = accept(options);
    facts.takeTime(now);
    facts.borrowSender().head(responseText(accepted.response));
    open(facts, accepted, []);
    tick(facts, now);
  }

  /**
   * Rejects the request. The response waits for `transmit`, and the transport ends after it.
   *
   * @throws {StateError} `not-connecting` when no request waits for a decision
   * @throws {TypeError | RangeError} when the status or a header field is not valid
   * @see RFC 6455 4.2.2
   */
  reject(status: number, headers?: HeaderFieldsInit, body: string | BytesLike = '', now?: number): void {
    const facts = this.#facts;
    const { opening } = undecided(facts);
    const bytes = toBytes(body);
    const response = rejectRequest(status, headers, bytes.length);
    facts.takeTime(now);
    facts.borrowSender().head(responseText(response), bytes);
    failOpening(facts, opening.failure('handshake-rejected', String(status)));
  }

  /**
   * Sends a message: a string as text, bytes as binary (or, with `text`, as text), a prepared message as it was prepared.
   * Bytes are the caller's again when this returns, unless it lends them, and are never written to.
   *
   * @throws {StateError} `not-open` and `queue-full`, which a peer can cause by closing, and by reading too slowly: look at `state` and
   *   `queuedBytes` before. And `message-in-progress`, which only the application can cause
   * @throws {TypeError} when `data` is none of these, when with `text` the bytes are not valid UTF-8, and when there are
   *   options for a prepared message
   * @see RFC 6455 6.1
   */
  send(data: string | BytesLike | PreparedMessage, options?: SendOptions): void {
    checkSendable(this.#facts);
    if (typeof data !== 'string' && data instanceof PreparedMessage) {
      if (options !== undefined) checkPrepared(options);
      this.#facts.borrowSender().prepared(data);
      this.#facts.messagesSent++;
      return;
    }
    const message = typeof data === 'string' ? data : toBytes(data);
    this.#facts.borrowSender().message(message, options?.compress, options?.lend, options?.text);
    this.#facts.messagesSent++;
  }

  /**
   * Sends a prepared message like {@link send}. If nothing waits before it, it does not wait for `transmit` either: this returns its frame,
   * as `transmit` would, and the caller writes it next. To send one message on many connections costs least this way.
   *
   * @param now as for {@link transmit}
   * @returns `undefined` when the message waits for `transmit`: at a client, behind other bytes, or where it is divided
   * @throws {StateError | TypeError} as {@link send}
   */
  sendAtOnce(message: PreparedMessage, now?: number): Uint8Array | undefined {
    return sendAtOnce(this.#facts, message, now);
  }

  /**
   * Sends the next fragment of a message; the first one's type is the message's. A string may end between the halves of a surrogate
   * pair, and bytes that are sent as text may end inside a character.
   *
   * @throws {StateError} `not-open`, `queue-full`: a peer can cause both, see {@link send}
   * @throws {TypeError} when `data` is neither a string nor bytes, or of another type than the fragments before, when with `text` the
   *   message is not valid UTF-8, or when the previous fragment ended inside a character and one of the two is a string, the other bytes
   * @see RFC 6455 5.4
   */
  sendFragment(data: string | BytesLike, final: boolean, options?: SendOptions): void {
    checkSendable(this.#facts);
    const fragment = typeof data === 'string' ? data : toBytes(data);
    this.#facts.borrowSender().fragment(fragment, final, options?.compress, options?.lend, options?.text);
    if (final) this.#facts.messagesSent++;
  }

  /**
   * Sends a Ping frame.
   *
   * @param data at most 125 bytes, a string as UTF-8
   * @throws {StateError} `not-open`, `queue-full`: a peer can cause both, see {@link send}
   * @throws {RangeError} when `data` is longer
   * @see RFC 6455 5.5.2
   */
  ping(data: string | BytesLike = ''): void {
    sendControl(this.#facts, Opcode.Ping, data);
  }

  /**
   * Sends a Pong frame: unsolicited, or the answer to a Ping frame where `autoPong` is off.
   *
   * @param data at most 125 bytes, a string as UTF-8
   * @throws {StateError} `not-open`, `queue-full`: a peer can cause both, see {@link send}
   * @throws {RangeError} when `data` is longer
   * @see RFC 6455 5.5.3
   */
  pong(data: string | BytesLike = ''): void {
    sendControl(this.#facts, Opcode.Pong, data);
  }

  /**
   * Starts the closing handshake: our Close frame waits for `transmit`. From here on Ping frames are answered without an event, and all
   * else but the peer's Close frame is dropped. While connecting, the opening handshake is abandoned instead. When the connection is
   * closing already, nothing happens. When the transport has ended, events that have not been polled are dropped, and `end` is next.
   *
   * @param code 1000-1003, 1007-1014 or 3000-4999; default: none
   * @param reason at most 123 bytes of UTF-8
   * @throws {RangeError} when the code may not be sent or the reason is too long
   * @see RFC 6455 7.1.2
   */
  close(code?: number, reason = '', now?: number): void {
    const payload = encodeClosePayload(code, reason);
    const facts = this.#facts;
    facts.takeTime(now);
    closeLocally(facts, { code: code ?? 1005, reason }, payload);
    tick(facts, now);
  }

  /**
   * Fails the connection for a fault of our own side (7.1.7): nothing more is parsed, a Close frame with the code of the rule waits for
   * `transmit`, closeTimeout runs, and `fail` is the next event, or the second if `open` has not been polled.
   *
   * This is for an application or adapter that cannot continue. `reader-too-slow` (1013) means that too many bytes wait for `transmit`; it
   * drops the messages of which no byte has been transmitted. `handler-failed` (1011) means that the application threw. While connecting,
   * a request that waits for a decision is answered with status 500, and any other opening handshake is abandoned. A connection that is
   * closing already continues to close, but `reader-too-slow` still drops messages, so that the Close frame is next.
   *
   * @param cause the reason for the `cause` of the error and for the explanation of `end`
   * @throws {TypeError} when there is no such rule
   */
  fail(rule: LocalRuleName, cause?: unknown, now?: number): void {
    if (!LOCAL_RULES.includes(rule)) throw new TypeError(`rule: ${LOCAL_RULES.join(' or ')}, not ${shown(rule)}`);
    const facts = this.#facts;
    facts.takeTime(now);
    failLocally(facts, rule, cause);
    tick(facts, now);
  }
}
