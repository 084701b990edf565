/** 4.2.1, 4.4 and 9.1: requests that a server refuses. */
import type { Severity } from '../case.ts';
import { SAMPLE_KEY } from '../wire/http.ts';
import type { Family } from './builder.ts';
import { request } from './requests.ts';

export function refused(family: Family): void {
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
      // 4.2.1: "An HTTP/1.1 or higher GET request"
      version === 'HTTP/2.0' ? 'should' : 'must',
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
