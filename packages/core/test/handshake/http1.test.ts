// RFC 9112: heads and bodies, to and from plain data.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bodyFraming, ChunkedBody } from '../../src/handshake/body.ts';
import { HeadReader } from '../../src/handshake/head-reader.ts';
import { formatRequestHead, formatResponse, parseRequestHead, parseResponseHead } from '../../src/handshake/http1.ts';
import { host } from '../../src/host.ts';
import { HandshakeError } from '../../src/rules.ts';
import { ascii, isA } from '../connection/tools.ts';
import { assertLinear } from '../linear.ts';

const test = suite('RFC 9112 http1');

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const breaks =
  (name: string) =>
  (error: unknown): boolean =>
    error instanceof HandshakeError && error.rule === name;

/** Gives a reader bytes in pieces of a size, and what it finds. */
function read(reader: HeadReader, bytes: string, size = bytes.length): string[] {
  const heads: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    reader.receive(ascii(bytes.slice(at, at + size)));
    for (let head = reader.read(); head !== undefined; head = reader.read()) {
      heads.push(head);
    }
  }
  return heads;
}

// HeadReader

for (const [name, bytes, heads, rest] of [
  ['one line', 'GET / HTTP/1.1\r\n\r\n', ['GET / HTTP/1.1\r\n\r\n'], ''],
  ['lines', 'A\r\nb: c\r\nd: e\r\n\r\n', ['A\r\nb: c\r\nd: e\r\n\r\n'], ''],
  ['bytes behind it', 'A\r\n\r\nnot a head', ['A\r\n\r\n'], 'not a head'],
  ['several', 'A\r\n\r\nB\r\nc: d\r\n\r\nE', ['A\r\n\r\n', 'B\r\nc: d\r\n\r\n'], 'E'],
  ['several, with an empty line before each', '\r\nA\r\n\r\n\r\nB\r\n\r\n\r\n', ['A\r\n\r\n', 'B\r\n\r\n'], '\r\n'],
  ['no end', 'A\r\nb: c\r\n', [], 'A\r\nb: c\r\n'],
  ['bytes of any value', '\0\x80\xff\r\n\r\n', ['\0\x80\xff\r\n\r\n'], ''],
  ['CR alone within a line', 'A\rB\r\n\r\n', ['A\rB\r\n\r\n'], ''],
] as const) {
  for (const size of [bytes.length, 1, 3]) {
    test(`2.1: a head of ${name}, in pieces of ${size}`, () => {
      const reader = new HeadReader('request', 1000);
      assert.equal(read(reader, bytes, size), heads);
      assert.is(reader.length, rest.length);
      assert.is(text(reader.peek()), rest);
      assert.is(text(reader.rest()), rest);
      assert.is(reader.length, 0);
    });
  }
}

test('2.1: a head is text of one character a byte, also where the host cannot make it', () => {
  const { slices } = host;
  const bytes = Array.from({ length: 10_000 }, (_, n) => String.fromCharCode(n % 256))
    .join('')
    .replaceAll('\n', '');
  Object.assign(host, { slices: undefined });
  try {
    assert.equal(read(new HeadReader('request', Infinity), `${bytes}\r\n\r\nrest`), [`${bytes}\r\n\r\n`]);
  } finally {
    Object.assign(host, { slices });
  }
  assert.equal(read(new HeadReader('request', Infinity), `${bytes}\r\n\r\nrest`), [`${bytes}\r\n\r\n`]);
});

test('2.1: who asks before anything has arrived learns that nothing has', () => {
  const reader = new HeadReader('request', 1000);
  for (let n = 0; n < 2; n++) {
    assert.is(reader.read(), undefined);
    reader.receive(new Uint8Array(0));
  }
  assert.equal([reader.length, reader.rest().length], [0, 0]);
  assert.equal(read(reader, 'A\r\n\r\nB', 2), ['A\r\n\r\n']);
  assert.is(text(reader.rest()), 'B');
});

test('what waits, a part of a head or what follows one, keeps no more memory than it needs', () => {
  const memory = new Uint8Array(100_000);
  const pool = Buffer.allocUnsafe(1).buffer.byteLength;
  assert.ok(pool < memory.length);
  for (const bytes of ['A\r\n', 'A\r\n\r\nB']) {
    const reader = new HeadReader('request', 1000);
    memory.set(ascii(bytes));
    reader.receive(memory.subarray(0, bytes.length));
    reader.read();
    // What is short lies in Node's pool, which is longer in newer ones.
    assert.ok(reader.rest().buffer.byteLength <= pool);
  }
});

