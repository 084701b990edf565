/**
 * The opening handshake in both roles (RFC 6455 4): bytes → head → request or response.
 *
 * An opening only reads and checks. The connection does what follows: events, the answer, the state.
 */
import { bodyFraming, ChunkedBody } from '../handshake/body.ts';
import { type HandshakeOffer, type Negotiated, verify } from '../handshake/client.ts';
import type { HeaderField } from '../handshake/fields.ts';
import { HeadReader } from '../handshake/head-reader.ts';
import { parseRequestHead, parseResponseHead, type RequestHead, type ResponseHead } from '../handshake/http1.ts';
import { type Acceptance, type AcceptOptions, acceptRequest, readRequest } from '../handshake/server.ts';
import { told } from '../printable.ts';
import { HandshakeError, type HandshakeRuleName } from '../rules.ts';
import type { RequestEvent } from './events.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/** The result of reading: a request that waits for a decision, or a complete opening handshake. */
export type Step = RequestEvent | Opened;

/** The client's opening handshake is complete. */
export interface Opened {
  readonly type: 'open';
  /** The agreement of both sides. */
  readonly agreed: Negotiated;
  /** The header fields of the response. */
  readonly headers: readonly HeaderField[];
}

/** Accepts a request, and returns the response. */
export type Accept = (options: AcceptOptions) => Acceptance;

/** The opening handshake of a connection, while it lasts. */
export abstract class Opening {
  protected readonly reader: HeadReader;

  /** The deadline of the opening handshake. */
  due: number | undefined = undefined;
  /** Accepts the request of the client. A server has this while that request waits for a decision. */
  accept: Accept | undefined = undefined;

  constructor(reader: HeadReader) {
    this.reader = reader;
  }

  /** Takes the next bytes, which belong to the opening from here on. */
  receive(chunk: Uint8Array): void {
    this.reader.receive(chunk);
  }

  /** Takes the head of a request that has been read already. Returns false when none is expected. */
  receiveRequest(_head: RequestHead): boolean {
    return false;
  }

  /**
   * Returns the result of the bytes received so far, once, or `undefined` while more must arrive.
   *
   * @param ended whether the transport has ended, so that nothing more arrives
   * @throws {HandshakeError} when the peer broke a rule or refused; its offset does not depend on the chunks
   */
  step(ended: boolean): Step | undefined {
    try {
      return this.read(ended);
    } catch (error) {
      if (error instanceof HandshakeError) error.offset += this.reader.position;
      throw error;
    }
  }

  protected abstract read(ended: boolean): Step | undefined;

  /** Returns the error for a rule that was not broken by bytes of the peer. */
  failure(rule: HandshakeRuleName, detail?: string): HandshakeError {
    const error = new HandshakeError(rule, detail);
    error.offset = this.reader.position;
    return error;
  }

  /** Returns the error for when the transport ends too early; `cause` is the reason that the transport gave. */
  interrupted(cause: unknown): HandshakeError {
    const error = this.failure('handshake-interrupted', cause === undefined ? '' : told(cause));
    error.cause = cause;
    return error;
  }

  /** Returns the error for when handshakeTimeout has passed. */
  late(): HandshakeError {
    return this.failure('handshake-timeout');
  }

  /** Returns the bytes after the head. */
  rest(): Uint8Array {
    return this.reader.rest();
  }
}

/** The opening handshake of a server: reads a request, then keeps the bytes that arrive before its decision. */
export class ServerOpening extends Opening {
  readonly #options: ResolvedOptions;
  #head: RequestHead | undefined = undefined;

  constructor(options: ResolvedOptions) {
    super(new HeadReader('request', options.maxHeadSize, options.maxHeadSize / 2));
    this.#options = options;
  }

  override receiveRequest(head: RequestHead): boolean {
    const expected = this.#head === undefined;
    if (expected) this.#head = head;
    return expected;
  }

  protected override read(): Step | undefined {
    const { policy, compression, maxEarlyBytes } = this.#options;
    if (this.accept === undefined) {
      const text = this.#head === undefined ? this.reader.read() : undefined;
      if (text !== undefined) this.#head = parseRequestHead(text);
      if (this.#head === undefined) return undefined;
      const request = readRequest(this.#head, policy);
      this.accept = (options) => acceptRequest(request, policy, options, compression);
      return { type: 'request', request };
    }
    if (this.reader.length > maxEarlyBytes) {
      // 4.1: "Once the client's opening handshake has been sent, the client MUST wait for a response from the server
      // before sending any further data."
      const error = new HandshakeError('early-data', `more than ${maxEarlyBytes} bytes`);
      // This offset counts from the end of the head; `step` adds what came before.
      error.offset = maxEarlyBytes;
      throw error;
    }
    return undefined;
  }
}

/** The greatest number of informational (1xx) responses before the final one. */
const MAX_INFORMATIONAL = 8;

/** The opening handshake of a client: reads the response, and the body of one that refuses. */
export class ClientOpening extends Opening {
  readonly #offer: HandshakeOffer;
  readonly #maxBody: number;
  readonly #chunked = new ChunkedBody();
  #informational = 0;
  #refusal: ResponseHead | undefined = undefined;

  constructor(options: ResolvedOptions, offer: HandshakeOffer) {
    super(new HeadReader('response', options.maxHeadSize));
    this.#offer = offer;
    this.#maxBody = options.maxEarlyBytes;
  }

  protected override read(ended: boolean): Step | undefined {
    while (this.#refusal === undefined) {
      const head = this.reader.read();
      if (head === undefined) return undefined;
      const response = parseResponseHead(head);
      const { status, headers } = response;
      if (status === 101) return { type: 'open', agreed: verify(this.#offer, response), headers };
      // RFC 9110 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
      if (status >= 200) this.#refusal = response;
      else if (++this.#informational > MAX_INFORMATIONAL)
        throw new HandshakeError('response-malformed', `more than ${MAX_INFORMATIONAL} responses with a status of 1xx`);
    }
    // 4.1: "If the status code received from the server is not 101, the client handles the response per HTTP [RFC2616]
    // procedures."
    const body = this.#body(this.#refusal, ended);
    if (body === undefined) return undefined;
    const { status, reason, headers } = this.#refusal;
    throw new HandshakeError('status-not-101', `${status} ${reason}`.trimEnd(), { status, reason, headers, body });
  }

  /** Returns the body of a refusal, or its first bytes, as far as it is kept; `undefined` while it is incomplete. */
  #body(refusal: ResponseHead, ended: boolean): Uint8Array | undefined {
    // Bytes beyond the limit are left out even when they have arrived, so that the result does not depend on the chunks.
    const bytes = this.reader.peek().subarray(0, this.#maxBody);
    const framing = bodyFraming(refusal);
    const enough = ended || bytes.length === this.#maxBody;
    if (framing === 'chunked') {
      this.#chunked.read(bytes);
      return this.#chunked.complete || enough ? this.#chunked.take() : undefined;
    }
    const length = framing === 'until-end' ? Infinity : framing;
    return bytes.length >= length || enough ? bytes.slice(0, length) : undefined;
  }

  // A refusal whose body is incomplete says more than a timeout.
  override late(): HandshakeError {
    try {
      this.step(true);
    } catch (error) {
      return error as HandshakeError;
    }
    return super.late();
  }
}
