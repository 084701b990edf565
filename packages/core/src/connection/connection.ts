/**
 * A WebSocket connection without its transport (RFC 6455 4, 5.5, 7): bytes in → events and bytes out.
 *
 * The only file where what is received and what is sent meet, and the owner of every transition. The opening handshake is an
 * object while it lasts (opening.ts), and so is the end once it has begun (closing.ts); in between a connection is open.
 * What it needs to receive and to send it borrows (spare.ts).
 *
 * The contract with the caller: after every call that changes a connection, drain the events, then drain the bytes, then
 * read `transport` and `deadline`.
 */
import { type BytesLike, isUint8Array, toBytes } from '../bytes.ts';
import { type CloseReason, encodeClosePayload } from '../frame/close.ts';
import { checkControlPayload, Opcode } from '../frame/header.ts';
import { type Negotiated, offerTo, REQUEST_OPTIONS } from '../handshake/client.ts';
import type { HeaderField, HeaderFieldsInit } from '../handshake/fields.ts';
import { type RequestHead, requestText, responseText } from '../handshake/http1.ts';
import { type AcceptOptions, rejectFor, rejectRequest } from '../handshake/server.ts';
import type { RandomSource } from '../host.ts';
import { checkCount, checkObject } from '../misuse.ts';
import { shown } from '../printable.ts';
import type { Receiver, ReceiverEvent } from '../receive/receiver.ts';
import { HandshakeError, LOCAL_RULES, type LocalRuleName, ProtocolError, StateError } from '../rules.ts';
import type { Sender } from '../send/sender.ts';
import { Closing, faultOf, PHASES, type Phase, type State, type Transport } from './closing.ts';
import { type ConnectionEvent, type OpenEvent, openEvent } from './events.ts';
import { ClientOpening, type Opening, ServerOpening } from './opening.ts';
import type {
  ClientOptions,
  ConnectionOptions,
  HeartbeatOptions,
  Role,
  SendOptions,
  ServerOptions,
} from './options.ts';
import {
  ResolvedOptions,
  type ResolvedServerOptions,
  resolveOptions,
  resolveServerOptions,
} from './resolved-options.ts';
import { Spare, spareOf } from './spare.ts';
import { Timers } from './timers.ts';

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
  #spare: Spare;
  readonly #timers = new Timers();
  #now: number;
  #bytesReceived = 0;
  // The opening handshake while it lasts, and the event that says that it is complete until that has been polled.
  #opening: Opening | undefined;
  #openEvent: OpenEvent | undefined = undefined;
  // Borrowed while there is something to do.
  #receiver: Receiver | undefined = undefined;
  #sender: Sender | undefined = undefined;
  // The number of bytes that `transmit` returned and that have not been reported as written; whether the caller reports.
  #unreported = 0;
  #reports = false;
  #paused = false;
  // The end, once it has begun.
  #closing: Closing | undefined = undefined;

  private constructor(spare: Spare, now: number, opening?: Opening) {
    this.#spare = spare;
    this.#now = now;
    this.#opening = opening;
    if (opening !== undefined) this.#timers.startHandshake(spare.options.handshakeTimeout, now);
  }

  /**
   * Returns a client that opens a connection to `url` over a transport that is already connected. The request is in the
   * outbox.
   *
   * @param now the time on the caller's clock in milliseconds
   * @throws {SyntaxError} when `url` is not a WebSocket URI
   * @throws {TypeError | RangeError} when an option is not valid, or there is no source of random bytes
   * @see RFC 6455 4.1
   */
  static client(url: string, options: ClientOptions = {}, now = 0): Connection {
    const spare = spareOf(options, 'client', (unresolved) => resolveOptions(unresolved, REQUEST_OPTIONS));
    // Resolved options have nothing to say of the request but how to compress.
    const asked = options instanceof ResolvedOptions ? { compression: options.compression } : options;
    const offer = offerTo(url, asked, spare.options.random as RandomSource);
    const connection = new Connection(spare, now, new ClientOpening(spare.options, offer));
    connection.#borrowSender().head(requestText(offer.request));
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
   * Returns a connection whose opening handshake somebody else has completed. Its first event is `open`.
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
    connection.#open({ subprotocol: '', extensions: [], ...negotiated }, []);
    return connection;
  }

  /** Which end of the connection this is. */
  get role(): Role {
    return this.#spare.role;
  }

  /** The state of the connection, computed. */
  get state(): State {
    return PHASES[this.#phase].state;
  }

  /** What to do with the transport once `transmit` returns nothing more: `end` only when nothing waits for it. */
  get transport(): Transport {
    const transport = PHASES[this.#phase][this.role];
    return transport === 'end' && this.queuedBytes > 0 ? 'open' : transport;
  }

  /** When to call `timeout`, on the caller's clock in milliseconds; `Infinity` when there is nothing to wait for. */
  get deadline(): number {
    return this.#timers.next;
  }

  /** The number of bytes that wait for `transmit`. */
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
    const closing = this.#closing;
    if (closing?.isDeaf) return this;
    if (this.#opening !== undefined) this.#opening.receive(chunk);
    else {
      (this.#receiver ?? this.#borrowReceiver(chunk.length)).receive(chunk);
      if (closing === undefined && !this.#paused) this.#timers.alive(this.#spare.options.idleTimeout, this.#now);
    }
    return this;
  }

  /**
   * Takes the head of a client's request that somebody else has read: an HTTP server that the transport came from.
   *
   * @returns the connection, to iterate over the events
   * @throws {StateError} `not-connecting` when this is not a server that waits for a request
   */
  receiveRequest(head: RequestHead, now?: number): this {
    if (this.state !== 'connecting' || !this.#opening?.receiveRequest(head)) throw this.#notConnecting('is expected');
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
    const closing = this.#beginClosing();
    if (closing.ended) return this;
    if (cause !== undefined) closing.cause = cause;
    closing.ended = true;
    this.#timers.ended(this.#spare.options.closeTimeout, now);
    return this;
  }

  /**
   * Takes the time: call it when `deadline` has passed. An early call does nothing.
   *
   * @returns the connection, to iterate over the events
   */
  timeout(now: number): this {
    this.#now = now;
    const timers = this.#timers;
    const { heartbeat } = this.#spare.options;
    for (let name = timers.expired(now); name !== undefined; name = timers.expired(now)) {
      if (name === 'ping') {
        const sender = this.#borrowSender();
        sender.control(Opcode.Ping, timers.ping(heartbeat as HeartbeatOptions, this.#paused, now));
      } else if (name === 'handshake') this.#failOpening((this.#opening as Opening).late());
      else if (name === 'message') this.#fail(new ProtocolError('message-stalled', this.#bytesReceived));
      else if (name === 'close') {
        const closing = this.#beginClosing();
        closing.timedOut = !closing.ended;
        this.#destroy(closing);
      } else this.#abandon(new ProtocolError(`${name}-timeout`, this.#bytesReceived));
    }
    this.#tick(now);
    return this;
  }

  /** Returns the next event, or `undefined` when there is none for now. Not polling is back-pressure. */
  poll(): ConnectionEvent | undefined {
    if (this.#paused) return undefined;
    return (
      this.#takeOpen() ?? this.#readOpening() ?? this.#readFrames() ?? this.#closing?.takeFail() ?? this.#takeEnd()
    );
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
   * Returns the next bytes to write, in order, or `undefined` when there are none for now. They are the caller's for good,
   * alone in their buffer and exactly as long, unless they are a borrowed payload (`send` with `lend`), which is the
   * application's to be read only.
   *
   * @param now the time on the caller's clock in milliseconds; without it, the stall deadline of what still waits begins
   *   with the next call that has one
   * @param max the most bytes to return; what is longer comes in parts
   * @throws {RangeError} when `max` is neither a whole number from 1 nor `Infinity`
   */
  transmit(now?: number, max = Infinity): Uint8Array | undefined {
    if (max !== Infinity) checkCount('max', max, 1, Number.MAX_SAFE_INTEGER);
    const sender = this.#sender;
    let bytes = sender?.transmit(max);
    if (bytes === undefined && sender?.broken !== undefined) bytes = this.#breakLoan(sender, max);
    if (bytes === undefined) {
      // A sender that has sent a Close frame is of no use to others.
      const isIdle = this.#closing === undefined && sender !== undefined;
      if (isIdle && this.#spare.returnSender(sender)) this.#sender = undefined;
      this.#tick(now);
      return undefined;
    }
    this.#unreported += bytes.length;
    this.#move(now);
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
   * The application reads no more for now: `poll` returns nothing, and since silence is then not the peer's fault, idle,
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
    if (this.state === 'open') this.#timers.alive(this.#spare.options.idleTimeout, this.#now);
  }

  /**
   * Accepts the request: the response is in the outbox, and `open` is the next event.
   *
   * @throws {StateError} `not-connecting` when no request waits for a decision
   * @throws {TypeError | RangeError} when an option is not valid
   * @see RFC 6455 4.2.2
   */
  accept(options: AcceptOptions = {}, now?: number): void {
    const accepted = this.#undecided()(options);
    if (now !== undefined) this.#now = now;
    this.#borrowSender().head(responseText(accepted.response));
    this.#open(accepted, []);
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
    this.#undecided();
    const bytes = toBytes(body);
    const response = rejectRequest(status, headers, bytes.length);
    if (now !== undefined) this.#now = now;
    this.#borrowSender().head(responseText(response), bytes);
    this.#failOpening((this.#opening as Opening).failure('handshake-rejected', String(status)));
  }

  /**
   * Sends a message: a string as text, bytes as binary. Bytes are the caller's again when this returns, unless it lends
   * them, and are never written to.
   *
   * @throws {StateError} `not-open` and `queue-full`, which a peer can cause: by closing, and by reading too slowly. Ask
   *   beforehand: `state` is `'open'`, and `queuedBytes` is below `maxQueuedBytes`. And `message-in-progress`, which only
   *   the application can cause
   * @throws {TypeError} when `data` is neither a string nor bytes
   * @see RFC 6455 6.1
   */
  send(data: string | BytesLike, options?: SendOptions): void {
    this.#checkSendable();
    const message = typeof data === 'string' ? data : toBytes(data);
    const compress = options?.compress;
    const lend = options?.lend;
    this.#borrowSender().message(message, compress, lend);
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
    this.#checkSendable();
    const fragment = typeof data === 'string' ? data : toBytes(data);
    const compress = options?.compress;
    const lend = options?.lend;
    this.#borrowSender().fragment(fragment, final, compress, lend);
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
    this.#sendControl(Opcode.Ping, data);
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
    this.#sendControl(Opcode.Pong, data);
  }

  /**
   * Starts the closing handshake: our Close frame is in the outbox, Ping frames are answered without an event, and what
   * else still arrives but the peer's Close frame is dropped. While connecting it abandons the opening handshake instead.
   * When the connection is already closing it does nothing, and once the transport has ended it drops what has not been
   * polled: `end` is next.
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
      this.#failOpening((this.#opening as Opening).failure('handshake-abandoned'));
    } else if (state === 'open') this.#sendClose(this.#beginClosing('local'), { code: code ?? 1005, reason }, payload);
    // Once the transport has ended, so does everything: `end` does not wait behind what has not been polled.
    this.#paused = false;
    if (this.#closing?.ended) this.#receiver = undefined;
    else this.#receiver?.discard();
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
    const opening = this.#opening;
    const dropped = rule === 'reader-too-slow' && opening === undefined ? (this.#sender?.drop() ?? 0) : 0;
    const closing = this.#beginClosing();
    closing.dropped += dropped;
    if (state !== 'closing') {
      closing.cause = cause;
      if (opening === undefined) this.#fail(new ProtocolError(rule, this.#bytesReceived), cause);
      else this.#failOpening(opening.failure(opening.accept ? 'handshake-failed' : 'handshake-abandoned'), cause);
      this.#paused = false;
    }
    this.#tick(now);
  }

  /** Where this connection is. */
  get #phase(): Phase {
    return this.#closing?.phase ?? (this.#opening === undefined ? 'open' : 'connecting');
  }

  /** Returns the event of an opening handshake that is complete. */
  #takeOpen(): OpenEvent | undefined {
    const event = this.#openEvent;
    if (event !== undefined) this.#openEvent = undefined;
    return event;
  }

  /** Reads what has arrived of the opening handshake, and returns the event that it leads to. */
  #readOpening(): ConnectionEvent | undefined {
    const opening = this.#opening;
    const closing = this.#closing;
    if (opening === undefined || closing?.error !== undefined) return undefined;
    try {
      const step = opening.step(closing?.ended ?? false);
      if (step?.type === 'request') return step;
      if (step !== undefined) this.#open(step.agreed, step.headers);
      else if (closing?.ended) this.#failOpening(opening.interrupted(closing.cause));
    } catch (error) {
      // It is the caller's error when the memory of the head is gone.
      if (!(error instanceof HandshakeError)) throw error;
      this.#failOpening(error);
    }
    return this.#takeOpen();
  }

  /** Reads frames, and returns the next event that they lead to. */
  #readFrames(): ConnectionEvent | undefined {
    const receiver = this.#receiver;
    if (receiver === undefined) return undefined;
    try {
      let event = receiver.next(this.#now);
      while (event?.type === 'ping' && this.#closing?.sent !== undefined) {
        this.#answer(event.data);
        event = receiver.next(this.#now);
      }
      if (event !== undefined) return this.#deliver(event);
    } catch (error) {
      const fault = faultOf(error, receiver.faultOffset);
      // A decoder of the application's may have ended the connection meanwhile.
      if (this.#receiver === receiver) this.#fail(fault);
      return undefined;
    }
    if (this.#closing !== undefined) return undefined;
    const { messageProgress } = this.#spare.options;
    if (messageProgress !== undefined) {
      this.#timers.watch(messageProgress, receiver.pendingSince, receiver.payloadLength, this.#now);
    }
    if (this.#spare.returnReceiver(receiver)) this.#receiver = undefined;
    return undefined;
  }

  /** Does what a frame asks of the connection besides its event. */
  #deliver(event: ReceiverEvent): ConnectionEvent {
    if (event.type === 'ping') {
      // 5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it already
      // received a Close frame."
      if (this.#spare.options.autoPong) this.#answer(event.data);
    } else if (event.type === 'pong') {
      return { ...event, latency: this.#timers.latency(event.data, this.#now) };
    } else if (event.type === 'close') {
      const { code, reason } = event;
      this.#receiver = undefined;
      const closing = this.#beginClosing();
      closing.received = { code, reason };
      // 5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST send a
      // Close frame in response. (When sending a Close frame in response, the endpoint typically echos the status code it
      // received.)"
      if (closing.sent === undefined) {
        const payload = encodeClosePayload(code === 1005 ? undefined : code);
        this.#sendClose(this.#beginClosing('remote'), { code, reason: '' }, payload);
      }
    }
    return event;
  }

  /** Returns the last event when the transport has ended, once. */
  #takeEnd(): ConnectionEvent | undefined {
    const closing = this.#closing;
    if (!closing?.endIsDue) return undefined;
    this.#spare.transform?.close();
    this.#opening = this.#receiver = undefined;
    return closing.end(this.#bytesReceived, this.queuedBytes + (this.#reports ? this.#unreported : 0));
  }

  /** The opening handshake is complete: what arrived behind it is the first of the frames. */
  #open({ subprotocol, extensions, transform }: Negotiated, headers: readonly HeaderField[]): void {
    const early = this.#opening?.rest();
    this.#opening = undefined;
    if (transform !== undefined) {
      this.#spare = new Spare(this.#spare.options, this.role, transform);
      this.#sender?.use(transform);
    }
    if (early !== undefined && early.length > 0) this.#borrowReceiver(early.length).receive(early);
    this.#openEvent = openEvent(subprotocol, extensions, headers);
    const { heartbeat, idleTimeout } = this.#spare.options;
    // The transport may have ended right behind the response.
    if (this.#closing === undefined) this.#timers.open(heartbeat, idleTimeout, this.#now);
  }

  /** Borrows a receiver for frames of which `length` bytes have arrived. */
  #borrowReceiver(length: number): Receiver {
    const receiver = this.#spare.borrowReceiver(this.#bytesReceived - length);
    if (this.#closing?.sent !== undefined) receiver.discard();
    this.#receiver = receiver;
    return receiver;
  }

  #borrowSender(): Sender {
    this.#sender ??= this.#spare.borrowSender();
    return this.#sender;
  }

  /** The end begins, or goes on: returns the facts of it. */
  #beginClosing(initiator?: Closing['initiator']): Closing {
    this.#closing ??= new Closing();
    if (initiator !== undefined) this.#closing.initiator = initiator;
    return this.#closing;
  }

  /** Sends our Close frame and waits for the rest of the closing handshake, but not for ever. */
  #sendClose(closing: Closing, said: CloseReason, payload: Uint8Array): void {
    closing.sent = said;
    // Nothing is compressed after it, and nothing decompressed, since only a Close frame is of interest.
    this.#spare.transform?.close();
    if (!closing.ended) this.#timers.closing();
    try {
      this.#borrowSender().close(payload);
    } catch (error) {
      // A random source threw: there is no Close frame whose leaving begins the deadline.
      if (!closing.ended) this.#timers.startClose(this.#spare.options.closeTimeout, this.#now);
      throw error;
    }
  }

  /** Fails the connection (7.1.7). */
  #fail(error: ProtocolError, cause?: unknown): void {
    if (cause !== undefined) error.cause = cause;
    const closing = this.#beginClosing('local');
    closing.error = error;
    this.#receiver = undefined;
    if (closing.sent === undefined) {
      // 7.1.7: "If _The WebSocket Connection is Established_ [...], the endpoint SHOULD send a Close frame with an
      // appropriate status code (Section 7.4) before proceeding to _Close the WebSocket Connection_."
      this.#sendClose(closing, { code: error.code, reason: error.rule }, encodeClosePayload(error.code, error.rule));
    }
    this.#awaitEnd(closing);
  }

  /** Fails the opening handshake. */
  #failOpening(error: HandshakeError, cause?: unknown): void {
    if (cause !== undefined) error.cause = cause;
    const closing = this.#beginClosing(error.rule === 'handshake-interrupted' ? 'transport' : 'local');
    closing.error = error;
    // Status 0: there is nothing to answer, or the application has done so.
    if (this.role === 'server' && !closing.ended && error.status !== 0) {
      const { response, body } = rejectFor(error);
      this.#borrowSender().head(responseText(response), body);
    }
    // A client has nothing to say to a server that it does not speak with.
    if (this.role === 'client') this.#lose(closing);
    this.#awaitEnd(closing);
  }

  /** Nothing that still arrives is parsed, so there is only the transport's end to wait for. */
  #awaitEnd(closing: Closing): void {
    if (closing.ended) return;
    this.#timers.closing();
    this.#timers.clearStall();
    this.#timers.startClose(this.#spare.options.closeTimeout, this.#now);
  }

  /** Fails the connection of a peer that is not there any more: nobody would read a Close frame. */
  #abandon(error: ProtocolError): void {
    const closing = this.#beginClosing('local');
    closing.error = error;
    this.#receiver = undefined;
    this.#spare.transform?.close();
    // There is nothing to hold back any more.
    this.#paused = false;
    this.#destroy(closing);
  }

  /** The transport is to be destroyed: what waits never leaves. */
  #destroy(closing: Closing): void {
    closing.destroyed = closing.ended = true;
    this.#timers.destroyed();
    this.#lose(closing);
  }

  /** What waits in the outbox never leaves. */
  #lose(closing: Closing): void {
    closing.lost += this.queuedBytes;
    this.#sender = undefined;
  }

  /**
   * A borrowed payload is no longer what its header says. Where that has left, whatever followed it would be read as
   * payload, our Close frame as well.
   */
  #breakLoan(sender: Sender, max: number): Uint8Array | undefined {
    const error = new ProtocolError('loan-changed', this.#bytesReceived);
    if (sender.broken === 'cut') {
      if (this.#closing?.ended) this.#destroy(this.#closing);
      else this.#abandon(error);
      return undefined;
    }
    const { state } = this;
    const dropped = sender.drop();
    this.#beginClosing().dropped += dropped;
    if (state === 'open') {
      this.#fail(error);
      this.#paused = false;
    }
    return sender.transmit(max);
  }

  /**
   * Answers a Ping frame: one that arrived after our own Close frame as well, since 5.5.1 forbids "any more data frames"
   * there and no others. The application can send nothing then, so it is answered with `autoPong` off too.
   */
  #answer(payload: Uint8Array): void {
    const closing = this.#closing;
    // What is still parsed then has nowhere to be answered to.
    if (closing?.destroyed) return;
    const { queuedBytes } = this;
    this.#borrowSender().pong(payload);
    if (closing?.sent !== undefined) closing.behindClose += this.queuedBytes - queuedBytes;
  }

  /** Notes the time, if the caller gave it: from here on bytes that wait have stallTimeout to leave. */
  #tick(now: number | undefined): void {
    if (now === undefined) return;
    this.#now = now;
    if (!this.#timers.isStalling && this.#isWaiting) this.#timers.startStall(this.#spare.options.stallTimeout, now);
  }

  /** Bytes have left, or were reported to have. */
  #move(now: number | undefined): void {
    if (now !== undefined) this.#now = now;
    if (now !== undefined && this.#isWaiting) this.#timers.startStall(this.#spare.options.stallTimeout, now);
    else this.#timers.clearStall();
    const closing = this.#closing;
    if (closing?.sent !== undefined && !closing.ended && this.queuedBytes <= closing.behindClose) {
      this.#timers.startClose(this.#spare.options.closeTimeout, this.#now);
    }
  }

  /** Whether bytes wait to leave on a connection that is open, or closing in good order. */
  get #isWaiting(): boolean {
    const closing = this.#closing;
    if (this.#opening !== undefined || closing?.error !== undefined || closing?.ended) return false;
    // Once our Close frame has left, closeTimeout is for what is behind it as well.
    return !this.#timers.isClosing && (this.queuedBytes > 0 || (this.#reports && this.#unreported > 0));
  }

  /** Returns what accepts the request that waits for a decision. */
  #undecided(): NonNullable<Opening['accept']> {
    const accept = this.#closing === undefined ? this.#opening?.accept : undefined;
    if (accept === undefined) throw this.#notConnecting('waits for a decision');
    return accept;
  }

  #notConnecting(what: string): StateError {
    return new StateError('not-connecting', `no request ${what}; the connection is ${this.state}`);
  }

  /** @throws {StateError} when nothing can be sent now */
  #checkSendable(): void {
    if (this.#opening !== undefined || this.#closing !== undefined) {
      // 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
      throw new StateError('not-open', `the connection is ${this.state}, so nothing can be sent`);
    }
    const { queuedBytes } = this;
    if (queuedBytes >= this.#spare.options.maxQueuedBytes) {
      throw new StateError(
        'queue-full',
        `${queuedBytes} bytes wait to be written, which is maxQueuedBytes or more: wait for them to drain`,
      );
    }
  }

  #sendControl(opcode: typeof Opcode.Ping | typeof Opcode.Pong, data: string | BytesLike): void {
    const payload = toBytes(data);
    checkControlPayload(payload);
    this.#checkSendable();
    this.#borrowSender().control(opcode, payload);
  }
}
