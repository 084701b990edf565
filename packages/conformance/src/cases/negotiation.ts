/** RFC 7692 5 and 7.1: offers of permessage-deflate to a server, answers to a client. */
import type { Case, Extensions, Severity } from '../case.ts';
import { requestHead, responseHead } from '../run/opening.ts';
import { Deflated } from '../wire/deflate.ts';
import { type Family, forOne, open, text } from './builder.ts';

const PMD = 'permessage-deflate';
/** Values of window bits that are none (7.1.2.1: "a decimal integer value without leading zeroes between 8 to 15"). */
const BAD_BITS = ['7', '16', '0', '-1', '08', '015', '1e1', '1000', '+9', '9.0', '0x9', 'x', '4294967304'];

export function negotiation(): Case[] {
  return [...forOne('negotiation', 'server', offers), ...forOne('negotiation', 'client', answers)];
}

function offers(family: Family): void {
  const offer = (
    name: string,
    title: string,
    offered: string | readonly string[],
    extensions: Extensions,
    section = 'RFC 7692 7.1',
    severity: Severity = 'must',
  ): void => {
    const lines = typeof offered === 'string' ? [offered] : offered;
    const head = requestHead(lines.join('\r\nSec-WebSocket-Extensions: '));
    family.add(name, `${title}: ${lines.join(' / ')}`, { section, severity }, [{ do: 'head', head }], {
      end: 'opened',
      extensions,
    });
  };
  offer('plain', 'the plain offer is answered with what it allows', PMD, { lacks: ['client_max_window_bits'] });
  offer('client-bits', 'client_max_window_bits without a value', `${PMD}; client_max_window_bits`, {});
  for (let bits = 8; bits < 16; bits++) {
    offer(
      `server-bits-${bits}`,
      'accepting a limit of the window names it',
      `${PMD}; server_max_window_bits=${bits}`,
      { has: { server_max_window_bits: bits } },
      'RFC 7692 7.1.2.1',
    );
    offer(
      `server-bits-${bits}-quoted`,
      'accepting a limit of the window in quotes names it',
      `${PMD}; server_max_window_bits="${bits}"`,
      { has: { server_max_window_bits: bits } },
      'RFC 7692 5.2, RFC 6455 9.1',
    );
    // A hint: the answer may have the same or less.
    offer(
      `client-bits-${bits}`,
      'a hint at the window of the client',
      `${PMD}; client_max_window_bits=${bits}`,
      {},
      'RFC 7692 7.1.2.2',
    );
  }
  offer(
    'server-takeover',
    'accepting server_no_context_takeover names it',
    `${PMD}; server_no_context_takeover`,
    { has: { server_no_context_takeover: true } },
    'RFC 7692 7.1.1.1',
  );
  offer(
    'client-takeover',
    'a hint at client_no_context_takeover',
    `${PMD}; client_no_context_takeover`,
    {},
    'RFC 7692 7.1.1.2',
  );
  offer(
    'all',
    'all four parameters',
    `${PMD}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12`,
    { has: { server_no_context_takeover: true, server_max_window_bits: 12 } },
  );
  offer(
    'order',
    'the parameters in another order',
    `${PMD}; client_max_window_bits=12; server_max_window_bits=12; client_no_context_takeover; server_no_context_takeover`,
    { has: { server_no_context_takeover: true, server_max_window_bits: 12 } },
  );
  offer('tight', 'no spaces', `${PMD};server_no_context_takeover;client_max_window_bits`, {
    has: { server_no_context_takeover: true },
  });
  offer(
    'spaces',
    'many spaces',
    `${PMD} ;  server_no_context_takeover ; client_max_window_bits`,
    { has: { server_no_context_takeover: true } },
    'RFC 6455 9.1',
  );
  offer('behind-unknown', 'an offer behind an unknown extension', `foo; bar=1, ${PMD}`, {}, 'RFC 6455 9.1');
  offer('lines', 'an offer in the second of two lines', ['foo', PMD], {}, 'RFC 6455 9.1');
  // 7: "A server MUST decline an extension negotiation offer […] if any of the following conditions are met"
  const declined = (name: string, title: string, offered: string, section = 'RFC 7692 7'): void =>
    offer(name, title, offered, { accepted: false }, section);
  for (const bits of BAD_BITS) {
    const name = bits.replace(/\W/g, '_');
    declined(
      `server-bits-bad-${name}`,
      'a limit that is none is declined',
      `${PMD}; server_max_window_bits=${bits}`,
      'RFC 7692 7, CVE-2026-2229',
    );
    declined(
      `client-bits-bad-${name}`,
      'a hint that is none is declined',
      `${PMD}; client_max_window_bits=${bits}`,
      'RFC 7692 7, CVE-2026-2229',
    );
  }
  declined('server-bits-none', 'server_max_window_bits without a value is declined', `${PMD}; server_max_window_bits`);
  declined('unknown-parameter', 'an unknown parameter is declined', `${PMD}; nobody_knows_this`);
  declined('unknown-parameter-value', 'an unknown parameter with a value is declined', `${PMD}; foo=bar`);
  for (const name of ['server_no_context_takeover', 'client_no_context_takeover']) {
    declined(`${name}-value`, 'a value where none may be is declined', `${PMD}; ${name}=1`);
    declined(`${name}-true`, 'a value where none may be is declined', `${PMD}; ${name}=true`);
    declined(`${name}-twice`, 'a parameter twice is declined', `${PMD}; ${name}; ${name}`);
  }
  declined(
    'server-bits-twice',
    'a parameter twice is declined',
    `${PMD}; server_max_window_bits=10; server_max_window_bits=11`,
  );
  declined(
    'client-bits-twice',
    'a parameter twice is declined',
    `${PMD}; client_max_window_bits; client_max_window_bits=10`,
  );
  for (const name of ['__proto__', 'constructor', 'toString'])
    declined(
      `prototype-${name}`,
      'a parameter named like a method is declined',
      `${PMD}; ${name}`,
      'GHSA-5v72-xg48-5rpm',
    );
  for (const name of [
    'permessage-deflate2',
    'permessage-deflat',
    'x-permessage-deflate',
    'deflate-frame',
    'x-webkit-deflate-frame',
    'perframe-deflate',
  ])
    declined(`name-${name}`, 'another extension is not taken for permessage-deflate', name, 'RFC 7692 7');
  // 7: a server must "decline an extension negotiation offer"; one that refuses the whole request has declined it as well.
  offer(
    'fallback',
    'the first offer is declined, and the second may be accepted',
    `${PMD}; server_max_window_bits=99, ${PMD}`,
    { lacks: ['client_max_window_bits'] },
    'RFC 7692 5.2',
    'should',
  );
  offer(
    'fallback-parameter',
    'the answer does not mix two offers',
    `${PMD}; nobody_knows_this; client_max_window_bits, ${PMD}`,
    { lacks: ['client_max_window_bits'] },
    'RFC 7692 7.1.2.2',
    'should',
  );
  offer('two-offers', 'only one of two offers is accepted', `${PMD}; client_max_window_bits, ${PMD}`, {}, 'RFC 7692 5');
}

