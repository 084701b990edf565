// RFC 9112 6.3, 7.1: the body of a response.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bodyFraming, ChunkedBody } from '../../src/handshake/body.ts';
import { assertLinear } from '../linear.ts';
import { ascii, latin1 } from '../support.ts';

const test = suite('RFC 9112 body');

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
  // A malformed chunk ends the body before it.
  ['an invalid chunk size', '1\r\nx\r\nz\r\n', 'x'],
  ['no size', '1\r\nx\r\n\r\n', 'x'],
  ['a negative size', '1\r\nx\r\n-1\r\n', 'x'],
  ['a size too long to be true', '1\r\nx\r\n100000000\r\n', 'x'],
  ['LF without CR', '1\nx', ''],
  ['CR inside of a line', '1\r\nx\r\n5\rX\r\nHello\r\n', 'x'],
  ['a line that does not end', `1\r\nx\r\n${'1'.repeat(2000)}`, 'x'],
] as const) {
  for (const size of [bytes.length, 1]) {
    test(`7.1: chunked: ${name}, in chunks of ${size}`, () => {
      const chunked = new ChunkedBody();
      for (let end = size; end <= bytes.length; end += size) {
        if (end === size && end < bytes.length) assert.not.ok(chunked.complete);
        chunked.read(ascii(bytes.slice(0, end)));
      }
      assert.ok(chunked.complete);
      assert.is(latin1(chunked.take()), body);
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
    assert.is(latin1(chunked.take()), 'Hello'.slice(0, Math.max(0, Math.min(5, bytes.length - 3))));
  });
}

test('7.1: chunked: a line before a chunk may have 1,024 bytes, wherever it begins', () => {
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

test('7.1: chunked: a body that arrives byte by byte takes linear time', () => {
  const run = (n: number): void => {
    const chunked = new ChunkedBody();
    const bytes = ascii(`${'1\r\nx\r\n'.repeat(n / 6)}0\r\n`);
    for (let end = 1; end <= bytes.length; end++) chunked.read(bytes.subarray(0, end));
    assert.ok(chunked.complete);
  };
  assertLinear(run, 6000);
});

test.run();