for (const [name, bytes, why] of [
  ['a second empty line before it', '\r\n\r\n', 'the first line is empty'],
  ['LF behind an empty line before it', '\r\n\n', 'a line ends without CR LF'],
  ['LF without CR', 'A\n', 'a line ends without CR LF'],
  ['LF first of all', '\n', 'a line ends without CR LF'],
  ['LF without CR on an empty line', 'A\r\n\n', 'a line ends without CR LF'],
] as const) {
  for (const size of [bytes.length, 1]) {
    test(`2.2: ${name} is malformed, in pieces of ${size}`, () => {
      assert.throws(
        () => read(new HeadReader('request', 1000), bytes, size),
        (error: unknown) => breaks('request-malformed')(error) && (error as Error).message.includes(why),
      );
    });
  }
}

test('RFC 6585 5: a head as long as the limit is read, a longer one is not, whole and byte by byte', () => {
  const head = `A\r\n${'b: c\r\n'.repeat(20)}\r\n`;
  for (const size of [head.length, 1]) {
    assert.is(read(new HeadReader('request', head.length), head, size).length, 1);
    assert.throws(() => read(new HeadReader('request', head.length - 1), head, size), breaks('head-too-big'));
  }
  assert.throws(() => read(new HeadReader('request', 0), 'A'), breaks('head-too-big'));
  // No more is waited for than could be read.
  assert.throws(() => read(new HeadReader('request', 5), 'A\r\nb:'), breaks('head-too-big'));
});

test('RFC 9110 15.5.15: a first line as long as its limit is read, a longer one is not', () => {
  const head = 'GET /12345 HTTP/1.1\r\n\r\n';
  for (const size of [head.length, 1]) {
    assert.is(read(new HeadReader('request', 1000, 21), head, size).length, 1);
    assert.throws(() => read(new HeadReader('request', 1000, 20), head, size), breaks('target-too-long'));
  }
});

test('the limits hold for each head anew, and count its bytes only', () => {
  const reader = new HeadReader('request', 10, 5);
  const heads = ['A\r\nb:\r\n\r\n', 'C\r\nd:e\r\n\r\n'];
  assert.equal(read(reader, heads.join(''), 1), heads);
  assert.equal(read(new HeadReader('request', 10), `A\r\n\r\n${'x'.repeat(9)}`), ['A\r\n\r\n']);
  // An empty line before a head counts to it, but not to its first line.
  assert.equal(read(new HeadReader('request', 10, 5), '\r\nABC\r\n\r\n'), ['ABC\r\n\r\n']);
  assert.throws(() => read(new HeadReader('request', 8, 5), '\r\nABC\r\n\r\n'), breaks('head-too-big'));
  assert.throws(() => read(new HeadReader('request', 20, 5), '\r\nABCDE\r\n\r\n'), breaks('target-too-long'));
});

test('nothing of one head is remembered at the next', () => {
  for (const [first, second, expected] of [
    ['AAAA', '\r\n\r\nB\r\n\r\nC', ['AAAA\r\n\r\n', 'B\r\n\r\n']],
    ['A\r\n', '\r\nB\r\nc:d\r\n\r\n', ['A\r\n\r\n', 'B\r\nc:d\r\n\r\n']],
  ] as const) {
    const reader = new HeadReader('request', 1000);
    assert.equal([...read(reader, first), ...read(reader, second)], expected);
  }
  assert.throws(() => read(new HeadReader('request', 1000), 'A\r\n\r\n\r\n\r\n'), /the first line is empty/);
  assert.throws(() => read(new HeadReader('request', 1000), 'A\r\n\r\n\n'), /a line ends without CR LF/);
});

test('F25: what is read is the head as it came, and its parts are read back with its end or without', () => {
  const bytes = 'GET / HTTP/1.1\r\nA: b\r\n\r\n';
  const [head = ''] = read(new HeadReader('request', 1000), bytes);
  assert.is(head, bytes);
  assert.equal(parseRequestHead(head), parseRequestHead(head.slice(0, -4)));
  assert.is(text(formatRequestHead({ ...parseRequestHead(head), headers: [['A', 'b']] })), bytes);
  const response = 'HTTP/1.1 200 OK\r\nA: b\r\n\r\n';
  assert.equal(parseResponseHead(response), parseResponseHead(response.slice(0, -4)));
  assert.throws(() => parseRequestHead(`${bytes}\r\n`), breaks('request-malformed'));
});

