/** Negotiation of permessage-deflate (RFC 7692 7.1): both sides must agree, and on the same parameters. */
import {
  acceptDeflate,
  confirmDeflate,
  type DeflateAgreement,
  type DeflateRequest,
  offerDeflate,
  PERMESSAGE_DEFLATE,
} from '../../packages/core/src/deflate/offer.ts';
import { type Extension, formatExtensions, parseExtensions } from '../../packages/core/src/handshake/fields.ts';
import { HandshakeError } from '../../packages/core/src/rules.ts';
import { bytesOf, Input, latin1 } from '../src/input.ts';
import { holds, same, typed, Violation } from '../src/target.ts';

export const name = 'offer';
export const description =
  'Any offer gets an answer that RFC 7692 allows or is declined, any answer is confirmed or refused, and our two sides always agree.';

export function fuzz(data: Uint8Array): void {
  const input = new Input(data);
  const client = readRequest(input);
  const server = readRequest(input);
  const list = parseExtensions(latin1(input.rest())) ?? [];

  const ours = offerDeflate(client);
  const accepted = acceptDeflate(parseExtensions(formatExtensions([ours])) ?? [], server);
  holds('our server accepts the offer of our client', accepted !== undefined);
  const agreement = confirmDeflate(ours, parseExtensions(formatExtensions([accepted.extension])) ?? []);
  same('both sides agree on the same', ['client', agreement], ['server', accepted.agreement]);
  checkRequest(accepted.agreement, client);
  checkRequest(accepted.agreement, server);

  const answer = acceptDeflate(list, server);
  if (answer !== undefined) {
    const offers = list.filter((offer) => allows(offer, answer.extension));
    holds('some offer allows the answer', offers.length > 0, () => formatExtensions([answer.extension]));
    checkRequest(answer.agreement, server);
  } else {
    holds('a valid offer is accepted', !list.some((offer) => isValid(offer, 'offer')));
  }

  const confirmed = typed(() => confirmDeflate(ours, list), HandshakeError);
  if (confirmed instanceof HandshakeError) {
    holds('a refusal names its rule', confirmed.rule === 'response-extensions');
    holds(
      'a valid answer is not refused',
      !(list.length === 1 && list[0] && isValid(list[0], 'answer') && allows(ours, list[0])),
    );
  } else if (confirmed !== undefined) {
    const [only, more] = list;
    if (only === undefined || more !== undefined) throw new Violation('what is confirmed is one answer');
    holds('a confirmed response is valid', isValid(only, 'answer') && allows(ours, only), () =>
      formatExtensions([only]),
    );
    checkBits(confirmed);
  }
}

/** Two bytes of the input: which parameters, and the window bits. */
function readRequest(input: Input): DeflateRequest {
  const flags = input.byte();
  const bits = input.byte();
  return {
    serverNoContextTakeover: (flags & 1) > 0,
    clientNoContextTakeover: (flags & 2) > 0,
    serverMaxWindowBits: (flags & 4) > 0 ? 8 + (bits & 7) : undefined,
    clientMaxWindowBits: (flags & 8) > 0 ? 8 + ((bits >> 3) & 7) : undefined,
  };
}

function checkBits({ serverMaxWindowBits, clientMaxWindowBits }: DeflateAgreement): void {
  for (const bits of [serverMaxWindowBits, clientMaxWindowBits]) {
    holds('window bits are a whole number from 8 to 15', Number.isInteger(bits) && bits >= 8 && bits <= 15);
  }
}

/** Each side gets what it asked for. */
function checkRequest(agreement: DeflateAgreement, request: DeflateRequest): void {
  checkBits(agreement);
  holds(
    'no context takeover is agreed on where it was asked for',
    !request.serverNoContextTakeover || agreement.serverNoContextTakeover,
  );
  holds('no window is longer than requested', agreement.serverMaxWindowBits <= (request.serverMaxWindowBits ?? 15));
}

/** 7.1: the four parameters, each at most once, with or without a value. */
function isValid({ name, parameters }: Extension, where: 'offer' | 'answer'): boolean {
  const names = parameters.map(([key]) => key);
  return (
    name === PERMESSAGE_DEFLATE &&
    new Set(names).size === names.length &&
    parameters.every(([key, value]) => {
      if (/^(server|client)_no_context_takeover$/.test(key)) return value === undefined;
      if (!/^(server|client)_max_window_bits$/.test(key)) return false;
      if (value === undefined) return where === 'offer' && key === 'client_max_window_bits';
      return ['8', '9', '10', '11', '12', '13', '14', '15'].includes(value);
    })
  );
}

/** 7.1.1.1 to 7.1.2.2: the offer allows everything in the answer, and the answer has everything required. */
function allows(offer: Extension, answer: Extension): boolean {
  if (!isValid(offer, 'offer')) return false;
  const [offered, answered] = [new Map(offer.parameters), new Map(answer.parameters)];
  if (offered.has('server_no_context_takeover') && !answered.has('server_no_context_takeover')) return false;
  const limit = offered.get('server_max_window_bits');
  if (limit !== undefined && !(Number(answered.get('server_max_window_bits') ?? 15) <= Number(limit))) return false;
  return offered.has('client_max_window_bits') || !answered.has('client_max_window_bits');
}

export function* seeds(): Iterable<Uint8Array> {
  const lists = [
    ...['', 'permessage-deflate', 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'],
    ...[
      'permessage-deflate; server_max_window_bits=8; client_max_window_bits=15',
      'permessage-deflate; client_max_window_bits',
    ],
    ...[
      'permessage-deflate; server_max_window_bits',
      'permessage-deflate; client_max_window_bits="10"',
      'x, permessage-deflate',
    ],
    ...[
      'permessage-deflate; server_max_window_bits=08',
      'permessage-deflate; __proto__',
      'permessage-deflate, permessage-deflate',
    ],
  ];
  for (const [at, list] of lists.entries()) yield bytesOf(`${String.fromCharCode(at, 9 * at, 15 - at, 7 * at)}${list}`);
}

export const dictionary = [
  ...['permessage-deflate', '; server_no_context_takeover', '; client_no_context_takeover', '="8"', '=15', '=16'],
  ...['; server_max_window_bits', '; client_max_window_bits', ', '],
].map(bytesOf);
