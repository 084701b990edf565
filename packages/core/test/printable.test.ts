// Text of a peer's in messages of ours: short, and nothing in it that acts instead of showing.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { printable, shown, told } from '../src/printable.ts';

const test = suite('printable');

for (const [text, expected] of [
  ['', ''],
  ['Hello, wörld: 日本 🐯 "\\" \u00a0', 'Hello, wörld: 日本 🐯 "\\" \u00a0'],
  ['\0\t\n\r\x1b[31m', '\\u{0}\\u{9}\\u{a}\\u{d}\\u{1b}[31m'],
  ['\x7f\x80\x85\x9b\x9f', '\\u{7f}\\u{80}\\u{85}\\u{9b}\\u{9f}'],
  ['\u2028\u2029', '\\u{2028}\\u{2029}'],
  ['\u061c\u200e\u200f\u202a\u202e\u2066\u2069', '\\u{61c}\\u{200e}\\u{200f}\\u{202a}\\u{202e}\\u{2066}\\u{2069}'],
  [
    '\xad\u200b\u200d\u2060\ufeff\u3164\ufe0f\u034f',
    '\\u{ad}\\u{200b}\\u{200d}\\u{2060}\\u{feff}\\u{3164}\\u{fe0f}\\u{34f}',
  ],
  ['\u{e0041}', '\\u{e0041}'],
  ['\ud800a\udc00', '\\u{d800}a\\u{dc00}'],
] as const) {
  test(`${JSON.stringify(text)} is shown as ${expected}`, () => assert.is(printable(text), expected));
}

test('every control character is escaped', () => {
  for (let code = 0; code < 0xa0; code++) {
    const isControl = code < 0x20 || code >= 0x7f;
    const text = String.fromCharCode(code);
    assert.is(printable(text), isControl ? `\\u{${code.toString(16)}}` : text);
  }
});

test('at most 200 characters are shown', () => {
  assert.is(printable('x'.repeat(200)), 'x'.repeat(200));
  assert.is(printable('x'.repeat(201)), `${'x'.repeat(200)}…`);
  assert.is(printable(`${'x'.repeat(199)}🐯`), `${'x'.repeat(199)}\\u{d83d}…`);
  assert.ok(printable('\u{e0041}'.repeat(1e6)).length < 1000);
});

for (const [value, expected] of [
  ['5', '"5" (a string)'],
  ['\u202e\n', '"\\u{202e}\\n" (a string)'],
  [5, '5'],
  [Number.NaN, 'NaN'],
  [5n, '5 (a bigint)'],
  [true, 'true'],
  [undefined, 'undefined'],
  [null, 'null'],
  [Symbol('a'), 'Symbol(a)'],
  [[1], 'a list'],
  [Object.create(null), 'an object'],
  [() => undefined, 'a function'],
] as const) {
  test(`a value is shown as ${expected}`, () => assert.is(shown(value), expected));
}

for (const [value, expected] of [
  [new Error('a\u202eb'), 'Error: a\\u{202e}b'],
  ['ECONNRESET', 'ECONNRESET'],
  [null, 'null'],
  [Symbol('a'), 'Symbol(a)'],
  [Object.create(null), 'object'],
] as const) {
  test(`a value that is not a string is described as ${expected}`, () => assert.is(told(value), expected));
}

test.run();