test('2.2: an empty line before a response is not ignored', () => {
  const reader = new HeadReader('response', 1000);
  reader.receive(ascii('\r\nHTTP/1.1 200 OK\r\n\r\n'));
  assert.throws(() => reader.read(), breaks('response-malformed'));
});

for (const [what, bytes, position] of [
  ['a bare LF', 'A\r\n\r\nBC\nD', 7],
  ['a head that is too long', `A\r\n\r\n${'b'.repeat(30)}`, 25],
  ['a first line that is too long', `A\r\n\r\n\r\n${'b'.repeat(19)}`, 17],
] as const) {
  for (const size of [bytes.length, 1]) {
    test(`F32: the position of ${what} is the same, in pieces of ${size}`, () => {
      const reader = new HeadReader('request', 20, what.includes('line') ? 10 : 20);
      assert.throws(() => read(reader, bytes, size), isA(HandshakeError));
      assert.is(reader.position, position);
    });
  }
}

test('a reader is in linear time and memory, whatever the pieces', () => {
  for (const size of [1, 1000]) {
    const run = (n: number): void => {
      const reader = new HeadReader('request', Infinity);
      assert.is(read(reader, `A\r\n${'b:c\r\n'.repeat(n / 5)}\r\n`, size).length, 1);
    };
    assertLinear(run, 10_000, `in pieces of ${size}`);
  }
});

// Requests

test('3: the head of a request, names in lower case, values trimmed', () => {
  assert.equal(parseRequestHead('GET /a?b HTTP/1.1\r\nHOST:h\r\nX-A: \t b c \t\r\nx-empty:'), {
    method: 'GET',
    target: '/a?b',
    version: 11,
    headers: [
      ['host', 'h'],
      ['x-a', 'b c'],
      ['x-empty', ''],
    ],
  });
});

test('4.2.1: HTTP/1.1 or higher within HTTP/1', () => {
  for (const minor of [1, 2, 9]) assert.is(parseRequestHead(`GET / HTTP/1.${minor}`).version, 10 + minor);
});

for (const [line, name] of [
  ['', 'request-malformed'],
  ['GET', 'request-malformed'],
  ['GET /', 'request-malformed'],
  ['GET / HTTP/1.1 ', 'request-malformed'],
  [' GET / HTTP/1.1', 'request-malformed'],
  ['GET\t/\tHTTP/1.1', 'request-malformed'],
  ['GET / / HTTP/1.1', 'request-malformed'],
  ['GET / HTTP/11', 'request-malformed'],
  ['GET / HTTPS/1.1', 'request-malformed'],
  ['GET / HTTP/1.1\n', 'request-malformed'],
  ['GET,POST / HTTP/1.1', 'request-malformed'],
  ['GET / HTTP/0.9', 'http-version'],
  ['GET / HTTP/1.0', 'http-version'],
  ['PRI * HTTP/2.0', 'http-version'],
  ['GET / HTTP/9.9', 'http-version'],
] as const) {
  test(`3: ${JSON.stringify(line)} is ${name}`, () => {
    assert.throws(() => parseRequestHead(line), breaks(name));
  });
}

for (const line of ['a', ': b', 'a : b', 'a(): b', 'a: b\0', 'a: b\rc', 'a: \x7f', 'caf\xe9: b', '']) {
  test(`5: the line ${JSON.stringify(line)} is no header field`, () => {
    const number = /header field 2 is not NAME: VALUE/;
    assert.throws(() => parseRequestHead(`GET / HTTP/1.1\r\nx: y\r\n${line}`), number);
    assert.throws(() => parseResponseHead(`HTTP/1.1 101 OK\r\nx: y\r\n${line}`), number);
  });
}

for (const line of [' a: b', '\ta: b', ' \0', ' \x7f']) {
  test(`2.2: ${JSON.stringify(line)} before the first header field is malformed`, () => {
    assert.throws(() => parseRequestHead(`GET / HTTP/1.1\r\n${line}`), /header field 1 is not NAME: VALUE/);
    assert.throws(() => parseResponseHead(`HTTP/1.1 101 OK\r\n${line}`), /header field 1 is not NAME: VALUE/);
  });
}

