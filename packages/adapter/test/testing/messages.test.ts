// Messages that contain their own number, and the keys by which they are compared.
import { bytesOf, keyOf, textOf } from '@sockless/adapter/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('messages of the testing kit');

test('messages are distinguished from one another', () => {
  assert.is.not(keyOf(textOf(1, 1000)), keyOf(textOf(2, 1000)));
  assert.is.not(keyOf(textOf(1, 1000)), keyOf(textOf(1, 1001)));
  assert.is.not(keyOf(textOf(1, 2)), keyOf(new TextEncoder().encode(textOf(1, 2))));
  assert.is(keyOf('0.'), keyOf(textOf(0, 0)));
});

test('a key says the type of a message, its number and its length', () => {
  assert.match(keyOf(textOf(40, 5)), /^text 40 of 8, [\da-f]+$/);
  assert.match(keyOf(bytesOf(40, 5)), /^binary 40 of 5, [\da-f]+$/);
  assert.match(keyOf(bytesOf(300, 5)), /^binary 300 of 5, [\da-f]+$/);
  assert.match(keyOf(new Uint8Array(0)), /^binary 0 of 0, [\da-f]+$/);
});

test('a change of any of the first 512 bytes, and of every 61st after them, changes the key', () => {
  const data = new Uint8Array(1000);
  const key = keyOf(data);
  const noticed = Array.from(data.keys()).filter((at) => keyOf(data.map((_, index) => (index === at ? 1 : 0))) !== key);
  const expected = Array.from(data.keys()).filter((at) => at < 512 || (at - 512) % 61 === 0);
  assert.equal(noticed, expected);
});

test('texts have about the length that was asked for, and every third has characters of several bytes', () => {
  for (let number = 0; number < 12; number++) {
    const text = textOf(number, 20);
    assert.is(text.length, `${number}.`.length + 20);
    assert.is(new TextEncoder().encode(text).length > text.length, number % 3 === 0);
  }
});

test('binary messages have at least two bytes, in a buffer of their own', () => {
  for (const length of [0, 1, 2, 3, 100]) {
    const bytes = bytesOf(1, length);
    assert.equal([bytes.length, bytes.buffer.byteLength], [Math.max(2, length), Math.max(2, length)]);
  }
});

test.run();
