/** 4.1: responses that a client accepts. */

import type { Case } from '../case.ts';
import { type Family, forOne } from './builder.ts';
import { hostile, refused, statuses } from './handshake-client-refused.ts';
import { opening, ordinary } from './heads.ts';
import { response, SECTION } from './responses.ts';

export function handshakeClient(): Case[] {
  return forOne('handshake', 'client', (family) => {
    accepted(family);
    refused(family);
    statuses(family);
    hostile(family);
  });
}

function accepted(family: Family): void {
  const opens = opening(family, SECTION);
  const plain = response();
  ordinary(opens, 'response', plain, 'RFC 9110 5.1');
  for (const value of ['WebSocket', 'WEBSOCKET'])
    opens(`upgrade-${value}`, `Upgrade: ${value}`, response({ fields: { Upgrade: value } }));
  for (const [name, value] of Object.entries({
    lower: 'upgrade',
    list: 'keep-alive, Upgrade',
    'list-tight': 'keep-alive,Upgrade',
  })) {
    opens(`connection-${name}`, `Connection: ${value}`, response({ fields: { Connection: value } }));
  }
  opens(
    'connection-lines',
    'Connection in two lines',
    response({ fields: { Connection: ['keep-alive', 'Upgrade'] } }),
    { section: 'RFC 9110 5.3' },
  );
  opens('space-none', 'no space behind the colons', plain.replaceAll(': ', ':'), { section: 'RFC 9112 5' });
  // 4.1: the accept is compared "ignoring any leading and trailing whitespace"
  opens(
    'space-much',
    'spaces around the values',
    response({
      fields: { Upgrade: ' \t websocket \t ', Connection: '  Upgrade  ', 'Sec-WebSocket-Accept': '   {accept}   ' },
    }),
  );
  opens(
    'order',
    'the fields in another order',
    response({ fields: { Upgrade: undefined }, lines: ['Upgrade: websocket'] }),
  );
  opens(
    'unknown-field',
    'fields that nobody knows',
    response({ lines: ['X-Unknown: anything', 'Server: test', 'Date: now'] }),
  );
  opens('reason-none', 'a status line without a reason', response({ line: 'HTTP/1.1 101 ' }), {
    section: 'RFC 9112 4',
  });
  opens(
    'reason-other',
    'another reason',
    response({ line: 'HTTP/1.1 101 Web Socket Protocol Handshake, or whatever' }),
    { section: 'RFC 9112 4' },
  );
  opens('folded', 'a folded line is one value', response({ lines: ['X-Folded: a', '  b'] }), {
    section: 'RFC 9112 5.2',
    severity: 'may',
  });
  opens('cookies', 'several Set-Cookie lines', response({ lines: ['Set-Cookie: a=b', 'Set-Cookie: c=d'] }));
  opens(
    'many-fields',
    'forty fields more',
    response({ lines: Array.from({ length: 40 }, (_, i) => `X-Field-${i}: ${i}`) }),
    { severity: 'should' },
  );
  opens('latin1-field', 'a field value beyond ASCII', response({ lines: ['X-Name: J\xfcrgen'] }), {
    section: 'RFC 9110 5.5',
    severity: 'should',
  });
  for (const name of ['__proto__', 'constructor', 'toString'])
    opens(`prototype-field-${name}`, `a header field named ${name}`, response({ lines: [`${name}: ${name}`] }), {
      section: 'GHSA-5v72-xg48-5rpm',
      severity: 'hardening',
    });
  family.add(
    'early-frames',
    'frames in the chunk of the response are received',
    { section: SECTION },
    [
      { do: 'head', head: plain },
      { do: 'send', bytes: family.out.text('early') },
      { do: 'receive', items: [{ type: 'text', payload: ['6561726c79'] }] },
    ],
    { end: 'alive' },
  );
}
