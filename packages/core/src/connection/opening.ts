/**
 * The opening handshake's two half-machines (RFC 6455 4): bytes → head → request or response.
 *
 * They read and judge; what follows from that (events, the answer, the state) is the connection's.
 */

import { type HandshakeOffer, type Negotiated, verify } from '../handshake/client.ts';
import type { HeaderField } from '../handshake/fields.ts';
import {
  bodyFraming,
  ChunkedBody,
  HeadReader,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
  responseText,
} from '../handshake/http1.ts';
import { type AcceptOptions, acceptRequest, type HandshakeRequest, readRequest } from '../handshake/server.ts';
import { HandshakeError } from '../rules.ts';
import type { ResolvedOptions, ResolvedServerOptions } from './options.ts';

/** A server's: waits for a request, then keeps what arrives until the request is decided. */
export class ServerOpening {
  readonly #options: ResolvedServerOptions;
  readonly #reader: HeadReader;
  /** The head of the request, if somebody else has read it. */
  head: RequestHead | undefined = undefined;
  /** The request that waits for a decision. */
  request: HandshakeRequest | undefined = undefined;

  constructor(options: ResolvedServerOptions) {
    this.#options = options;
    this.#reader = new HeadReader(options.maxHeadSize, options.maxHeadSize / 2);
  }

  /** How many of the bytes received have been read. */
  get position(): number {
    return this.#reader.position;
  }

  receive(chunk: Uint8Array): void {
    this.#reader.receive(chunk);
  }

  /**
   * Gives the request once it has arrived whole.
   *
   * @throws {HandshakeError} when it breaks a rule, or when too much arrives before it is decided
   */
  next(): HandshakeRequest | undefined {
    if (this.request === undefined) {
      return located(this.#reader, () => {
        const text = this.head === undefined ? this.#reader.read('request-malformed') : undefined;
        if (text !== undefined) this.head = parseRequestHead(text);
        if (this.head !== undefined) this.request = readRequest(this.head, this.#options.policy);
        return this.request;
      });
    }
    const { maxEarlyBytes } = this.#options;
    if (this.#reader.length > maxEarlyBytes) {
      // 4.1: "Once the client's opening handshake has been sent, the client MUST wait for a response from the server
      // before sending any further data."
      const error = new HandshakeError('early-data', `more than ${maxEarlyBytes} bytes`);
      error.offset = this.#reader.position + maxEarlyBytes;
      throw error;
    }
    return undefined;
  }

  /**
   * Gives the head of the response that accepts the request, and what it agrees to.
   *
   * @throws {TypeError | RangeError} when an option is not valid
   */
  accept(request: HandshakeRequest, options: AcceptOptions): { readonly head: string; readonly agreed: Negotiated } {
    const { compression, policy } = this.#options;
    const accepted = compression?.accept(request.extensions);
    const { subprotocol, extensions, response } = acceptRequest(request, policy, options, accepted?.extension);
    return { head: responseText(response), agreed: { subprotocol, extensions, transform: accepted?.transform } };
  }

  /** Gives what arrived behind the request. */
  rest(): Uint8Array {
    return this.#reader.rest();
  }
}

/** More informational responses than this before the final one are refused. */
const MAX_INFORMATIONAL = 8;

/** A client's: waits for the response, and for the body of one that refuses. */
export class ClientOpening {
  readonly #offer: HandshakeOffer;
  readonly #maxBody: number;
  readonly #reader: HeadReader;
  readonly #chunked = new ChunkedBody();
  #informational = 0;
  #refusal: ResponseHead | undefined = undefined;

  constructor(options: ResolvedOptions, offer: HandshakeOffer) {
    this.#offer = offer;
    this.#maxBody = options.maxEarlyBytes;
    this.#reader = new HeadReader(options.maxHeadSize);
  }

  /** How many of the bytes received have been read. */
  get position(): number {
    return this.#reader.position;
  }

  receive(chunk: Uint8Array): void {
    this.#reader.receive(chunk);
  }

  /**
   * Gives what was negotiated once the response has arrived whole.
   *
   * @param ended the transport has ended: what there is, is all there will be
   * @throws {HandshakeError} when the response breaks a rule or is a refusal
   */
  next(ended: boolean): { readonly agreed: Negotiated; readonly headers: readonly HeaderField[] } | undefined {
    return located(this.#reader, () => this.#next(ended));
  }

  #next(ended: boolean): { readonly agreed: Negotiated; readonly headers: readonly HeaderField[] } | undefined {
    while (this.#refusal === undefined) {
      const head = this.#reader.read('response-malformed');
      if (head === undefined) return undefined;
      const response = parseResponseHead(head);
      if (response.status === 101) return { agreed: verify(this.#offer, response), headers: response.headers };
      // RFC 9110 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
      if (response.status >= 200) this.#refusal = response;
      else if (++this.#informational > MAX_INFORMATIONAL)
        throw new HandshakeError('response-malformed', 'too many 1xx');
    }
    // 4.1: "If the status code received from the server is not 101, the client handles the response per HTTP [RFC2616]
    // procedures."
    const body = this.#body(this.#refusal, ended);
    if (body === undefined) return undefined;
    const { status, reason, headers } = this.#refusal;
    throw new HandshakeError('status-not-101', `${status} ${reason}`.trimEnd(), { status, reason, headers, body });
  }

  /** The body of a refusal, as much of it as is kept; `undefined` while more is to come. */
  #body(refusal: ResponseHead, ended: boolean): Uint8Array | undefined {
    // No further than so, also where more has come at once: how much is kept does not depend on the chunks.
    const bytes = this.#reader.peek().subarray(0, this.#maxBody);
    const framing = bodyFraming(refusal);
    const enough = ended || bytes.length === this.#maxBody;
    if (framing === 'chunked') {
      this.#chunked.read(bytes);
      return this.#chunked.complete || enough ? this.#chunked.take() : undefined;
    }
    const length = framing === 'until-end' ? Infinity : framing;
    return bytes.length >= length || enough ? bytes.slice(0, length) : undefined;
  }

  /** Returns why the opening handshake has failed when its time is over: what a refusal has said by now counts. */
  late(): HandshakeError {
    try {
      this.next(true);
    } catch (error) {
      return error as HandshakeError;
    }
    return new HandshakeError('handshake-timeout');
  }

  /** Gives what arrived behind the response. */
  rest(): Uint8Array {
    return this.#reader.rest();
  }
}

/** Calls `read`; an error of the handshake that it throws says how much had been read, however that was cut. */
function located<T>(reader: HeadReader, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof HandshakeError) error.offset = reader.position;
    throw error;
  }
}