test('RFC 6585 5: 128 header fields are read, 129 are not', () => {
  const lines = '\r\na: b'.repeat(128);
  assert.is(parseRequestHead(`GET / HTTP/1.1${lines}`).headers.length, 128);
  assert.is(parseResponseHead(`HTTP/1.1 200 OK${lines}`).headers.length, 128);
  assert.throws(() => parseRequestHead(`GET / HTTP/1.1${lines}\r\na: b`), breaks('head-too-big'));
  assert.throws(() => parseResponseHead(`HTTP/1.1 200 OK${lines}\r\na: b`), breaks('head-too-big'));
});

// Responses

for (const [line, status, reason] of [
  ['HTTP/1.1 101 Switching Protocols', 101, 'Switching Protocols'],
  ['HTTP/1.0 200 OK', 200, 'OK'],
  ['HTTP/1.1 404 ', 404, ''],
  ['HTTP/1.1 404', 404, ''],
  ['HTTP/1.1 599 caf\xe9 (a)', 599, 'caf\xe9 (a)'],
] as const) {
  test(`4: ${line}`, () => {
    assert.equal(parseResponseHead(`${line}\r\nA: b`), { status, reason, headers: [['a', 'b']] });
  });
}

for (const line of [
  ...[
    '',
    'HTTP/1.1',
    'HTTP/1.1 ',
    'HTTP/1.1 20',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1 600 OK',
    'HTTP/1.1 -1',
  ],
  ...[
    'HTTP/2.0 200 OK',
    'HTTP/1.10 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1  200 OK',
    ' HTTP/1.1 200 OK',
    'HTTP/1.1\t200',
  ],
  ...['HTTP/1.1 200 O\0K', 'HTTP/1.1 200 O\rK', 'HTTP/1.1 200 \x7f', 'HTTP/1.1 200OK', 'GET / HTTP/1.1', 'SSH-2.0-x'],
]) {
  test(`4: ${JSON.stringify(line)} is no status line`, () => {
    assert.throws(() => parseResponseHead(line), breaks('response-malformed'));
  });
}

for (const [lines, value] of [
  ['a: b\r\n c', 'b c'],
  ['a: b \t\r\n\t  c \r\n d\r\n ', 'b c d'],
  ['a:\r\n b', 'b'],
  ['a:\r\n \r\n\t', ''],
  ['a: b\r\n c: d', 'b c: d'],
] as const) {
  test(`5.2: ${JSON.stringify(lines)} is replaced by spaces in a response, and refused in a request`, () => {
    assert.equal(parseResponseHead(`HTTP/1.1 101 OK\r\nx: y\r\n${lines}\r\nz: z`).headers, [
      ['x', 'y'],
      ['a', value],
      ['z', 'z'],
    ]);
    assert.throws(() => parseRequestHead(`GET / HTTP/1.1\r\nx: y\r\n${lines}`), breaks('request-malformed'));
  });
}

test('5.2: folded lines count, and take linear time', () => {
  assert.throws(() => parseResponseHead(`HTTP/1.1 200 OK\r\na: b${'\r\n c'.repeat(128)}`), breaks('head-too-big'));
  const run = (n: number): void => {
    const line = ` ${'c'.repeat(n / 100)}`;
    assert.is(parseResponseHead(`HTTP/1.1 200 OK\r\na:${`\r\n${line}`.repeat(100)}`).headers.length, 1);
  };
  assertLinear(run, 10_000);
});

// Formatting

test('what is formatted is read back, one byte a character', () => {
  const headers = [
    ['host', 'h'],
    ['x-latin', 'caf\xe9'],
  ] as const;
  const request = { method: 'GET', target: '/a?b', version: 11, headers };
  const bytes = formatRequestHead(request);
  assert.is(text(bytes), 'GET /a?b HTTP/1.1\r\nhost: h\r\nx-latin: caf\xe9\r\n\r\n');
  assert.equal(parseRequestHead(text(bytes).slice(0, -4)), request);

  const response = { status: 403, reason: 'Forbidden', headers };
  const [head = '', body] = text(formatResponse(response, ascii('No.'))).split('\r\n\r\n');
  assert.equal(parseResponseHead(head), response);
  assert.is(body, 'No.');
  assert.ok(text(formatResponse(response)).endsWith('\r\n\r\n'));
});

// Bodies

