/** 4.1: responses that a client refuses. Behind each stands a message, which must not be delivered. */

import type { Severity, Step } from '../case.ts';
import type { Family } from './builder.ts';
import { sendHead } from './heads.ts';
import { LINE, response, SECTION } from './responses.ts';

export function refused(family: Family): void {
  const message: Step = { do: 'send', bytes: [...family.out.text('hello'), ...family.out.ping('after')] };
  const refuses = (name: string, title: string, head: string, section = SECTION, severity: Severity = 'must'): void =>
    family.add(name, title, { section, severity }, [{ do: 'head', head }, message], { end: 'refused' });
  refuses('upgrade-none', 'a response without Upgrade is refused', response({ fields: { Upgrade: undefined } }));
  for (const value of ['', 'foo', 'websockets', 'web socket', 'h2c'])
    refuses(
      `upgrade-${value.replace(' ', '-') || 'empty'}`,
      `"Upgrade: ${value}" is refused`,
      response({ fields: { Upgrade: value } }),
    );
  refuses(
    'connection-none',
    'a response without Connection is refused',
    response({ fields: { Connection: undefined } }),
  );
  for (const value of ['', 'keep-alive', 'close', 'Upgraded', 'Up grade'])
    refuses(
      `connection-${value.replace(' ', '-') || 'empty'}`,
      `"Connection: ${value}" is refused`,
      response({ fields: { Connection: value } }),
    );
  refuses(
    'accept-none',
    'a response without Sec-WebSocket-Accept is refused',
    response({ fields: { 'Sec-WebSocket-Accept': undefined } }),
  );
  for (const [name, value] of Object.entries({
    empty: '',
    wrong: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    longer: '{accept}=',
    shorter: 'AAAA',
    prefixed: 'x{accept}',
    twice: '{accept}, {accept}',
    key: 'dGhlIHNhbXBsZSBub25jZQ==',
  })) {
    refuses(
      `accept-${name}`,
      `a wrong Sec-WebSocket-Accept is refused (${name})`,
      response({ fields: { 'Sec-WebSocket-Accept': value } }),
      'RFC 6455 4.1, CVE-2026-43974',
    );
  }
  refuses(
    'accept-two',
    'two different Sec-WebSocket-Accept are refused',
    response({ fields: { 'Sec-WebSocket-Accept': ['{accept}', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='] } }),
    'RFC 6455 11.3.3',
  );
  for (const [name, value] of Object.entries({ unoffered: 'nobody-offered-this', empty: '', prototype: '__proto__' })) {
    refuses(
      `protocol-${name}`,
      `a subprotocol that was not offered is refused: "${value}"`,
      response({ fields: { 'Sec-WebSocket-Protocol': value } }),
      SECTION,
      name === 'empty' ? 'should' : 'must',
    );
  }
  refuses(
    'protocol-two',
    'two lines of subprotocols are refused',
    response({ fields: { 'Sec-WebSocket-Protocol': ['one', 'two'] } }),
  );
  for (const [name, value] of Object.entries({
    unoffered: 'nobody-offered-this',
    frame: 'x-webkit-deflate-frame',
    prototype: 'constructor',
    malformed: 'permessage-deflate; =',
    quote: 'permessage-deflate; server_max_window_bits="15',
    semicolon: 'permessage-deflate;;',
  })) {
    refuses(
      `extension-${name}`,
      `extensions that were not offered, or are malformed, are refused: ${value}`,
      response({ fields: { 'Sec-WebSocket-Extensions': value } }),
      'RFC 6455 4.1, 9.1',
    );
  }
  for (const [name, line] of Object.entries({
    'http-2': 'HTTP/2 101 Switching Protocols',
    'no-http': 'ICY 101 OK',
    'no-version': '101 Switching Protocols',
    'long-status': 'HTTP/1.1 1010 Switching Protocols',
    'signed-status': 'HTTP/1.1 +101 Switching Protocols',
    'no-space': 'HTTP/1.1101 Switching Protocols',
    'hex-status': 'HTTP/1.1 0x65 Switching Protocols',
    request: 'GET / HTTP/1.1',
  })) {
    refuses(
      `line-${name}`,
      `the status line "${line}" is refused`,
      response({ line }),
      'RFC 9112 4',
      name === 'http-2' ? 'should' : 'must',
    );
  }
  for (const [name, line] of Object.entries({
    'no-colon': 'nonsense',
    'no-name': ': value',
    'value-nul': 'X-A: b\0c',
    'name-space': 'X A: b',
  })) {
    refuses(
      `http-${name}`,
      `a malformed field is refused (${name})`,
      response({ lines: [line] }),
      'RFC 9112 5',
      'hardening',
    );
  }
}

export function statuses(family: Family): void {
  const message: Step = { do: 'send', bytes: family.out.text('hello') };
  const plain = (status: number, more: readonly string[] = []): string =>
    `HTTP/1.1 ${status} Whatever\r\n${['Content-Length: 0', 'Connection: close', ...more].join('\r\n')}\r\n\r\n`;
  for (const status of [200, 201, 204, 301, 302, 303, 307, 308, 400, 401, 403, 404, 407, 426, 429, 500, 502, 503]) {
    const more =
      status > 300 && status < 400
        ? ['Location: ws://localhost:1/']
        : status === 401
          ? ['WWW-Authenticate: Basic realm="x"']
          : [];
    family.add(
      `status-${status}`,
      `the status ${status} opens nothing`,
      { section: SECTION },
      [{ do: 'head', head: plain(status, more) }, message],
      { end: 'refused' },
    );
  }
  for (const status of [200, 102, 199, 404]) {
    const head = response({ line: `HTTP/1.1 ${status} Switching Protocols` });
    family.add(
      `status-${status}-upgraded`,
      `the status ${status} with all fields of a 101 opens nothing`,
      { section: SECTION, slow: status < 200 },
      [{ do: 'head', head }, message],
      { end: 'refused', within: 75_000 },
    );
  }
  // 9110 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response"
  for (const status of [100, 103]) {
    family.add(
      `interim-${status}`,
      `a response with ${status} before the 101 is passed over`,
      { section: 'RFC 9110 15.2', severity: 'should' },
      [{ do: 'head', head: `HTTP/1.1 ${status} Interim\r\n\r\n${response()}` }],
      { end: 'opened' },
    );
  }
}

export function hostile(family: Family): void {
  const add = (name: string, title: string, section: string, head: string, cut?: number): void =>
    family.add(`hostile-${name}`, title, { section, severity: 'hardening' }, [sendHead(head, cut)], { end: 'refused' });
  add(
    'long-value',
    'a field of a million bytes is refused',
    'CVE-2023-43669',
    response({ lines: [`X-Long: ${'x'.repeat(1_000_000)}`] }),
  );
  add(
    'many-fields',
    'twenty thousand fields are refused',
    'CVE-2023-43669',
    response({ lines: Array.from({ length: 20_000 }, (_, i) => `X-${i}: ${i}`) }),
  );
  add(
    'endless',
    'a head of two million bytes without an end is refused',
    'CVE-2023-43669',
    `${LINE}\r\n${'X-Endless: on and on\r\n'.repeat(100_000)}`,
    16_384,
  );
  add('tls', 'an alert of TLS is refused', 'CVE-2024-37890', '\x15\x03\x01\x00\x02\x02\x46\r\n\r\n');
  add(
    'binary',
    'bytes that are no HTTP are refused',
    'CVE-2024-37890',
    `${Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('')}\r\n\r\n`,
  );
  const high = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('');
  for (const name of [
    'Upgrade',
    'Connection',
    'Sec-WebSocket-Accept',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Extensions',
  ]) {
    add(
      `high-${name}`,
      `every byte from 80 to ff in ${name} is refused`,
      'CVE-2026-55517',
      response({ fields: { [name]: high } }),
    );
  }
  const slow = { section: 'CVE-2026-33151', severity: 'hardening', slow: true } as const;
  for (const [name, head] of Object.entries({
    silent: '',
    'half-line': 'HTTP/1.1 10',
    'half-head': response().slice(0, -10),
    'body-endless': `HTTP/1.1 200 OK\r\n\r\n${'and so on '.repeat(50)}`,
    'body-chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    'body-announced': 'HTTP/1.1 400 Bad Request\r\nContent-Length: 1000000\r\n\r\nhello',
  })) {
    family.add(
      `slow-${name}`,
      `a response that never ends is given up within 75 s (${name})`,
      slow,
      [{ do: 'head', head }],
      { end: 'refused', within: 75_000 },
    );
  }
}
