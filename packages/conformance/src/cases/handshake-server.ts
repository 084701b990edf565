/** 4.2, 4.4, 9.1, and HTTP/1.1 as far as an opening handshake has it: requests to a server. */
import type { Case, Severity } from '../case.ts';
import { SAMPLE_KEY } from '../wire/http.ts';
import type { Family } from './builder.ts';
import { forOne } from './builder.ts';

/** The parts of a request. A field that is `undefined` is left out. */
interface Request {
  readonly line?: string;
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Lines behind the fields, without their ends. */
  readonly lines?: readonly string[];
}

const FIELDS = {
  Host: '{host}',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': SAMPLE_KEY,
  'Sec-WebSocket-Version': '13',
};

function request({ line = 'GET {path} HTTP/1.1', fields = {}, lines = [] }: Request = {}): string {
  const all = Object.entries({ ...FIELDS, ...fields }).flatMap(([name, value]) =>
    (value === undefined ? [] : typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}`),
  );
  return `${[line, ...all, ...lines].join('\r\n')}\r\n\r\n`;
}

export function handshakeServer(): Case[] {
  return forOne('handshake', 'server', (family) => {
    accepted(family);
    refused(family);
    malformed(family);
    hostile(family);
  });
}

const HTTP = 'RFC 9110 5, RFC 9112 5';

function accepted(family: Family): void {
  const opens = (
    name: string,
    title: string,
    head: string,
    {
      section = 'RFC 6455 4.2.1',
      severity = 'must' as Severity,
      cut,
    }: { section?: string; severity?: Severity; cut?: number } = {},
  ): void =>
    family.add(name, title, { section, severity }, [{ do: 'head', head, ...(cut === undefined ? {} : { cut }) }], {
      end: 'opened',
    });
  const plain = request();
  opens('plain', 'an ordinary request', plain);
  for (const cut of [1, 2, 7, 64]) opens(`cut-${cut}`, `a request in chunks of ${cut} bytes`, plain, { cut });
  opens(
    'names-lower',
    'field names in lower case',
    plain.replace(/^[\w-]+(?=:)/gm, (name) => name.toLowerCase()),
    { section: HTTP },
  );
  opens(
    'names-upper',
    'field names in upper case',
    plain.replace(/^[\w-]+(?=:)/gm, (name) => name.toUpperCase()),
    { section: HTTP },
  );
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

function refused(family: Family): void {
  const refuses = (
    name: string,
    title: string,
    head: string,
    section = 'RFC 6455 4.2.1',
    statuses: readonly number[] = [400],
    severity: Severity = 'must',
  ): void => family.add(name, title, { section, severity }, [{ do: 'head', head }], { end: 'refused', statuses });
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'get', 'GETS', 'FOO']) {
    refuses(
      `method-${method}`,
      `the method ${method} is refused`,
      request({ line: `${method} {path} HTTP/1.1` }),
      'RFC 6455 4.2.1',
      [405, 400, 404, 426, 501],
    );
  }
  for (const version of [
    'HTTP/1.0',
    'HTTP/0.9',
    'HTTP/2.0',
    'http/1.1',
    'HTTP/1',
    'HTTP/11',
    'HTTP/1.',
    'FOO/1.1',
    'HTTP/1.1.1',
  ]) {
    refuses(
      `version-${version.replace('/', '-')}`,
      `${version} is refused`,
      request({ line: `GET {path} ${version}` }),
      'RFC 6455 4.2.1',
      [505, 400, 426, 501],
    );
  }
  refuses(
    'host-none',
    'a request without Host is refused',
    request({ fields: { Host: undefined } }),
    'RFC 6455 4.2.1, RFC 9112 3.2',
  );
  refuses(
    'host-twice',
    'a request with two Host fields is refused',
    request({ fields: { Host: ['{host}', 'example.com'] } }),
    'RFC 9112 3.2',
  );
  refuses(
    'host-same-twice',
    'a request with the same Host twice is refused',
    request({ fields: { Host: ['{host}', '{host}'] } }),
    'RFC 9112 3.2',
  );
  refuses(
    'host-space',
    'a Host with a space is refused',
    request({ fields: { Host: 'local host' } }),
    'RFC 9112 3.2',
    [400],
    'should',
  );
  const plain = [426, 400, 404, 405, 200, 501];
  refuses(
    'upgrade-none',
    'a request without Upgrade opens nothing',
    request({ fields: { Upgrade: undefined } }),
    'RFC 6455 4.2.1',
    plain,
  );
  for (const value of ['', 'foo', 'websockets', 'web socket', 'websocket2', 'h2c']) {
    refuses(
      `upgrade-${value.replace(' ', '-') || 'empty'}`,
      `"Upgrade: ${value}" opens nothing`,
      request({ fields: { Upgrade: value } }),
      'RFC 6455 4.2.1',
      plain,
    );
  }
  refuses(
    'connection-none',
    'a request without Connection opens nothing',
    request({ fields: { Connection: undefined } }),
    'RFC 6455 4.2.1',
    plain,
  );
  for (const value of ['', 'keep-alive', 'close', 'Upgraded', 'Up grade', 'Upgrade-Insecure-Requests']) {
    refuses(
      `connection-${value.replace(' ', '-') || 'empty'}`,
      `"Connection: ${value}" opens nothing`,
      request({ fields: { Connection: value } }),
      'RFC 6455 4.2.1',
      plain,
    );
  }
  refuses(
    'key-none',
    'a request without Sec-WebSocket-Key is refused',
    request({ fields: { 'Sec-WebSocket-Key': undefined } }),
    'RFC 6455 4.2.1',
    [400, 426],
  );
  refuses(
    'key-twice',
    'two keys are refused',
    request({ fields: { 'Sec-WebSocket-Key': [SAMPLE_KEY, 'AAECAwQFBgcICQoLDA0ODw=='] } }),
    'RFC 6455 11.3.1',
    [400, 426],
  );
  for (const [name, value] of Object.entries({
    empty: '',
    short: 'c2hvcnQ=',
    '15-bytes': 'AAECAwQFBgcICQoLDA0O',
    '17-bytes': 'AAECAwQFBgcICQoLDA0ODxA=',
    unpadded: 'dGhlIHNhbXBsZSBub25jZQ',
    'not-base64': 'dGhlIHNhbXBsZSBub2!jZQ==',
    url: '-_-_-_-_-_-_-_-_-_-_-w==',
    space: 'dGhlIHNhbXBs ZSBub25jZQ==',
    list: `${SAMPLE_KEY}, ${SAMPLE_KEY}`,
  })) {
    refuses(
      `key-${name}`,
      `a key that is not 16 bytes in base64 is refused (${name})`,
      request({ fields: { 'Sec-WebSocket-Key': value } }),
      'RFC 6455 4.2.1',
      [400, 426],
    );
  }
  for (const version of ['12', '14', '99', '255', '1', '-13', '13.0', '0x0d', 'x']) {
    // 4.2.2: "the server MUST abort […] and instead send an appropriate HTTP error code (such as 426 Upgrade Required) and a |Sec-WebSocket-Version| header field"
    family.add(
      `ws-version-${version}`,
      `the version ${version} is refused, and the right one is named`,
      { section: 'RFC 6455 4.2.2, 4.4' },
      [{ do: 'head', head: request({ fields: { 'Sec-WebSocket-Version': version } }) }],
      { end: 'refused', statuses: [426, 400], fields: { 'sec-websocket-version': '13' } },
    );
  }
  refuses(
    'ws-version-none',
    'a request without a version is refused',
    request({ fields: { 'Sec-WebSocket-Version': undefined } }),
    'RFC 6455 4.2.1',
    [426, 400],
  );
  refuses(
    'ws-version-empty',
    'an empty version is refused',
    request({ fields: { 'Sec-WebSocket-Version': '' } }),
    'RFC 6455 4.2.1',
    [426, 400],
  );
  refuses(
    'ws-version-twice',
    'two different versions are refused',
    request({ fields: { 'Sec-WebSocket-Version': ['13', '8'] } }),
    'RFC 6455 11.3.5',
    [426, 400],
  );
  refuses(
    'ws-version-list',
    'a list of versions is refused',
    request({ fields: { 'Sec-WebSocket-Version': '8, 13' } }),
    'RFC 6455 11.3.5',
    [426, 400],
  );
  refuses(
    'ws-version-013',
    'a version with a zero before it is refused',
    request({ fields: { 'Sec-WebSocket-Version': '013' } }),
    'RFC 6455 4.1',
    [426, 400],
    'should',
  );
  // 9.1: "the recipient of such malformed data MUST immediately _Fail the WebSocket Connection_."
  for (const [name, value] of Object.entries({
    'only-semicolon': ';',
    'empty-parameter': 'foo;',
    'empty-between': 'foo;;bar',
    'no-name': 'foo; =1',
    'no-value': 'foo; bar=',
    'open-quote': 'foo; bar="baz',
    'quoted-name': '"foo"',
    'quoted-space': 'foo; bar="b z"',
    'bad-token': 'f@o',
    'two-tokens': 'foo bar',
    'two-values': 'foo; bar=1 2',
    slash: 'foo/bar',
  })) {
    refuses(
      `extension-${name}`,
      `Sec-WebSocket-Extensions: ${value}`,
      request({ fields: { 'Sec-WebSocket-Extensions': value } }),
      'RFC 6455 9.1',
      [400],
    );
  }
  for (const [name, value] of Object.entries({
    twice: 'chat, chat',
    space: 'a b',
    quoted: '"chat"',
    slash: 'a/b',
    colon: 'a:b',
    unicode: 'ch\xe4t',
  })) {
    refuses(
      `protocol-${name}`,
      `Sec-WebSocket-Protocol: ${value}`,
      request({ fields: { 'Sec-WebSocket-Protocol': value } }),
      'RFC 6455 4.1',
      [400],
      'should',
    );
  }
}

function malformed(family: Family): void {
  const refuses = (
    name: string,
    title: string,
    head: string,
    section = HTTP,
    severity: Severity = 'hardening',
    statuses: readonly number[] = [400],
  ): void =>
    family.add(`http-${name}`, title, { section, severity }, [{ do: 'head', head }], { end: 'refused', statuses });
  const bad = (line: string): string => request({ lines: [line] });
  // 9112 5.1: "A server MUST reject […] any received request message that contains whitespace between a header field name and colon"
  refuses('space-before-colon', 'a space before a colon', bad('X-A : b'), 'RFC 9112 5.1', 'must');
  refuses(
    'space-before-colon-host',
    'a space before the colon of Host',
    request({ fields: { Host: undefined }, lines: ['Host : {host}'] }),
    'RFC 9112 5.1',
    'must',
  );
  refuses('no-colon', 'a line without a colon', bad('nonsense'));
  refuses('no-name', 'a field without a name', bad(': value'));
  refuses('name-space', 'a field name with a space', bad('X A: b'));
  refuses('name-slash', 'a field name that is no token', bad('X/A: b'));
  refuses('name-utf8', 'a field name beyond ASCII', bad('X-\xc3\xa4: b'));
  refuses('value-nul', 'a NUL in a value', bad('X-A: b\0c'), 'RFC 9110 5.5');
  refuses('value-cr', 'a CR in a value', bad('X-A: b\rc'), 'RFC 9110 5.5');
  refuses('value-control', 'a control character in a value', bad('X-A: b\x01c'), 'RFC 9110 5.5');
  refuses('value-del', 'a DEL in a value', bad('X-A: b\x7fc'), 'RFC 9110 5.5');
  refuses('no-target', 'a request line without a target', request({ line: 'GET HTTP/1.1' }), 'RFC 9112 3');
  refuses('target-space', 'a target with a space', request({ line: 'GET /a b HTTP/1.1' }), 'RFC 9112 3');
  refuses(
    'target-star',
    'the target *',
    request({ line: 'GET * HTTP/1.1' }),
    'RFC 9112 3.2.4',
    'hardening',
    [400, 404, 405, 426, 501],
  );
  refuses(
    'target-no-slash',
    'a target that is no path',
    request({ line: 'GET chat HTTP/1.1' }),
    'RFC 9112 3.2',
    'hardening',
    [400, 404],
  );
  refuses(
    'target-control',
    'a control character in the target',
    request({ line: 'GET /\x01 HTTP/1.1' }),
    'RFC 9112 3.2',
  );
  refuses(
    'body-length',
    'a request with a body',
    request({ lines: ['Content-Length: 5'] }),
    'RFC 6455 4.1',
    'may',
    [400, 413, 426],
  );
  refuses(
    'body-chunked',
    'a request with a chunked body',
    request({ lines: ['Transfer-Encoding: chunked'] }),
    'RFC 6455 4.1',
    'may',
    [400, 413, 426, 501],
  );
  refuses('length-bad', 'a length that is none', request({ lines: ['Content-Length: x'] }), 'RFC 9112 6.3');
  refuses(
    'first-line-space',
    'a space before the first field',
    `GET {path} HTTP/1.1\r\n ${request().slice('GET {path} HTTP/1.1\r\n'.length)}`,
    'RFC 9112 2.2',
  );
}

function hostile(family: Family): void {
  const add = (
    name: string,
    title: string,
    section: string,
    head: string,
    statuses?: readonly number[],
    cut?: number,
  ): void =>
    family.add(
      `hostile-${name}`,
      title,
      { section, severity: 'hardening' },
      [{ do: 'head', head, ...(cut === undefined ? {} : { cut }) }],
      statuses === undefined ? { end: 'survived' } : { end: 'refused', statuses },
    );
  const tooBig = [431, 400, 413, 414];
  add(
    'long-value',
    'a field of a million bytes',
    'RFC 6585 5',
    request({ lines: [`X-Long: ${'x'.repeat(1_000_000)}`] }),
    tooBig,
  );
  add(
    'many-fields',
    'twenty thousand fields',
    'CVE-2024-37890',
    request({ lines: Array.from({ length: 20_000 }, (_, i) => `X-${i}: ${i}`) }),
    tooBig,
  );
  add(
    'long-target',
    'a target of 200,000 bytes',
    'RFC 9110 15.5.15',
    request({ line: `GET /${'x'.repeat(200_000)} HTTP/1.1` }),
    tooBig,
  );
  add(
    'endless',
    'a head of two million bytes without an end',
    'RFC 6585 5',
    `GET {path} HTTP/1.1\r\nHost: {host}\r\n${'X-Endless: on and on\r\n'.repeat(100_000)}`,
    tooBig,
    16_384,
  );
  add(
    'many-spaces',
    'ten thousand spaces in Sec-WebSocket-Extensions',
    'CVE-2020-7662, CVE-2021-32640',
    request({ fields: { 'Sec-WebSocket-Extensions': `a;${' '.repeat(10_000)}b` } }),
  );
  add(
    'many-escapes',
    'thousands of escapes in a quoted string',
    'CVE-2020-7662',
    request({ fields: { 'Sec-WebSocket-Extensions': `a; b="${'\\c'.repeat(5000)}` } }),
  );
  add(
    'many-offers',
    'a thousand offers of extensions',
    'CVE-2020-7663',
    request({ fields: { 'Sec-WebSocket-Extensions': Array.from({ length: 1000 }, (_, i) => `e${i}`).join(',') } }),
  );
  add(
    'many-parameters',
    'two thousand parameters of permessage-deflate',
    'CVE-2020-7663',
    request({
      fields: {
        'Sec-WebSocket-Extensions': `permessage-deflate${Array.from({ length: 2000 }, (_, i) => `;p${i}`).join('')}`,
      },
    }),
  );
  const high = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('');
  for (const name of [
    'Host',
    'Upgrade',
    'Connection',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Version',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Extensions',
    'Origin',
    'Cookie',
  ]) {
    add(`high-${name}`, `every byte from 80 to ff in ${name}`, 'CVE-2026-55517', request({ fields: { [name]: high } }));
  }
  add(
    'high-target',
    'every byte from 80 to ff in the target',
    'CVE-2026-55517',
    request({ line: `GET /${high} HTTP/1.1` }),
  );
  add('tls', 'the beginning of a TLS handshake', 'CVE-2024-37890', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03');
  add('binary', 'bytes that are no HTTP', 'CVE-2024-37890', high.repeat(4));
  add('http2', 'the preface of HTTP/2', 'RFC 9113 3.4', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505, 0]);
  add('empty-lines', 'empty lines without an end', 'RFC 9112 2.2', '\r\n'.repeat(5000));
  add('two-requests', 'a second request behind the first', 'RFC 6455 4.1', request() + request());
  const drop = (name: string, head: string): void =>
    family.add(
      `hostile-drop-${name}`,
      `the connection is dropped (${name})`,
      { section: 'GHSA-4pcg-wr6c-h9cq', severity: 'hardening' },
      [{ do: 'head', head }, { do: 'drop' }],
      { end: 'survived' },
    );
  drop('inside-head', request().slice(0, 50));
  drop('after-head', request());
  const slow = { section: 'CVE-2026-33151', severity: 'hardening', slow: true } as const;
  for (const [name, head] of Object.entries({
    silent: '',
    'half-line': 'GET / HT',
    'half-head': request().slice(0, -10),
  })) {
    family.add(
      `slow-${name}`,
      `a request that never ends is given up within 75 s (${name})`,
      slow,
      head === '' ? [] : [{ do: 'head', head }],
      { end: 'refused', statuses: [408, 400, 0], within: 75_000 },
    );
  }
}