function answers(family: Family): void {
  const message = family.out.text(new Deflated().fixed(['hello']).message(), { rsv: 4 });
  const agreed = (name: string, title: string, extensions: string, needs = PMD, severity: Severity = 'must'): void =>
    family.add(
      name,
      `${title}: ${extensions}`,
      { section: 'RFC 7692 7.1', severity },
      [open({ extensions, needs }), { do: 'send', bytes: message }, { do: 'receive', items: [text('hello')] }],
      { end: 'alive' },
    );
  agreed('plain', 'the plain answer', PMD);
  // 7.1.1.2: "A client MUST support the "client_no_context_takeover" extension parameter in an extension negotiation response."
  agreed('client-takeover', 'client_no_context_takeover must be supported', `${PMD}; client_no_context_takeover`);
  agreed('server-takeover', 'the server may give up its window unasked', `${PMD}; server_no_context_takeover`);
  for (let bits = 8; bits < 16; bits++) {
    agreed(`server-bits-${bits}`, 'the server may limit its window unasked', `${PMD}; server_max_window_bits=${bits}`);
    agreed(
      `client-bits-${bits}`,
      'the window of a client that has offered so is limited',
      `${PMD}; client_max_window_bits=${bits}`,
      `${PMD}; client_max_window_bits`,
    );
  }
  agreed('quoted', 'a value in quotes', `${PMD}; server_max_window_bits="12"`);
  agreed(
    'all',
    'all parameters',
    `${PMD}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12`,
    `${PMD}; client_max_window_bits`,
  );
  agreed('spaces', 'spaces and no spaces', `${PMD} ;server_no_context_takeover ;  client_no_context_takeover`);
  const refused = (name: string, title: string, extensions: string, section = 'RFC 7692 7'): void => {
    const head = responseHead(extensions);
    family.add(
      name,
      `${title}: ${extensions}`,
      { section },
      [
        // What an extension may be that was not offered, a case of the handshake says.
        { do: 'head', head, needs: PMD },
        { do: 'send', bytes: [...family.out.text('hello'), ...family.out.ping('after')] },
      ],
      { end: 'refused' },
    );
  };
  // 7: "A client MUST _Fail the WebSocket Connection_ if the peer server accepted […] with an extension negotiation response meeting any of the following conditions"
  for (const bits of BAD_BITS) {
    const name = bits.replace(/\W/g, '_');
    refused(
      `server-bits-bad-${name}`,
      'a window that is none fails the connection',
      `${PMD}; server_max_window_bits=${bits}`,
      'RFC 7692 7, CVE-2026-2229',
    );
    refused(
      `client-bits-bad-${name}`,
      'a window that is none fails the connection',
      `${PMD}; client_max_window_bits=${bits}`,
      'RFC 7692 7, CVE-2026-2229',
    );
  }
  refused('server-bits-none', 'a limit without a value fails the connection', `${PMD}; server_max_window_bits`);
  refused('client-bits-none', 'a limit without a value fails the connection', `${PMD}; client_max_window_bits`);
  refused('unknown-parameter', 'an unknown parameter fails the connection', `${PMD}; nobody_knows_this`);
  for (const name of ['server_no_context_takeover', 'client_no_context_takeover']) {
    refused(`${name}-value`, 'a value where none may be fails the connection', `${PMD}; ${name}=1`);
    refused(`${name}-twice`, 'a parameter twice fails the connection', `${PMD}; ${name}; ${name}`);
  }
  refused(
    'server-bits-twice',
    'a parameter twice fails the connection',
    `${PMD}; server_max_window_bits=10; server_max_window_bits=10`,
  );
  refused('twice', 'the extension twice fails the connection', `${PMD}, ${PMD}`, 'RFC 7692 5');
  refused('with-another', 'another extension beside it fails the connection', `${PMD}, foo`, 'RFC 6455 4.1');
  refused(
    'prototype',
    'a parameter named like a method fails the connection',
    `${PMD}; constructor`,
    'GHSA-5v72-xg48-5rpm',
  );
}
