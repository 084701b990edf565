/**
 * A WebSocket connection without its transport (RFC 6455 4, 5.5, 7): bytes in → events and bytes out.
 *
 * The only file where the inbound and the outbound half-machine meet, and the owner of every transition. Two machines:
 *
 * The opening handshake is an object while it lasts, and nothing once the connection is open.
 *
 * The closing handshake is three facts: our Close frame was sent, the peer's was received, the transport has ended.
 * Everything else is computed from them:
 *
 *     sent  received  ended   state     transport: server         client
 *      -       -        -     open      open                      open
 *      x       -        -     closing   open                      open
 *      x       x        -     closing   end                       open (7.1.1: the server ends first)
 *     any     any       x     closed    end; destroy if a deadline ended it
 *     failed                  closing   end                       open; destroy in the opening handshake
 *
 * A Close frame that is received is answered at once, so "received but not sent" is never seen from outside. A
 * connection that failed has sent Close (if it was open) and parses nothing further (7.1.7). "Sent" means queued: as long
 * as bytes wait in the outbox, `transport` is `open` where the table says `end`.
 *
 * The contract with the caller: after every call that changes a connection, drain the events, then drain the bytes,
 * then read `transport` and `deadline`.
 */

import { TransferredError } from '../bytes.ts';
import { type BytesLike, isUint8Array, toBytes } from '../bytes-like.ts';
import type { MessageTransform } from '../deflate/extension.ts';
import { type CloseReason, encodeClosePayload } from '../frame/close.ts';
import { MAX_CONTROL_PAYLOAD, Opcode } from '../frame/header.ts';
import { type Negotiated, type RequestOptions, request } from '../handshake/client.ts';
import type { HeaderField, HeaderFieldsInit } from '../handshake/fields.ts';
import { type RequestHead, requestText, responseText } from '../handshake/http1.ts';
import { type AcceptOptions, type HandshakeRequest, rejectFor, rejectRequest } from '../handshake/server.ts';
import { CLIENT_OPTIONS, checkNames, checkObject } from '../misuse.ts';
import { shown, told } from '../printable.ts';
import { Receiver, type ReceiverEvent } from '../receive/receiver.ts';
import { HandshakeError, LOCAL_RULES, type LocalRuleName, ProtocolError, StateError } from '../rules.ts';
import { Sender } from '../send/sender.ts';
import type { AtRest, Role } from './at-rest.ts';
import { expiredDeadline, nextDeadline } from './deadlines.ts';
import type { ConnectionEvent, OpenEvent } from './events.ts';
import { endEvent } from './explanation.ts';
import { ClientOpening, ServerOpening } from './opening.ts';
import {
  type ConnectionOptions,
  ResolvedOptions,
  type ResolvedServerOptions,
  resolveOptions,
  resolveServerOptions,
  type ServerOptions,
} from './options.ts';
import { Timers } from './timers.ts';

/** What the caller is to do with its transport once `transmit` gives nothing more. */
export type Transport = 'open' | 'end' | 'destroy';

/** The states of RFC 6455: CONNECTING (4.1), OPEN (4.1), CLOSING (7.1.3), CLOSED (7.1.4). */
export type State = 'connecting' | 'open' | 'closing' | 'closed';

/** {@link Connection.client}'s options. */
export interface ClientOptions extends ConnectionOptions, RequestOptions {}

/** How to send one message. */
export interface SendOptions {
  /** Whether to compress it, where that was negotiated. Default: when it is `threshold` bytes long or longer. */
  readonly compress?: boolean | undefined;
  /**
   * Whether bytes are borrowed and not copied: they must not be written to, transferred or resized until they have left. That saves the
   * copy of a payload of 4 KiB and more that is neither masked nor compressed. If its memory has been transferred or resized by
   * the time it is transmitted, the connection fails with `loan-changed`. Default: false, and the bytes are the caller's
   * again when `send` returns.
   */
  readonly lend?: boolean | undefined;
}

const NONE: readonly never[] = Object.freeze([]);

/** The event of most connections, which an application may keep for as long as they last. */
const PLAIN: OpenEvent = Object.freeze({ type: 'open', subprotocol: '', extensions: NONE, headers: NONE });

