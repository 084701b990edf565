// RFC 7692 5 and 7.1: what a client offers, what a server answers, and what the client makes of the answer.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  acceptDeflate,
  confirmDeflate,
  type DeflateAgreement,
  type DeflateOptions,
  type DeflateRequest,
  offerDeflate,
  permessageDeflate,
} from '../../src/deflate/index.ts';
import { type Extension, formatExtensions, parseExtensions } from '../../src/handshake/index.ts';
import { HandshakeError } from '../../src/rules.ts';
import { NO_ENGINE } from './tools.ts';

const test = suite('RFC 7692 5, 7.1 deflate/offer');

/** The parameters in short: S and C for no context takeover, then the window bits, of the server and of the client. */
function short(agreement: DeflateAgreement | undefined): string {
  if (agreement === undefined) return 'declined';
  const { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = agreement;
  return `${serverNoContextTakeover ? 'S' : ''}${serverMaxWindowBits} ${clientNoContextTakeover ? 'C' : ''}${clientMaxWindowBits}`;
}

/** Parameters as they follow the name of the extension. */
const named = (parameters: string): string => ['permessage-deflate', ...(parameters ? [parameters] : [])].join('; ');

function parsed(value: string): Extension[] {
  const extensions = parseExtensions(value);
  if (extensions === undefined) throw new Error(`no list of extensions: ${value}`);
  return extensions;
}

/** What a server makes of a header field: its own, or `declined`, and the agreement. */
function accept(offers: string, request: DeflateRequest = {}): [answer: string, agreement: string] {
  const accepted = acceptDeflate(parsed(offers), request);
  const answer = accepted === undefined ? 'declined' : formatExtensions([accepted.extension]);
  return [answer, short(accepted?.agreement)];
}

/** What a client makes of a header field: the agreement, or the rule that it breaks and why. */
function confirm(request: DeflateRequest | undefined, response: string): string {
  try {
    const answer = response === '' ? [] : parsed(response);
    return short(confirmDeflate(request && offerDeflate(request), answer));
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    return `${error.rule}: ${error.message.replace(/.*? something else: (.*); mend .*/, '$1')}`;
  }
}

const OFFERS: [DeflateRequest, string][] = [
  [{}, 'client_max_window_bits'],
  [{ serverNoContextTakeover: true }, 'server_no_context_takeover; client_max_window_bits'],
  [{ clientNoContextTakeover: true }, 'client_no_context_takeover; client_max_window_bits'],
  [{ serverNoContextTakeover: false, clientNoContextTakeover: false }, 'client_max_window_bits'],
  [{ serverMaxWindowBits: 8 }, 'server_max_window_bits=8; client_max_window_bits'],
  [{ serverMaxWindowBits: 15 }, 'server_max_window_bits=15; client_max_window_bits'],
  [{ clientMaxWindowBits: 10 }, 'client_max_window_bits=10'],
  [
    { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 9, clientMaxWindowBits: 15 },
    'server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=15',
  ],
];

for (const [request, expected] of OFFERS) {
  test(`7.1 a client that wants ${JSON.stringify(request)} offers ${expected}`, () => {
    assert.is(formatExtensions([offerDeflate(request)]), named(expected));
    assert.is(formatExtensions(permessageDeflate(NO_ENGINE, request).offer()), named(expected));
  });
}

/** An offer, the request of the server, its answer, and the agreement. */
const ANSWERS: [section: string, offer: string, request: DeflateRequest, answer: string, agreement: string][] = [
  ['7.1', '', {}, '', '15 15'],
  ['7.1', 'client_max_window_bits', {}, '', '15 15'],
  ['7.1.1.1', 'server_no_context_takeover', {}, 'server_no_context_takeover', 'S15 15'],
  ['7.1.1.1', '', { serverNoContextTakeover: true }, 'server_no_context_takeover', 'S15 15'],
  ['7.1.1.2', 'client_no_context_takeover', {}, 'client_no_context_takeover', '15 C15'],
  ['7.1.1.2', '', { clientNoContextTakeover: true }, 'client_no_context_takeover', '15 C15'],
  ['7.1.2.1', 'server_max_window_bits=8', {}, 'server_max_window_bits=8', '8 15'],
  ['7.1.2.1', 'server_max_window_bits=15', {}, 'server_max_window_bits=15', '15 15'],
  ['7.1.2.1', 'server_max_window_bits=12', { serverMaxWindowBits: 10 }, 'server_max_window_bits=10', '10 15'],
  ['7.1.2.1', 'server_max_window_bits=10', { serverMaxWindowBits: 12 }, 'server_max_window_bits=10', '10 15'],
  ['7.1.2.1', '', { serverMaxWindowBits: 12 }, 'server_max_window_bits=12', '12 15'],
  ['7.1.2.1', '', { serverMaxWindowBits: 15 }, '', '15 15'],
  ['7.1.2.2', '', { clientMaxWindowBits: 9 }, '', '15 15'],
  ['7.1.2.2', 'client_max_window_bits', { clientMaxWindowBits: 9 }, 'client_max_window_bits=9', '15 9'],
  ['7.1.2.2', 'client_max_window_bits=8', {}, 'client_max_window_bits=8', '15 8'],
  ['7.1.2.2', 'client_max_window_bits=10', { clientMaxWindowBits: 12 }, 'client_max_window_bits=10', '15 10'],
  ['7.1.2.2', 'client_max_window_bits=12', { clientMaxWindowBits: 10 }, 'client_max_window_bits=10', '15 10'],
  ['7.1.2.2', 'client_max_window_bits=15', {}, '', '15 15'],
  [
    '7.1',
    'client_max_window_bits=11; server_max_window_bits=10; client_no_context_takeover; server_no_context_takeover',
    {},
    'server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11',
    'S10 C11',
  ],
];

for (const [section, offer, request, answer, agreement] of ANSWERS) {
  test(`${section} to "${offer}" a server that wants ${JSON.stringify(request)} answers "${answer}"`, () => {
    assert.equal(accept(named(offer), request), [named(answer), agreement]);
  });
}

/** What no parameter is, in an offer or in an answer. */
const MALFORMED: [section: string, parameters: string][] = [
  ['7.1.1.1', 'server_no_context_takeover=1'],
  ['7.1.1.1', 'server_no_context_takeover="true"'],
  ['7.1.1.2', 'client_no_context_takeover=0'],
  ...['server_max_window_bits', 'client_max_window_bits'].flatMap((name) =>
    ['0', '7', '16', '08', '015', '1e1', '-1', '+9', '0x9', '9.0', '1000', '8a', 'NaN'].flatMap(
      (value): [string, string][] => [
        ['7.1.2', `${name}=${value}`],
        ['7.1.2', `${name}="${value}"`],
      ],
    ),
  ),
  ...[
    ...['server_no_context_takeover', 'client_no_context_takeover'],
    ...['server_max_window_bits=10', 'client_max_window_bits=10'],
  ].map((parameter): [string, string] => ['7.1', `${parameter}; ${parameter}`]),
  ['7.1.2.2', 'client_max_window_bits=9; client_max_window_bits=10'],
  ['7.1', 'Server_No_Context_Takeover'],
  ['7.1', 'unknown'],
  ['7.1', 'server_no_context_takeover; x=1'],
  ...Object.getOwnPropertyNames(Object.prototype).map((name): [string, string] => ['7.1', name]),
];

for (const [section, parameters] of MALFORMED) {
  test(`${section} "${parameters}": a server declines the offer, a client fails`, () => {
    assert.equal(accept(named(parameters)), ['declined', 'declined']);
    const everything = { serverNoContextTakeover: true, serverMaxWindowBits: 15 };
    for (const request of [{}, everything]) {
      const why = 'response-extensions: a parameter is unknown, appears twice, or has an invalid value';
      assert.is(confirm(request, named(parameters)), why);
    }
  });
}

/** Values that the grammar of the header field cannot carry, or only as something else. */
for (const value of ['', ' 8', '8 ', '\u0661\u0660', '\uff18', '\u00b9\u2070', '8\n', '8\u0000']) {
  for (const name of ['server_max_window_bits', 'client_max_window_bits'] as const) {
    test(`7.1.2 ${name} of ${JSON.stringify(value)}: a server declines, a client fails`, () => {
      const extension = { name: 'permessage-deflate', parameters: [[name, value]] } as const;
      assert.is(acceptDeflate([extension], {}), undefined);
      assert.throws(() => confirmDeflate(offerDeflate({}), [extension]), /has an invalid value/);
    });
  }
}

test('9.1 a malformed list of extensions is refused, whatever the window bits', () => {
  for (const value of ['=', '=""', '=" 8"', '=8 8', '=\u0661\u0660']) {
    assert.is(parseExtensions(`permessage-deflate; client_max_window_bits${value}`), undefined);
  }
});

test('7.1.2 window bits are 8 to 15, with or without quotes', () => {
  for (let bits = 8; bits <= 15; bits++) {
    for (const text of [String(bits), `"${bits}"`]) {
      const parameters = `server_max_window_bits=${text}; client_max_window_bits=${text}`;
      assert.is(accept(named(parameters))[1], `${bits} ${bits}`);
      assert.is(
        confirm({ serverMaxWindowBits: bits, clientMaxWindowBits: bits }, named(parameters)),
        `${bits} ${bits}`,
      );
    }
  }
});

test('7.1.2.1 an offer of server_max_window_bits without a value is declined', () => {
  assert.equal(accept(named('server_max_window_bits')), ['declined', 'declined']);
});

/** Several offers, and the one that is answered. */
const PREFERENCES: [offers: string, answer: string][] = [
  ['x-webkit-deflate-frame', 'declined'],
  ['permessage-bzip2, permessage-deflate', named('')],
  ['Permessage-Deflate', 'declined'],
  ['constructor, __proto__, toString', 'declined'],
  ['permessage-deflate; server_max_window_bits=10, permessage-deflate', named('server_max_window_bits=10')],
  ['permessage-deflate, permessage-deflate; server_max_window_bits=10', named('')],
  ['permessage-deflate; x, permessage-deflate; server_no_context_takeover', named('server_no_context_takeover')],
  ['permessage-deflate; server_max_window_bits=7, permessage-deflate', named('')],
  ['permessage-deflate; x, permessage-deflate; y', 'declined'],
];

for (const [offers, answer] of PREFERENCES) {
  test(`5.1 of "${offers}" a server accepts the first offer that it can: ${answer}`, () => {
    assert.is(accept(offers)[0], answer);
  });
}

test('5.1 without an offer there is no answer', () => {
  assert.is(acceptDeflate([], {}), undefined);
  assert.is(permessageDeflate(NO_ENGINE).accept([]), undefined);
});

/** The request of a client, the answer of the server, and the agreement or the reason why there is none. */
const CONFIRMATIONS: [section: string, request: DeflateRequest | undefined, answer: string, expected: string][] = [
  ['5.1', {}, '', 'declined'],
  ['5.1', undefined, '', 'declined'],
  ['5.1', undefined, named(''), 'response-extensions: permessage-deflate was not offered'],
  ['5.1', {}, 'permessage-bzip2', 'response-extensions: permessage-bzip2 was not offered'],
  ['5.1', {}, 'toString', 'response-extensions: toString was not offered'],
  ['5.1', {}, `${named('')}, ${named('')}`, 'response-extensions: there is a second one, permessage-deflate'],
  ['5.1', {}, `${named('')}, x`, 'response-extensions: there is a second one, x'],
  ['5.1', {}, `x, ${named('')}`, 'response-extensions: x was not offered'],
  ['7.1', {}, named(''), '15 15'],
  ['7.1.1.1', {}, named('server_no_context_takeover'), 'S15 15'],
  ['7.1.1.2', {}, named('client_no_context_takeover'), '15 C15'],
  ['7.1.1.1', { serverNoContextTakeover: true }, named('server_no_context_takeover'), 'S15 15'],
  [
    '7.1.1.1',
    { serverNoContextTakeover: true },
    named(''),
    'response-extensions: server_no_context_takeover was requested and is missing',
  ],
  ['7.1.2.1', {}, named('server_max_window_bits=8'), '8 15'],
  ['7.1.2.1', { serverMaxWindowBits: 12 }, named('server_max_window_bits=12'), '12 15'],
  ['7.1.2.1', { serverMaxWindowBits: 12 }, named('server_max_window_bits=9'), '9 15'],
  [
    '7.1.2.1',
    { serverMaxWindowBits: 12 },
    named('server_max_window_bits=13'),
    'response-extensions: server_max_window_bits was requested to be at most 12',
  ],
  [
    '7.1.2.1',
    { serverMaxWindowBits: 12 },
    named(''),
    'response-extensions: server_max_window_bits was requested to be at most 12',
  ],
  ['7.1.2.1', { serverMaxWindowBits: 15 }, named(''), '15 15'],
  ['7.1.2.1', {}, named('server_max_window_bits'), 'response-extensions: a parameter for window bits has no value'],
  ['7.1.2.2', {}, named('client_max_window_bits=8'), '15 8'],
  ['7.1.2.2', { clientMaxWindowBits: 12 }, named('client_max_window_bits=12'), '15 12'],
  ['7.1.2.2', {}, named('client_max_window_bits'), 'response-extensions: a parameter for window bits has no value'],
];

for (const [section, request, answer, expected] of CONFIRMATIONS) {
  test(`${section} a client that wants ${JSON.stringify(request)} and gets the answer "${answer}": ${expected}`, () => {
    assert.is(confirm(request, answer), expected);
  });
}

test('7.1.2.2 a client never compresses with a larger window than it announced', () => {
  // An answer without client_max_window_bits, or with a longer window, limits nothing: the client may still do less.
  assert.is(confirm({ clientMaxWindowBits: 10 }, named('')), '15 10');
  assert.is(confirm({ clientMaxWindowBits: 10 }, named('client_max_window_bits=12')), '15 10');
});

test('7.1.2.2 client_max_window_bits that was not offered fails', () => {
  const offered = { name: 'permessage-deflate', parameters: [] };
  assert.is(short(confirmDeflate(offered, [offered])), '15 15');
  assert.throws(() => confirmDeflate(offered, [offerDeflate({ clientMaxWindowBits: 15 })]), /bits was not offered/);
});

test('7.1.1.2 a client that announced client_no_context_takeover keeps to that, whatever the answer', () => {
  assert.is(confirm({ clientNoContextTakeover: true }, named('')), '15 C15');
});

const BITS = [7, 16, 0, -1, 8.5, Number.NaN, Number.POSITIVE_INFINITY];
const WRONG: DeflateOptions[] = [
  ...BITS.flatMap((bits) => [{ serverMaxWindowBits: bits }, { clientMaxWindowBits: bits }]),
];

for (const request of WRONG) {
  const [[name, value] = []] = Object.entries(request);
  test(`7.1.2 ${name}: ${JSON.stringify(value)} (${value}) throws`, () => {
    const says = `${name}: a whole number from 8 to 15, not ${value}`;
    const calls = [offerDeflate, (of: DeflateRequest) => acceptDeflate([], of)];
    for (const call of [...calls, (of: DeflateRequest) => permessageDeflate(NO_ENGINE, of)]) {
      assert.throws(
        () => call(request),
        (error: unknown) => error instanceof RangeError && error.message.startsWith(says),
      );
    }
  });
}

for (const [name, values] of Object.entries({
  level: [-1, 10, 1.5, Number.NaN],
  memLevel: [0, 10, 1.5],
  threshold: [-1, 0.5, Number.POSITIVE_INFINITY],
})) {
  test(`${name}: ${values.join(', ')} throw`, () => {
    for (const value of values) {
      assert.throws(
        () => permessageDeflate(NO_ENGINE, { [name]: value }),
        (error: unknown) => error instanceof RangeError && error.message.startsWith(`${name}: a whole number from `),
      );
    }
  });
}

test.run();
