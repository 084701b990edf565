/** RFC 9112 and the advisories: requests that are no HTTP, too long, or never end. */

import type { Severity } from '../case.ts';
import type { Family } from './builder.ts';
import { sendHead } from './heads.ts';
import { HTTP, request } from './requests.ts';

export function malformed(family: Family): void {
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

export function hostile(family: Family): void {
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
      [sendHead(head, cut)],
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
