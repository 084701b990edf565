/**
 * Negotiation of permessage-deflate (RFC 7692 5 and 7.1): offer, acceptance and confirmation as plain data.
 *
 * A client offers, a server answers the first offer that it can satisfy, and the client confirms that the answer fits
 * what it offered. Both sides then have the same agreement.
 */
import type { Extension } from '../handshake/fields.ts';
import { shown } from '../printable.ts';
import { HandshakeError } from '../rules.ts';

/** The registered name of the extension (RFC 7692 7). */
export const PERMESSAGE_DEFLATE = 'permessage-deflate';

/** The parameters that one side asks for. Those that it leaves out are the choice of the other side. */
export interface DeflateRequest {
  /** The server begins every message with an empty window (7.1.1.1). Default: false. */
  readonly serverNoContextTakeover?: boolean | undefined;
  /** The client begins every message with an empty window (7.1.1.2). Default: false. */
  readonly clientNoContextTakeover?: boolean | undefined;
  /**
   * The longest window with which the server compresses, as a power of 2 from 8 to 15 (7.1.2.1). Default: 15, or 12 on a server
   * with `permessageDeflate`.
   */
  readonly serverMaxWindowBits?: number | undefined;
  /** The longest window with which the client compresses, as a power of 2 from 8 to 15 (7.1.2.2). Default: 15. */
  readonly clientMaxWindowBits?: number | undefined;
}

/** The parameters that both sides have agreed on (RFC 7692 5). */
export interface DeflateAgreement {
  /** Whether the server begins every message with an empty window (7.1.1.1). */
  readonly serverNoContextTakeover: boolean;
  /** Whether the client begins every message with an empty window (7.1.1.2). */
  readonly clientNoContextTakeover: boolean;
  /** The longest window of the server is 2 to the power of this, in bytes (7.1.2.1). */
  readonly serverMaxWindowBits: number;
  /** The longest window of the client is 2 to the power of this, in bytes (7.1.2.2). */
  readonly clientMaxWindowBits: number;
}

/** The parameters of one element of Sec-WebSocket-Extensions. Window bits without a value are `true`. */
interface Parameters {
  serverNoContextTakeover?: true;
  clientNoContextTakeover?: true;
  serverMaxWindowBits?: number | true;
  clientMaxWindowBits?: number | true;
}

const NAMES = {
  server_no_context_takeover: 'serverNoContextTakeover',
  client_no_context_takeover: 'clientNoContextTakeover',
  server_max_window_bits: 'serverMaxWindowBits',
  client_max_window_bits: 'clientMaxWindowBits',
} as const;

/**
 * Returns the offer of a client, which always allows the server to limit the client's window.
 *
 * @throws {RangeError} when window bits are not a whole number from 8 to 15
 * @see RFC 7692 7.1
 */
export function offerDeflate(request: DeflateRequest): Extension {
  checkRequest(request);
  return format({
    ...(request.serverNoContextTakeover === true ? { serverNoContextTakeover: true } : {}),
    ...(request.clientNoContextTakeover === true ? { clientNoContextTakeover: true } : {}),
    ...(request.serverMaxWindowBits === undefined ? {} : { serverMaxWindowBits: request.serverMaxWindowBits }),
    clientMaxWindowBits: request.clientMaxWindowBits ?? true,
  });
}

/**
 * Answers the offers of a client: accepts the first that is valid and can be satisfied. Returns `undefined` if there is none.
 *
 * @param offers all extensions offered, in order of preference
 * @param request the parameters that the server asks for
 * @throws {RangeError} when window bits of `request` are not a whole number from 8 to 15
 * @see RFC 7692 5, 7.1
 */
export function acceptDeflate(
  offers: readonly Extension[],
  request: DeflateRequest,
): { readonly extension: Extension; readonly agreement: DeflateAgreement } | undefined {
  checkRequest(request);
  for (const offer of offers) {
    // 7: "A server MUST decline an extension negotiation offer for this extension if [...] The negotiation offer
    // contains an extension parameter not defined for use in an offer [...] with an invalid value [...] multiple
    // extension parameters with the same name."
    const offered = offer.name === PERMESSAGE_DEFLATE ? parse(offer) : undefined;
    // 7.1.2.1: server_max_window_bits in an offer "has a decimal integer value".
    if (offered === undefined || offered.serverMaxWindowBits === true) continue;
    const answer: Parameters = {};
    // 7.1.1.1: "A server accepts an extension negotiation offer that includes the "server_no_context_takeover"
    // extension parameter by including the "server_no_context_takeover" extension parameter in the corresponding [...]
    // response".
    if (offered.serverNoContextTakeover || request.serverNoContextTakeover) answer.serverNoContextTakeover = true;
    // 7.1.1.2: "the server may either ignore the parameter or use the parameter to avoid taking over the LZ77 sliding
    // window unnecessarily".
    if (offered.clientNoContextTakeover || request.clientNoContextTakeover) answer.clientNoContextTakeover = true;
    // 7.1.2.1: "with the same or smaller value as the offer".
    const server = Math.min(offered.serverMaxWindowBits ?? 15, request.serverMaxWindowBits ?? 15);
    if (server < 15 || offered.serverMaxWindowBits !== undefined) answer.serverMaxWindowBits = server;
    // 7.1.2.2: "If a received extension negotiation offer doesn't have the "client_max_window_bits" extension
    // parameter, the corresponding extension negotiation response to the offer MUST NOT include the
    // "client_max_window_bits" extension parameter."
    const hint = offered.clientMaxWindowBits;
    if (hint !== undefined) {
      const client = Math.min(hint === true ? 15 : hint, request.clientMaxWindowBits ?? 15);
      if (client < 15) answer.clientMaxWindowBits = client;
    }
    return { extension: format(answer), agreement: agree(answer) };
  }
  return undefined;
}