/** How a connection ends, as far as that has begun. */
interface Course {
  initiator: 'local' | 'remote' | 'transport';
  timedOut: boolean;
  destroyed: boolean;
  /** How many bytes of messages were dropped from the outbox. */
  dropped: number;
  /** How many bytes waited when it was known that they never leave. */
  lost: number;
  cause: unknown;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * One end of a WebSocket connection: give it what the transport brings, iterate over its events, write what it
 * transmits.
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
export class Connection implements IterableIterator<ConnectionEvent, undefined> {
  /** Which end of the connection this is. */
  readonly role: Role;
  readonly #options: ResolvedOptions;
  readonly #atRest: AtRest;
  readonly #timers: Timers;
  #now: number;
  #bytesReceived = 0;

  // The opening handshake while it lasts; then frames are parsed until there will be none.
  #opening: ServerOpening | ClientOpening | undefined = undefined;
  #parsing = false;

  // The half-machines while they have something to do.
  #receiver: Receiver | undefined = undefined;
  #sender: Sender | undefined = undefined;

  // How many bytes `transmit` gave that have not been reported as written; whether the caller reports at all.
  #unreported = 0;
  #reports = false;

  // The extension at work.
  #transform: MessageTransform | undefined = undefined;

  // The three facts of the closing handshake, and what is known besides.
  #sent: CloseReason | undefined = undefined;
  #received: CloseReason | undefined = undefined;
  // How many bytes were queued behind our Close frame: Pong frames.
  #behindClose = 0;
  #ended = false;
  #error: ProtocolError | HandshakeError | undefined = undefined;
  #course: Course | undefined = undefined;

  // Events that no bytes lead to, and how far the application has got.
  #queue: ConnectionEvent[] | undefined = undefined;
  #finished = false;
  #paused = false;

  private constructor(role: Role, options: ResolvedOptions, now: number) {
    if (role === 'client' && options.random === undefined) {
      throw new TypeError(
        'a client needs the option "random", which fills a Uint8Array, where there is no crypto.getRandomValues ' +
          '(RFC 6455 section 5.3)',
      );
    }
    this.role = role;
    this.#options = options;
    this.#atRest = options.atRest[role];
    this.#timers = new Timers(options);
    this.#now = now;
  }

  /**
   * Gives a client that opens a connection to `url` over a transport that is already connected. The request is in the
   * outbox.
   *
   * @param now the time on the caller's clock in milliseconds
   * @throws {SyntaxError} when `url` is not a WebSocket URI
   * @throws {TypeError | RangeError} when an option is not valid, or there is no source of random bytes
   * @see RFC 6455 4.1
   */
  static client(url: string, options: ClientOptions = {}, now = 0): Connection {
    // What is resolved has no more to say of the request than how to compress.
    const asked = options instanceof ResolvedOptions ? { compression: options.compression } : options;
    checkNames(asked, CLIENT_OPTIONS);
    const resolved = options instanceof ResolvedOptions ? options : new ResolvedOptions(options);
    const connection = new Connection('client', resolved, now);
    const offer = request(url, asked, resolved.random as NonNullable<typeof resolved.random>);
    connection.#out.head(requestText(offer.request));
    connection.#opening = new ClientOpening(resolved, offer);
    connection.#timers.startHandshake(now);
    return connection;
  }

  /**
   * Gives a server that waits for the request of a client.
   *
   * @param now the time on the caller's clock in milliseconds
   * @throws {TypeError | RangeError} when an option is not valid
   * @see RFC 6455 4.2
   */
  static server(options: ServerOptions | ResolvedServerOptions = {}, now = 0): Connection {
    const resolved = resolveServerOptions(options);
    const connection = new Connection('server', resolved, now);
    connection.#opening = new ServerOpening(resolved);
    connection.#timers.startHandshake(now);
    return connection;
  }

