/** 4.2 and 9.1: requests that a server accepts. */

import type { Case } from '../case.ts';
import { SAMPLE_KEY } from '../wire/http.ts';
import { type Family, forOne } from './builder.ts';
import { hostile, malformed } from './handshake-server-http.ts';
import { refused } from './handshake-server-refused.ts';
import { opening, ordinary } from './heads.ts';
import { HTTP, request } from './requests.ts';

export function handshakeServer(): Case[] {
  return forOne('handshake', 'server', (family) => {
    accepted(family);
    refused(family);
    malformed(family);
    hostile(family);
  });
}

function accepted(family: Family): void {
  const opens = opening(family, 'RFC 6455 4.2.1');
  const plain = request();
  ordinary(opens, 'request', plain, HTTP);
  for (const value of ['WebSocket', 'WEBSOCKET', 'wEbSoCkEt'])
    opens(`upgrade-${value}`, `Upgrade: ${value}`, request({ fields: { Upgrade: value } }));
  for (const [name, value] of Object.entries({
    lower: 'upgrade',
    upper: 'UPGRADE',
    list: 'keep-alive, Upgrade',
    'list-first': 'Upgrade, keep-alive',
    'list-tight': 'keep-alive,Upgrade',
    'list-empty': ', Upgrade ,',
  })) {
    opens(
      `connection-${name}`,
      `Connection: ${value}`,
      request({ fields: { Connection: value } }),
      name === 'list-empty' ? { severity: 'should', section: 'RFC 9110 5.6.1.2' } : {},
    );
  }
  opens('connection-lines', 'Connection in two lines', request({ fields: { Connection: ['keep-alive', 'Upgrade'] } }), {
    section: 'RFC 9110 5.3',
  });
  opens('space-none', 'no space behind the colons', plain.replaceAll(': ', ':'), { section: HTTP });
  opens(
    'space-much',
    'spaces and tabs around the values',
    request({
      fields: {
        Host: ' \t {host} \t ',
        Upgrade: '\t websocket \t ',
        Connection: ' \t Upgrade  ',
        'Sec-WebSocket-Key': ` \t ${SAMPLE_KEY}\t \t`,
        'Sec-WebSocket-Version': '\t13 ',
      },
    }),
    { section: HTTP },
  );
  // Node's own parser takes a tab behind the token for a part of it.
  opens(
    'tab-after-connection',
    'a tab behind the token of Connection',
    request({ fields: { Connection: 'Upgrade\t' } }),
    {
      section: 'RFC 9110 5.5',
      severity: 'should',
    },
  );
  opens(
    'order',
    'the fields in another order',
    request({ fields: { Host: undefined, Upgrade: undefined }, lines: ['Upgrade: websocket', 'Host: {host}'] }),
  );
  opens(
    'unknown-field',
    'a field that nobody knows',
    request({ lines: ['X-Unknown: anything at all', 'Cookie: a=b; c=d'] }),
    { section: 'RFC 6455 4.2.1' },
  );
  opens('empty-field', 'a field without a value', request({ lines: ['X-Empty:'] }), { section: HTTP });
  opens(
    'many-fields',
    'forty fields more',
    request({ lines: Array.from({ length: 40 }, (_, i) => `X-Field-${i}: ${i}`) }),
    { severity: 'should', section: HTTP },
  );
  opens('long-field', 'a field of 4,000 bytes', request({ lines: [`Cookie: ${'c'.repeat(4000)}`] }), {
    severity: 'should',
    section: HTTP,
  });
  opens('latin1-field', 'a field value beyond ASCII', request({ lines: ['X-Name: J\xfcrgen'] }), {
    severity: 'should',
    section: 'RFC 9110 5.5',
  });
  opens(
    'query',
    'a target with a query',
    request({ line: 'GET {path}?a=b&c=%20d HTTP/1.1' }).replace(/\?(.*)\?/, '?$1&'),
    { section: 'RFC 6455 3' },
  );
  opens('absolute', 'a target that is an absolute URI', request({ line: 'GET http://{host}{path} HTTP/1.1' }), {
    section: 'RFC 6455 4.1, RFC 9112 3.2.2',
    severity: 'should',
  });
  opens('empty-line', 'an empty line before the request', `\r\n${plain}`, {
    section: 'RFC 9112 2.2',
    severity: 'should',
  });
  opens(
    'other-key',
    'the accept is made of the key that was sent',
    request({ fields: { 'Sec-WebSocket-Key': 'AAECAwQFBgcICQoLDA0ODw==' } }),
    { section: 'RFC 6455 4.2.2' },
  );
  opens(
    'slash-key',
    'a key with all kinds of digits',
    request({ fields: { 'Sec-WebSocket-Key': '+/+/+/+/+/+/+/+/+/+/+w==' } }),
    { section: 'RFC 6455 4.2.2' },
  );
  for (const [name, value] of Object.entries({
    unknown: 'foo',
    'with-parameters': 'foo; bar; baz=1',
    quoted: 'foo; bar="baz"',
    several: 'foo, bar; x, baz',
    prototype: 'constructor; __proto__; toString=hasOwnProperty',
  })) {
    opens(
      `extension-${name}`,
      `an unknown extension is ignored: ${value}`,
      request({ fields: { 'Sec-WebSocket-Extensions': value } }),
      { section: 'RFC 6455 4.2.1, 9.1' },
    );
  }
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    opens(
      `prototype-extension-${name}`,
      `an extension named ${name}`,
      request({ fields: { 'Sec-WebSocket-Extensions': `${name}; ${name}=1` } }),
      { section: 'GHSA-5v72-xg48-5rpm', severity: 'hardening' },
    );
    opens(
      `prototype-protocol-${name}`,
      `a subprotocol named ${name}`,
      request({ fields: { 'Sec-WebSocket-Protocol': name } }),
      { section: 'GHSA-5v72-xg48-5rpm', severity: 'hardening' },
    );
    opens(`prototype-field-${name}`, `a header field named ${name}`, request({ lines: [`${name}: ${name}`] }), {
      section: 'GHSA-5v72-xg48-5rpm',
      severity: 'hardening',
    });
  }
  opens(
    'extension-lines',
    'extensions in two lines',
    request({ fields: { 'Sec-WebSocket-Extensions': ['foo', 'bar; x=1'] } }),
    { section: 'RFC 6455 9.1' },
  );
  opens(
    'protocol-unknown',
    'a subprotocol that nobody knows',
    request({ fields: { 'Sec-WebSocket-Protocol': 'x-nobody-knows-this' } }),
    { section: 'RFC 6455 4.2.2' },
  );
  opens(
    'protocol-list',
    'a list of subprotocols',
    request({ fields: { 'Sec-WebSocket-Protocol': 'chat, superchat' } }),
    { section: 'RFC 6455 4.2.2' },
  );
  opens(
    'protocol-lines',
    'subprotocols in two lines',
    request({ fields: { 'Sec-WebSocket-Protocol': ['chat', 'superchat'] } }),
    { section: 'RFC 6455 11.3.4' },
  );
}