for (const [status, fields, framing] of [
  [100, { 'content-length': '5' }, 0],
  [204, { 'content-length': '5' }, 0],
  [304, { 'transfer-encoding': 'chunked' }, 0],
  [200, {}, 'until-end'],
  [200, { 'content-length': '5' }, 5],
  [200, { 'content-length': '0' }, 0],
  [200, { 'content-length': '999999999999999' }, 999_999_999_999_999],
  [200, { 'content-length': '1000000000000000' }, 'until-end'],
  [200, { 'transfer-encoding': 'chunked' }, 'chunked'],
  [200, { 'transfer-encoding': 'gzip, Chunked' }, 'chunked'],
  [200, { 'transfer-encoding': 'chunked', 'content-length': '5' }, 'chunked'],
  [200, { 'transfer-encoding': 'gzip' }, 'until-end'],
  [200, { 'content-length': '5, 5' }, 'until-end'],
  [200, { 'content-length': '-5' }, 'until-end'],
  [200, { 'content-length': '5e1' }, 'until-end'],
  [200, { 'content-length': '9999999999999999999' }, 'until-end'],
] as const) {
  test(`6.3: the body of ${status} with ${JSON.stringify(fields)}: ${framing}`, () => {
    assert.is(bodyFraming({ status, reason: '', headers: Object.entries(fields) }), framing);
  });
}

for (const [name, bytes, body] of [
  ['chunks', '5\r\nHello\r\n7\r\n, world\r\n0\r\n\r\n', 'Hello, world'],
  ['a digit in either case', 'a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n', '01234567890123456789'],
  ['a size of two digits', '1f\r\n0123456789abcdef0123456789abcde\r\n0\r\n', '0123456789abcdef0123456789abcde'],
  ['zeros before the size', '0005\r\nHello\r\n0\r\n', 'Hello'],
  ['extensions', '5;a=b\r\nHello\r\n0 ;c\r\n', 'Hello'],
  ['line ends in a chunk', '4\r\n\r\n\r\n\r\n0\r\n', '\r\n\r\n'],
  ['trailers', '1\r\nx\r\n0\r\nA: b\r\n\r\n', 'x'],
  ['nothing', '0\r\n', ''],
  // Malformed: what there was until then.
  ['a size that is none', '1\r\nx\r\nz\r\n', 'x'],
  ['no size', '1\r\nx\r\n\r\n', 'x'],
  ['a negative size', '1\r\nx\r\n-1\r\n', 'x'],
  ['a size too long to be true', '1\r\nx\r\n100000000\r\n', 'x'],
  ['LF without CR', '1\nx', ''],
  ['a line that does not end', `1\r\nx\r\n${'1'.repeat(2000)}`, 'x'],
] as const) {
  for (const size of [bytes.length, 1]) {
    test(`7.1: chunked: ${name}, in pieces of ${size}`, () => {
      const chunked = new ChunkedBody();
      for (let end = size; end <= bytes.length; end += size) {
        if (end === size && end < bytes.length) assert.not.ok(chunked.complete);
        chunked.read(ascii(bytes.slice(0, end)));
      }
      assert.ok(chunked.complete);
      assert.is(text(chunked.take()), body);
    });
  }
}

for (const bytes of [
  '',
  '5',
  '5\r',
  '5\r\n',
  '5\r\nHel',
  '5\r\nHello',
  '5\r\nHello\r',
  '5\r\nHello\r\n',
  '5\r\nHello\r\n0',
]) {
  test(`7.1: chunked: ${JSON.stringify(bytes)} is not complete`, () => {
    const chunked = new ChunkedBody();
    chunked.read(ascii(bytes));
    chunked.read(ascii(bytes));
    assert.not.ok(chunked.complete);
    assert.is(text(chunked.take()), 'Hello'.slice(0, Math.max(0, Math.min(5, bytes.length - 3))));
  });
}

test('7.1: chunked: a line before a chunk is waited for to its 1,024th byte, wherever it begins', () => {
  const before = `7d0\r\n${'x'.repeat(2000)}\r\n`;
  for (const [length, complete] of [
    [1024, false],
    [1025, true],
  ] as const) {
    for (const start of ['', before]) {
      const chunked = new ChunkedBody();
      chunked.read(ascii(`${start}1;${'x'.repeat(length - 2)}`));
      assert.is(chunked.complete, complete);
    }
  }
});

test('7.1: chunked: linear time byte by byte', () => {
  const run = (n: number): void => {
    const chunked = new ChunkedBody();
    const bytes = ascii(`${'1\r\nx\r\n'.repeat(n / 6)}0\r\n`);
    for (let end = 1; end <= bytes.length; end++) chunked.read(bytes.subarray(0, end));
    assert.ok(chunked.complete);
  };
  assertLinear(run, 6000);
});

test.run();