  /**
   * Gives a connection whose opening handshake somebody else has completed. Its first event is `open`.
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
    const connection = new Connection(role, resolveOptions(options), now);
    connection.#open({ subprotocol: '', extensions: NONE, ...negotiated }, NONE, undefined);
    return connection;
  }

  /** The state of the connection, computed. */
  get state(): State {
    if (this.#ended) return 'closed';
    if (this.#sent !== undefined || this.#error !== undefined) return 'closing';
    return this.#opening === undefined ? 'open' : 'connecting';
  }

  /** What to do with the transport once `transmit` gives nothing more: `end` only when nothing waits for it. */
  get transport(): Transport {
    if (this.#course?.destroyed) return 'destroy';
    const isServer = this.role === 'server';
    if (!(this.#ended || isServer) && this.#error instanceof HandshakeError) return 'destroy';
    // 7.1.1: "when a server is instructed to _Close the WebSocket Connection_ it SHOULD initiate a TCP Close
    // immediately, and when a client is instructed to do the same, it SHOULD wait for a TCP Close from the server."
    const close = this.#error !== undefined || (this.#sent !== undefined && this.#received !== undefined);
    return (this.#ended || (close && isServer)) && this.queuedBytes === 0 ? 'end' : 'open';
  }

  /** When to call `timeout`, on the caller's clock in milliseconds; `Infinity` when there is nothing to wait for. */
  get deadline(): number {
    return nextDeadline(this.#timers);
  }

  /** How many bytes wait for `transmit`. */
  get queuedBytes(): number {
    return this.#sender?.queuedBytes ?? 0;
  }

  /** Whether the application has called `pause`. */
  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Takes the next bytes of the transport, for good: payloads are unmasked in them, and events are views of them.
   *
   * @param now the time on the caller's clock in milliseconds; default: the last time given
   * @returns the connection, to iterate over the events
   * @throws {TypeError} when `chunk` is not a Uint8Array
   */
  receive(chunk: Uint8Array, now?: number): this {
    if (!isUint8Array(chunk)) throw new TypeError('a chunk of the transport is a Uint8Array');
    this.#tick(now);
    this.#bytesReceived += chunk.length;
    if (this.#ended || this.#error !== undefined) return this;
    if (this.#opening !== undefined) this.#opening.receive(chunk);
    else if (this.#parsing) {
      (this.#receiver ?? this.#wakeReceiver(this.#bytesReceived - chunk.length)).receive(chunk);
      if (!this.#paused && this.#sent === undefined) this.#timers.alive(this.#now);
    }
    return this;
  }

  /**
   * Takes the head of a client's request that somebody else has read: an HTTP server that the transport came from.
   *
   * @returns the connection, to iterate over the events
   * @throws {StateError} `not-connecting` when this is no server that waits for a request
   */
  receiveRequest(head: RequestHead, now?: number): this {
    this.#undecided(false).head = head;
    this.#tick(now);
    return this;
  }

  /**
   * Takes the end of the transport: its read side has ended, or it is gone. The connection is closed, and `end` says what
   * had not left by then; where the write side still works, `transmit` and `transport` go on until nothing waits or
   * closeTimeout has passed.
   *
   * @param cause what the transport said of it, for `end`'s explanation: the error of a socket, for instance
   * @returns the connection, to iterate over the events
   */
  receiveEnd(now: number = this.#now, cause?: unknown): this {
    this.#now = now;
    if (this.#ended) return this;
    if (cause !== undefined) this.#ending.cause = cause;
    this.#end();
    return this;
  }

  /**
   * Takes the time: call it when `deadline` has passed. An early call does nothing.
   *
   * @returns the connection, to iterate over the events
   */
  timeout(now: number): this {
    this.#now = now;
    for (let name = expiredDeadline(this.#timers, now); name !== undefined; name = expiredDeadline(this.#timers, now)) {
      if (name === 'ping') this.#out.control(Opcode.Ping, this.#timers.heartbeat(now, this.#paused));
      else if (name === 'handshake') this.#enqueue(this.#fail(lateError(this.#opening)));
      else if (name === 'message') this.#enqueue(this.#fail(new ProtocolError('message-stalled', this.#bytesReceived)));
      else if (name === 'close') {
        this.#ending.timedOut = !this.#ended;
        this.#destroy();
      } else this.#abandon(new ProtocolError(`${name}-timeout`, this.#bytesReceived));
    }
    this.#tick(now);
    return this;
  }

  /** Gives the next event, or `undefined` when there is none for now. Not polling is back-pressure. */
  poll(): ConnectionEvent | undefined {
    if (this.#paused) return undefined;
    if (this.#queue !== undefined) return this.#dequeue(this.#queue);
    try {
      if (this.#receiver !== undefined) {
        let event = this.#receiver.next(this.#now);
        while (event?.type === 'ping' && this.#sent !== undefined) {
          this.#answer(event.data);
          event = this.#receiver.next(this.#now);
        }
        if (event !== undefined) return this.#deliver(event);
        const { pendingSince } = this.#receiver;
        if (this.#sent === undefined && !this.#ended) {
          this.#timers.watch(pendingSince, this.#receiver.payloadLength, this.#now);
        }
        if (pendingSince < 0 && this.#atRest.receiver !== this) this.#restReceiver(this.#receiver);
      } else if (this.#opening !== undefined && this.#error === undefined && this.#read(this.#opening))
        return this.poll();
    } catch (error) {
      if (error instanceof HandshakeError) return this.#fail(error);
      // With no receiver, it is the caller that took away the head of the opening handshake.
      if (this.#receiver === undefined) throw error;
      return this.#fail(faultOf(error, this.#receiver.faultOffset));
    }
    if (!this.#ended || this.#finished) return undefined;
    this.#finished = true;
    this.#transform?.close();
    // Nobody is to find a half-machine here, and with it what was never whole.
    this.#stopParsing();
    this.#opening = undefined;
    if (this.#atRest.sender === this) this.#atRest.sender = undefined;
    const { initiator, timedOut, dropped, lost, cause } = this.#ending;
    // Behind our Close frame only Pong frames leave.
    const waiting = this.queuedBytes + lost + (this.#reports ? this.#unreported : 0);
    return endEvent({
      sent: this.#sent,
      received: this.#received,
      initiator,
      error: this.#error,
      bytesReceived: this.#bytesReceived,
      endedEarly: this.#sent === undefined || this.#received === undefined || waiting > this.#behindClose,
      unsentBytes: waiting + dropped,
      timedOut,
      cause,
    });
  }

  /** {@link poll} as an iterator: it is done when there is no event for now, and goes on when there are more. */
  next(): IteratorResult<ConnectionEvent, undefined> {
    const value = this.poll();
    return value === undefined ? DONE : { done: false, value };
  }

  /** The connection itself: there is one sequence of events. */
  [Symbol.iterator](): this {
    return this;
  }

  /**
   * Returns the next bytes to write, in order, or `undefined` when there are none for now. They are the caller's for good, alone in
   * their buffer and exactly as long, unless they are a borrowed payload (`send` with `lend`), which is the application's to be read
   * only.
   *
   * @param now the time on the caller's clock in milliseconds; without it, the stall deadline of what still waits begins
   *   with the next call that has one
   * @param max how many bytes at most; what is longer comes in parts
   * @throws {RangeError} when `max` is neither a whole number from 1 nor `Infinity`
   */
  transmit(now?: number, max = Infinity): Uint8Array | undefined {
    if (max !== Infinity) checkCount('max', max, 1, Number.MAX_SAFE_INTEGER);
    const sender = this.#sender;
    let bytes = sender?.transmit(max);
    if (bytes === undefined && sender?.broken !== undefined) bytes = this.#breakLoan(sender, max);
    if (bytes !== undefined) {
      this.#unreported += bytes.length;
      this.#move(now);
    } else {
      if (sender?.isAtRest) this.#restSender();
      this.#tick(now);
    }
    return bytes;
  }

  /**
   * Says that what `transmit` returned has left, to the last byte or the first `count` bytes of what was not reported yet.
   *
   * A caller that cannot tell never calls this. Then the stall deadline sees only what waits for `transmit`, and `clean` and
   * `unsentBytes` count as left what was transmitted. One that reports calls `written(0)` at the start to say so.
   *
   * @param now the time on the caller's clock in milliseconds
   * @throws {RangeError} when `count` is not a whole number from 0 to how many bytes have not been reported
   */
  written(count: number = this.#unreported, now?: number): void {
    if (count !== this.#unreported) checkCount('count', count, 0, this.#unreported);
    this.#reports = true;
    this.#unreported -= count;
    if (count > 0) this.#move(now);
    else this.#tick(now);
  }

  /**
   * The application reads no more for now: `poll` gives nothing, and since silence is then not the peer's fault, idle,
   * message and pong deadlines do not run; stall, which is about writing, does. Stop reading from the transport as well,
   * or it all waits here.
   */
  pause(): void {
    if (this.state !== 'open') return;
    this.#paused = true;
    this.#timers.pause();
  }

  /** The application reads again: poll for events. */
  resume(now?: number): void {
    this.#tick(now);
    if (!this.#paused) return;
    this.#paused = false;
    if (this.state === 'open') this.#timers.alive(this.#now);
  }

  /**
   * Accepts the request: the response is in the outbox, and `open` is the next event.
   *
   * @throws {StateError} `not-connecting` when no request waits for a decision
   * @throws {TypeError | RangeError} when an option is not valid
   * @see RFC 6455 4.2.2
   */
  accept(options: AcceptOptions = {}, now?: number): void {
    const opening = this.#undecided(true);
    const { head, agreed } = opening.accept(opening.request as HandshakeRequest, options);
    if (now !== undefined) this.#now = now;
    this.#out.head(head);
    this.#open(agreed, NONE, opening);
    this.#tick(now);
  }

  /**
   * Rejects the request: the response is in the outbox, and the transport ends behind it.
   *
   * @throws {StateError} `not-connecting` when no request waits for a decision
   * @throws {TypeError | RangeError} when the status is not from 200 to 599, or a header field is not valid
   * @see RFC 6455 4.2.2
   */
  reject(status: number, headers?: HeaderFieldsInit, body: string | BytesLike = '', now?: number): void {
    this.#undecided(true);
    const bytes = toBytes(body);
    const response = rejectRequest(status, headers, bytes.length);
    if (now !== undefined) this.#now = now;
    this.#out.head(responseText(response), bytes);
    this.#enqueue(this.#fail(new HandshakeError('handshake-rejected', String(status))));
  }

  /**
   * Sends a message: a string as text, bytes as binary. Bytes are the caller's again when this returns, unless it lends them, and are
   * never written to.
   *
   * @throws {StateError} `not-open` and `queue-full`, which a peer can cause: by closing, and by reading too slowly. Ask
   *   beforehand: `state` is `'open'`, and `queuedBytes` is below `maxQueuedBytes`. And `message-in-progress`, which only
   *   the application can cause
   * @throws {TypeError} when `data` is neither a string nor bytes
   * @see RFC 6455 6.1
   */
  send(data: string | BytesLike, options?: SendOptions): void {
    this.#sendable();
    const message = typeof data === 'string' ? data : toBytes(data);
    const compress = options?.compress;
    const lend = options?.lend;
    this.#out.message(message, compress, lend);
  }

  /**
   * Sends the next fragment of a message; the first one's type is the message's. A string may end between the halves of
   * a surrogate pair.
   *
   * @throws {StateError} `not-open`, `queue-full`: a peer can cause both, see {@link send}
   * @throws {TypeError} when `data` is neither a string nor bytes, or of another type than the fragments before
   * @see RFC 6455 5.4
   */
  sendFragment(data: string | BytesLike, final: boolean, options?: SendOptions): void {
    this.#sendable();
    const fragment = typeof data === 'string' ? data : toBytes(data);
    const compress = options?.compress;
    const lend = options?.lend;
    this.#out.fragment(fragment, final, compress, lend);
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
    this.#control(Opcode.Ping, data);
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
    this.#control(Opcode.Pong, data);
  }

  /**
   * Starts the closing handshake: our Close frame is in the outbox, Ping frames are answered without an event, and what else
   * still arrives but the peer's Close frame is dropped.
   * While connecting it abandons the opening handshake instead. When the connection is already closing it does nothing,
   * and once the transport has ended it drops what has not been polled: `end` is next.
   *
   * @param code 1000-1003, 1007-1014 or 3000-4999; default: none
   * @param reason at most 123 bytes of UTF-8
   * @throws {RangeError} when the code may not be sent or the reason is too long
   * @see RFC 6455 7.1.2
   */
  close(code?: number, reason = '', now?: number): void {
    const payload = encodeClosePayload(code, reason);
    if (now !== undefined) this.#now = now;
    const { state } = this;
    if (state === 'connecting') {
      // Close frames belong to connections that are open; here there is only the transport to end.
      this.#enqueue(this.#fail(new HandshakeError('handshake-abandoned')));
    } else if (state === 'open') {
      this.#ending.initiator = 'local';
      this.#close({ code: code ?? 1005, reason }, payload);
    }
    // Once the transport has ended, so does everything: `end` does not wait behind what has not been polled.
    this.#paused = false;
    if (this.#ended) this.#stopParsing();
    else if (this.#parsing) (this.#receiver ?? this.#wakeReceiver(this.#bytesReceived)).discard();
    this.#tick(now);
  }

  /**
   * Fails the connection for a fault of our own side (7.1.7): nothing more is parsed, a Close frame with the code of the
   * rule is in the outbox, `fail` is the next event, and closeTimeout runs.
   *
   * For an application, or the adapter beneath it, that cannot go on with this peer: `reader-too-slow` (1013) when too
   * much waits in the outbox, whose messages are dropped as far as none of their bytes have left; `handler-failed` (1011)
   * when an application threw. While connecting, a request that waits for its decision is answered with status 500, and
   * any other opening handshake is abandoned. A connection that is closing already goes on as it was, but
   * `reader-too-slow` still drops messages, so that the Close frame gets out.
   *
   * @param cause what happened, for the error's `cause` and `end`'s explanation
   * @throws {TypeError} when there is no such rule
   */
  fail(rule: LocalRuleName, cause?: unknown, now?: number): void {
    if (!LOCAL_RULES.includes(rule)) throw new TypeError(`rule: of ${LOCAL_RULES.join(', ')}, not ${shown(rule)}`);
    if (now !== undefined) this.#now = now;
    const { state } = this;
    if (state === 'closed') return;
    if (rule === 'reader-too-slow' && this.#opening === undefined) this.#drop();
    if (state !== 'closing') {
      const opening = this.#opening;
      const isUndecided = opening instanceof ServerOpening && opening.request !== undefined;
      const error =
        opening === undefined
          ? new ProtocolError(rule, this.#bytesReceived)
          : new HandshakeError(isUndecided ? 'handshake-failed' : 'handshake-abandoned');
      error.cause = cause;
      this.#ending.cause = cause;
      this.#enqueue(this.#fail(error));
      this.#paused = false;
    }
    this.#tick(now);
  }

  /** The opening handshake is complete: what arrived behind it is the first of the frames. */
  #open(
    { subprotocol, extensions, transform }: Negotiated,
    headers: readonly HeaderField[],
    opening: ServerOpening | ClientOpening | undefined,
  ): void {
    const early = opening?.rest();
    this.#opening = undefined;
    this.#transform = transform;
    this.#parsing = true;
    if (transform !== undefined) this.#out.use(transform);
    if (early !== undefined && early.length > 0) {
      this.#wakeReceiver(this.#bytesReceived - early.length).receive(early);
    }
    const isPlain = subprotocol === '' && extensions.length === 0 && headers.length === 0;
    this.#enqueue(isPlain ? PLAIN : { type: 'open', subprotocol, extensions, headers });
    // The transport may have ended right behind the response.
    if (this.#ended) return;
    this.#timers.open(this.#now);
  }

  /** The outbound half-machine, which is not at rest from here on. */
  get #out(): Sender {
    const { sender: resting } = this.#atRest;
    if (resting === this) this.#atRest.sender = undefined;
    else if (this.#sender === undefined && resting !== undefined) {
      this.#atRest.sender = undefined;
      this.#sender = resting.#sender;
      this.#sender?.reuse();
      resting.#sender = undefined;
    }
    this.#sender ??= new Sender(this.#options, this.role === 'client');
    return this.#sender;
  }

  /** Nothing waits; where another connection has a half-machine to give away, this one lets go. */
  #restSender(): void {
    this.#atRest.sender ??= this;
    if (this.#atRest.sender !== this) this.#sender = undefined;
  }

  /** Gives this connection an inbound half-machine, for frames that begin at `offset`. */
  #wakeReceiver(offset: number): Receiver {
    const { receiver: last } = this.#atRest;
    if (last !== undefined && this.#transform === undefined && last.#receiver?.isAtRest) {
      this.#receiver = last.#receiver;
      last.#receiver = undefined;
    }
    this.#receiver ??= new Receiver(this.#options, this.role === 'server', this.#transform);
    this.#receiver.begin(offset);
    return this.#receiver;
  }

  /** All that arrived has been parsed; where another connection has a half-machine to give away, this one lets go. */
  #restReceiver(receiver: Receiver): void {
    const { receiver: last } = this.#atRest;
    if (last === undefined || !last.#receiver?.isAtRest) this.#atRest.receiver = this;
    else if (receiver.isAtRest) this.#receiver = undefined;
  }

  #stopParsing(): void {
    this.#parsing = false;
    this.#receiver = undefined;
    if (this.#atRest.receiver === this) this.#atRest.receiver = undefined;
  }

  /** Reads the opening handshake; true when that led to an event. */
  #read(opening: ServerOpening | ClientOpening): boolean {
    if (opening instanceof ServerOpening) {
      const request = opening.next();
      if (request !== undefined) this.#enqueue({ type: 'request', request });
    } else {
      const answer = opening.next(this.#ended);
      if (answer !== undefined) this.#open(answer.agreed, answer.headers, opening);
    }
    if (this.#queue !== undefined) return true;
    if (!this.#ended) return false;
    const { cause } = this.#ending;
    const error = new HandshakeError('handshake-interrupted', cause === undefined ? '' : told(cause));
    error.cause = cause;
    throw error;
  }

  #enqueue(event: ConnectionEvent): void {
    this.#queue ??= [];
    this.#queue.push(event);
  }

  #dequeue(queue: ConnectionEvent[]): ConnectionEvent | undefined {
    const event = queue.shift();
    if (queue.length === 0) this.#queue = undefined;
    return event;
  }

  /** What a frame asks of the connection besides its event. */
  #deliver(event: ReceiverEvent): ConnectionEvent {
    switch (event.type) {
      case 'ping':
        // 5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it already
        // received a Close frame."
        if (this.#options.autoPong) this.#answer(event.data);
        return event;
      case 'pong':
        return { ...event, latency: this.#timers.latency(event.data, this.#now) };
      case 'close':
        this.#received = { code: event.code, reason: event.reason };
        this.#stopParsing();
        // 5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST
        // send a Close frame in response. (When sending a Close frame in response, the endpoint typically echos the
        // status code it received.)"
        if (this.#sent === undefined) {
          this.#ending.initiator = 'remote';
          this.#close(
            { code: event.code, reason: '' },
            encodeClosePayload(event.code === 1005 ? undefined : event.code),
          );
        }
        return event;
      default:
        return event;
    }
  }

  /**
   * A borrowed payload is no longer what its header says. Where that has left, whatever followed it would be read as payload, our Close
   * frame as well.
   */
  #breakLoan(sender: Sender, max: number): Uint8Array | undefined {
    const error = new ProtocolError('loan-changed', this.#bytesReceived);
    if (sender.broken === 'cut') {
      if (this.#ended) this.#destroy();
      else this.#abandon(error);
      return undefined;
    }
    this.#drop();
    if (this.state === 'open') {
      this.#enqueue(this.#fail(error));
      this.#paused = false;
    }
    return sender.transmit(max);
  }

  /**
   * Answers a Ping frame: one that arrived after our own Close frame as well, since 5.5.1 forbids "any more data frames"
   * there and no others. The application can send nothing then, so it is answered with `autoPong` off too.
   */
  #answer(payload: Uint8Array): void {
    // What is still parsed then has nowhere to be answered to.
    if (this.#course?.destroyed) return;
    const { queuedBytes } = this;
    this.#out.pong(payload);
    if (this.#sent !== undefined) this.#behindClose += this.queuedBytes - queuedBytes;
  }

  /** Fails the connection (7.1.7) and gives the event that says so. */
  #fail(error: ProtocolError | HandshakeError): ConnectionEvent {
    // Whatever ends an opening handshake, what has been read by then does not depend on how it was cut.
    if (error.rule.startsWith('handshake-')) error.offset = (this.#opening as ServerOpening | ClientOpening).position;
    this.#error = error;
    this.#ending.initiator = error.rule === 'handshake-interrupted' ? 'transport' : 'local';
    this.#stopParsing();
    if (error instanceof HandshakeError) {
      // Status 0: there is nothing to answer, or the application has done so.
      if (this.role === 'server' && !this.#ended && error.status !== 0) {
        const { response, body } = rejectFor(error);
        this.#out.head(responseText(response), body);
      }
      // A client has nothing to say to a server that it does not speak with.
      if (this.role === 'client') this.#lose();
    } else if (this.#sent === undefined) {
      // 7.1.7: "If _The WebSocket Connection is Established_ [...], the endpoint SHOULD send a Close frame with an
      // appropriate status code (Section 7.4) before proceeding to _Close the WebSocket Connection_."
      this.#close({ code: error.code, reason: error.rule }, encodeClosePayload(error.code, error.rule));
    }
    // Nothing that still arrives is parsed, so there is only the transport's end to wait for.
    if (!this.#ended) {
      this.#timers.clear();
      this.#timers.moves();
      this.#timers.startClose(this.#now);
    }
    return { type: 'fail', error };
  }

  /** Fails the connection of a peer that is not there any more: nobody would read a Close frame. */
  #abandon(error: ProtocolError): void {
    this.#error = error;
    this.#ending.initiator = 'local';
    this.#stopParsing();
    this.#transform?.close();
    this.#enqueue({ type: 'fail', error });
    // There is nothing to hold back any more.
    this.#paused = false;
    this.#destroy();
  }

  get #ending(): Course {
    this.#course ??= {
      initiator: 'transport',
      timedOut: false,
      destroyed: false,
      dropped: 0,
      lost: 0,
      cause: undefined,
    };
    return this.#course;
  }

  /** Sends our Close frame and waits for the rest of the closing handshake, but not for ever. */
  #close(said: CloseReason, payload: Uint8Array): void {
    this.#sent = said;
    // Neither is anything compressed after it, nor, since only a Close frame is of interest, decompressed.
    this.#transform?.close();
    if (!this.#ended) this.#timers.clear();
    try {
      this.#out.close(payload);
    } catch (error) {
      // A random source threw: there is no Close frame whose leaving begins the deadline.
      if (!this.#ended) this.#timers.startClose(this.#now);
      throw error;
    }
  }

  /** The transport's read side has ended. */
  #end(): void {
    this.#ended = true;
    this.#timers.end(this.#now, this.#course?.destroyed ?? false);
  }

  /** The transport is to be destroyed: what waits never leaves. */
  #destroy(): void {
    this.#ending.destroyed = true;
    this.#end();
    this.#lose();
  }

  /** What waits in the outbox never leaves. */
  #lose(): void {
    this.#ending.lost += this.queuedBytes;
    this.#sender = undefined;
    if (this.#atRest.sender === this) this.#atRest.sender = undefined;
  }

  /** Drops the messages that wait and of which nothing has left. */
  #drop(): void {
    const dropped = this.#sender?.drop() ?? 0;
    if (dropped > 0) this.#ending.dropped += dropped;
  }

  /** The time, if the caller gave it: from here on bytes that wait have stallTimeout to leave. */
  #tick(now: number | undefined): void {
    if (now === undefined) return;
    this.#now = now;
    if (this.#timers.stall === undefined && this.#isWaiting) this.#timers.stalls(now);
  }

  /** Bytes have left, or were reported to have. */
  #move(now: number | undefined): void {
    if (now !== undefined) this.#now = now;
    if (now !== undefined && this.#isWaiting) this.#timers.stalls(now);
    else this.#timers.moves();
    if (this.#sent !== undefined && !this.#ended && this.queuedBytes <= this.#behindClose) {
      this.#timers.startClose(this.#now);
    }
  }

  /** Whether bytes wait to leave on a connection that is open, or closing in good order. */
  get #isWaiting(): boolean {
    if (this.#opening !== undefined || this.#error !== undefined || this.#ended) return false;
    // Once our Close frame has left, closeTimeout is for what is behind it as well.
    if (this.#timers.close !== undefined) return false;
    return this.queuedBytes > 0 || (this.#reports && this.#unreported > 0);
  }

  /** The opening handshake of a server whose request waits for a decision; or, before that, for its head. */
  #undecided(arrived: boolean): ServerOpening {
    const opening = this.#opening;
    const expected = this.state === 'connecting' && opening instanceof ServerOpening;
    if (!expected || (arrived ? opening.request === undefined : opening.head !== undefined)) {
      const what = arrived ? 'waits for a decision' : 'is expected';
      throw new StateError('not-connecting', `no request ${what}; the connection is ${this.state}`);
    }
    return opening;
  }

  #sendable(): void {
    if (this.#opening !== undefined || this.#sent !== undefined || this.#ended || this.#error !== undefined) {
      // 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
      throw new StateError('not-open', `the connection is ${this.state}, so nothing can be sent`);
    }
    const { queuedBytes } = this;
    if (queuedBytes >= this.#options.maxQueuedBytes) {
      throw new StateError(
        'queue-full',
        `${queuedBytes} bytes wait to be written, which is maxQueuedBytes or more: wait for them to drain`,
      );
    }
  }

  #control(opcode: typeof Opcode.Ping | typeof Opcode.Pong, data: string | BytesLike): void {
    const payload = toBytes(data);
    // 5.5: "All control frames MUST have a payload length of 125 bytes or less"
    if (payload.length > MAX_CONTROL_PAYLOAD) {
      throw new RangeError(
        `a control frame has a payload of at most 125 bytes, not ${payload.length} (RFC 6455 section 5.5)`,
      );
    }
    this.#sendable();
    this.#out.control(opcode, payload);
  }
}

function checkCount(name: string, count: number, least: number, most: number): void {
  if (Number.isSafeInteger(count) && count >= least && count <= most) return;
  throw new RangeError(`${name}: a whole number of bytes from ${least} to ${most}, not ${count}`);
}

/** Why an opening handshake whose time is over has failed. */
function lateError(opening: ServerOpening | ClientOpening | undefined): HandshakeError {
  return opening instanceof ClientOpening ? opening.late() : new HandshakeError('handshake-timeout');
}

/**
 * The fault behind what a receiver threw.
 *
 * @throws what is none: it came from the application's decoder, for instance
 */
function faultOf(error: unknown, offset: number): ProtocolError {
  if (error instanceof ProtocolError) {
    error.offset = offset;
    return error;
  }
  if (!(error instanceof TransferredError)) throw error;
  const fault = new ProtocolError('handler-failed', offset);
  fault.cause = error;
  return fault;
}