/**
 * Checks the answer of a server. Returns the agreement, or `undefined` when the server declined.
 *
 * @param offered the offer of the client; `undefined` when it offered nothing
 * @throws {HandshakeError} `response-extensions`
 * @see RFC 7692 5, 7
 */
export function confirmDeflate(
  offered: Extension | undefined,
  response: readonly Extension[],
): DeflateAgreement | undefined {
  const refuse = (why: string): never => {
    throw new HandshakeError('response-extensions', why);
  };
  const [first, second] = response;
  if (first === undefined) return undefined;
  // 5: "If a server gives an invalid response, such as accepting a PMCE that the client did not offer, the client MUST
  // _Fail the WebSocket Connection_."
  const offer = offered && parse(offered);
  if (first.name !== PERMESSAGE_DEFLATE || offer === undefined) return refuse(`${first.name} was not offered`);
  if (second !== undefined) return refuse(`there is a second one, ${second.name}`);
  const answer = parse(first);
  // 7: "A client MUST _Fail the WebSocket Connection_ if the peer server accepted an extension negotiation offer for
  // this extension with an extension negotiation response meeting any of the following conditions".
  if (answer === undefined) return refuse('a parameter is unknown, appears twice, or has an invalid value');
  if (answer.serverMaxWindowBits === true || answer.clientMaxWindowBits === true) {
    return refuse('a parameter for window bits has no value');
  }
  if (offer.serverNoContextTakeover && !answer.serverNoContextTakeover) {
    return refuse('server_no_context_takeover was requested and is missing');
  }
  const limit = offer.serverMaxWindowBits;
  if (limit !== undefined && !((answer.serverMaxWindowBits ?? 15) <= Number(limit))) {
    return refuse(`server_max_window_bits was requested to be at most ${limit}`);
  }
  // 7.1.2.2: "If a received extension negotiation offer doesn't have the "client_max_window_bits" extension parameter,
  // the corresponding extension negotiation response to the offer MUST NOT include the "client_max_window_bits"
  // extension parameter."
  if (answer.clientMaxWindowBits !== undefined && offer.clientMaxWindowBits === undefined) {
    return refuse('client_max_window_bits was not offered');
  }
  // 7.1.1.2, 7.1.2.2: the client compresses as its own offer announced, even if the answer does not repeat that.
  const agreed = agree(answer);
  const hint = offer.clientMaxWindowBits;
  return {
    ...agreed,
    clientNoContextTakeover: agreed.clientNoContextTakeover || offer.clientNoContextTakeover === true,
    clientMaxWindowBits: Math.min(agreed.clientMaxWindowBits, typeof hint === 'number' ? hint : 15),
  };
}

/** Reads the parameters of an element. Returns `undefined` when one is unknown, appears twice, or has an invalid value. */
function parse({ parameters }: Extension): Parameters | undefined {
  const read: Parameters = {};
  for (const [name, value] of parameters) {
    const key = Object.hasOwn(NAMES, name) ? NAMES[name as keyof typeof NAMES] : undefined;
    if (key === undefined || Object.hasOwn(read, key)) return undefined;
    if (key === 'serverNoContextTakeover' || key === 'clientNoContextTakeover') {
      // 7.1.1.1: "This extension parameter has no value."
      if (value !== undefined) return undefined;
      read[key] = true;
    } else {
      // 7.1.2.1: "a decimal integer value without leading zeroes between 8 to 15, inclusive".
      if (value !== undefined && !/^(?:[89]|1[0-5])$/.test(value)) return undefined;
      read[key] = value === undefined ? true : Number(value);
    }
  }
  return read;
}

function format(parameters: Parameters): Extension {
  return {
    name: PERMESSAGE_DEFLATE,
    parameters: Object.entries(NAMES).flatMap(([name, key]) => {
      const value = parameters[key];
      return value === undefined ? [] : [[name, value === true ? undefined : String(value)] as const];
    }),
  };
}

function agree(answer: Parameters): DeflateAgreement {
  return {
    serverNoContextTakeover: answer.serverNoContextTakeover === true,
    clientNoContextTakeover: answer.clientNoContextTakeover === true,
    serverMaxWindowBits: Number(answer.serverMaxWindowBits ?? 15),
    clientMaxWindowBits: Number(answer.clientMaxWindowBits ?? 15),
  };
}

/**
 * @throws {RangeError} when window bits are not a whole number from 8 to 15
 * @throws {TypeError} when another option is neither true nor false
 */
export function checkRequest(request: DeflateRequest): void {
  for (const key of ['serverNoContextTakeover', 'clientNoContextTakeover'] as const) {
    const takeover = request[key] ?? false;
    if (typeof takeover !== 'boolean') throw new TypeError(`${key}: true or false, not ${shown(takeover)}`);
  }
  for (const key of ['serverMaxWindowBits', 'clientMaxWindowBits'] as const) {
    const bits = request[key] ?? 15;
    if (!(Number.isInteger(bits) && bits >= 8 && bits <= 15)) {
      throw new RangeError(`${key}: a whole number from 8 to 15, not ${shown(bits)} (RFC 7692 section 7.1.2)`);
    }
  }
}
