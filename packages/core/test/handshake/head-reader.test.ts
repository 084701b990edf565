// RFC 9112 2.1, 2.2: where a head ends, in bytes that arrive in any parts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HeadReader } from '../../src/handshake/head-reader.ts';
import { formatRequestHead, parseRequestHead, parseResponseHead } from '../../src/handshake/http1.ts';
import { host } from '../../src/host.ts';
import { HandshakeError } from '../../src/rules.ts';
import { isA } from '../connection/tools.ts';
import { assertLinear } from '../linear.ts';
import { ascii, latin1 } from '../support.ts';

const test = suite('RFC 9112 head-reader');

const breaks =
  (name: string) =>
  (error: unknown): boolean =>
    error instanceof HandshakeError && error.rule === name;

/** Gives a reader bytes in chunks of a size, and returns what it finds. */
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

for (const [name, bytes, heads, rest] of [
  ['a head of one line', 'GET / HTTP/1.1\r\n\r\n', ['GET / HTTP/1.1\r\n\r\n'], ''],
  ['a head of several lines', 'A\r\nb: c\r\nd: e\r\n\r\n', ['A\r\nb: c\r\nd: e\r\n\r\n'], ''],
  ['a head, and bytes behind it', 'A\r\n\r\nnot a head', ['A\r\n\r\n'], 'not a head'],
  ['two heads, and bytes behind them', 'A\r\n\r\nB\r\nc: d\r\n\r\nE', ['A\r\n\r\n', 'B\r\nc: d\r\n\r\n'], 'E'],
  ['two heads with an empty line before each', '\r\nA\r\n\r\n\r\nB\r\n\r\n\r\n', ['A\r\n\r\n', 'B\r\n\r\n'], '\r\n'],
  ['no end, so no head', 'A\r\nb: c\r\n', [], 'A\r\nb: c\r\n'],
  ['a head with bytes of any value', '\0\x80\xff\r\n\r\n', ['\0\x80\xff\r\n\r\n'], ''],
  ['a head with CR alone within a line', 'A\rB\r\n\r\n', ['A\rB\r\n\r\n'], ''],
] as const) {
  for (const size of [bytes.length, 1, 3]) {
    test(`2.1: whole heads are read from chunks of ${size} bytes: ${name}`, () => {
      const reader = new HeadReader('request', 1000);
      assert.equal(read(reader, bytes, size), heads);
      assert.is(reader.length, rest.length);
      assert.is(latin1(reader.peek()), rest);
      assert.is(latin1(reader.rest()), rest);
      assert.is(reader.length, 0);
    });
  }
}

test('2.1: a head is text with one character for each byte, made by the host or by core', () => {
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

test('2.1: before any bytes there is no head', () => {
  const reader = new HeadReader('request', 1000);
  for (let n = 0; n < 2; n++) {
    assert.is(reader.read(), undefined);
    reader.receive(new Uint8Array(0));
  }
  assert.equal([reader.length, reader.rest().length], [0, 0]);
  assert.equal(read(reader, 'A\r\n\r\nB', 2), ['A\r\n\r\n']);
  assert.is(latin1(reader.rest()), 'B');
});

test('an incomplete head, and the bytes after a head, do not keep the memory of their chunk', () => {
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

test('if the bytes after a head arrive in several chunks, `rest` returns them in a buffer of exactly their length', () => {
  for (const sizes of [
    [1500, 100],
    [1, 1500, 1500],
    [3000, 3000, 1],
  ]) {
    const reader = new HeadReader('request', 1000);
    reader.receive(ascii('A\r\n\r\n'));
    reader.read();
    for (const size of sizes) {
      reader.receive(new Uint8Array(size));
      // An early end of the transport, and a limit on early bytes, look at what is there.
      reader.peek();
    }
    const rest = reader.rest();
    assert.is(
      rest.length,
      sizes.reduce((sum, size) => sum + size),
    );
    assert.is(rest.buffer.byteLength, rest.length);
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
    test(`2.2: ${name} is malformed, in chunks of ${size}`, () => {
      assert.throws(
        () => read(new HeadReader('request', 1000), bytes, size),
        (error: unknown) => breaks('request-malformed')(error) && (error as Error).message.includes(why),
      );
    });
  }
}

test('RFC 6585 5: a head may be as long as the limit, but not longer, whole and byte by byte', () => {
  const head = `A\r\n${'b: c\r\n'.repeat(20)}\r\n`;
  for (const size of [head.length, 1]) {
    assert.is(read(new HeadReader('request', head.length), head, size).length, 1);
    assert.throws(() => read(new HeadReader('request', head.length - 1), head, size), breaks('head-too-big'));
  }
  assert.throws(() => read(new HeadReader('request', 0), 'A'), breaks('head-too-big'));
  // No more is waited for than could be read.
  assert.throws(() => read(new HeadReader('request', 5), 'A\r\nb:'), breaks('head-too-big'));
});

test('RFC 9110 15.5.15: a start line may be as long as its limit, but not longer', () => {
  const head = 'GET /12345 HTTP/1.1\r\n\r\n';
  for (const size of [head.length, 1]) {
    assert.is(read(new HeadReader('request', 1000, 21), head, size).length, 1);
    assert.throws(() => read(new HeadReader('request', 1000, 20), head, size), breaks('target-too-long'));
  }
});

test('the limits apply to each head by itself', () => {
  const reader = new HeadReader('request', 10, 5);
  const heads = ['A\r\nb:\r\n\r\n', 'C\r\nd:e\r\n\r\n'];
  assert.equal(read(reader, heads.join(''), 1), heads);
  assert.equal(read(new HeadReader('request', 10), `A\r\n\r\n${'x'.repeat(9)}`), ['A\r\n\r\n']);
  // An empty line before a head counts to it, but not to its first line.
  assert.equal(read(new HeadReader('request', 10, 5), '\r\nABC\r\n\r\n'), ['ABC\r\n\r\n']);
  assert.throws(() => read(new HeadReader('request', 8, 5), '\r\nABC\r\n\r\n'), breaks('head-too-big'));
  assert.throws(() => read(new HeadReader('request', 20, 5), '\r\nABCDE\r\n\r\n'), breaks('target-too-long'));
});

test('a head is not affected by the head before it', () => {
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

test('a head is returned as it arrived, and can be parsed with or without its final CR LF CR LF', () => {
  const bytes = 'GET / HTTP/1.1\r\nA: b\r\n\r\n';
  const [head = ''] = read(new HeadReader('request', 1000), bytes);
  assert.is(head, bytes);
  assert.equal(parseRequestHead(head), parseRequestHead(head.slice(0, -4)));
  assert.is(latin1(formatRequestHead({ ...parseRequestHead(head), headers: [['A', 'b']] })), bytes);
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
    test(`the position of ${what} is the same in chunks of ${size}`, () => {
      const reader = new HeadReader('request', 20, what.includes('line') ? 10 : 20);
      assert.throws(() => read(reader, bytes, size), isA(HandshakeError));
      assert.is(reader.position, position);
    });
  }
}

test('a head is read in linear time, in chunks of 1 byte and of 1000', () => {
  for (const size of [1, 1000]) {
    const run = (n: number): void => {
      const reader = new HeadReader('request', Infinity);
      assert.is(read(reader, `A\r\n${'b:c\r\n'.repeat(n / 5)}\r\n`, size).length, 1);
    };
    assertLinear(run, 10_000, `in pieces of ${size}`);
  }
});

test.run();
