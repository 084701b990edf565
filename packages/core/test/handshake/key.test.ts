// RFC 6455 4.1, 4.2.2: the key and the answer to it.
import { createHash, randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { acceptKey, createKey, isKey } from '../../src/handshake/key.ts';
import { host } from '../../src/host.ts';

const test = suite('RFC 6455 4.1 key');

/** With the host's SHA-1 and without. */
function bothWays(run: () => void): void {
  const { sha1 } = host;
  for (const chosen of [sha1, undefined]) {
    Object.assign(host, { sha1: chosen });
    try {
      run();
    } finally {
      Object.assign(host, { sha1 });
    }
  }
}

for (const [key, accept] of [
  ['dGhlIHNhbXBsZSBub25jZQ==', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
  ['x3JJHMbDL1EzLkh9GBhXDw==', 'HSmrc0sMlYUkAGmm5OPpG2HaGWk='],
] as const) {
  test(`1.3: the key ${key} is answered with ${accept}`, () => {
    bothWays(() => assert.is(acceptKey(key), accept));
  });
}

test('4.2.2: the answer is the SHA-1 hash that Node computes, in base64', () => {
  for (let n = 0; n < 100; n++) {
    const key = randomBytes(16).toString('base64');
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    bothWays(() => assert.is(acceptKey(key), accept));
  }
});

test('4.1: a key is 16 bytes of the random source in base64', () => {
  const asked: number[] = [];
  for (let n = 0; n < 100; n++) {
    const nonce = randomBytes(16);
    const key = createKey((bytes) => {
      asked.push(bytes.length);
      bytes.set(nonce);
    });
    assert.is(key, nonce.toString('base64'));
    assert.ok(isKey(key));
  }
  assert.ok(asked.every((length) => length === 16));
});

for (const [key, expected, why] of [
  ['dGhlIHNhbXBsZSBub25jZQ==', true, "the RFC's"],
  ['AQIDBAUGBwgJCgsMDQ4PEC==', true, "the RFC's with bits set that no byte has"],
  ['AAAAAAAAAAAAAAAAAAAAAA==', true, 'all zero'],
  ['//////////////////////==', true, 'all one'],
  ['', false, 'empty'],
  ['dGhlIHNhbXBsZSBub25jZQ', false, 'no padding'],
  ['dGhlIHNhbXBsZSBub25jZQ=', false, 'half the padding'],
  ['dGhlIHNhbXBsZSBub25jZQ===', false, 'too much padding'],
  ['dGhlIHNhbXBsZSBub25jZWE=', false, '17 bytes'],
  ['dGhlIHNhbXBsZSBub25j', false, '15 bytes'],
  ['dGhlIHNhbXBsZSBub25jZ*==', false, 'another alphabet'],
  ['_-______________________', false, 'base64url'],
  ['dGhlIHNhbXBsZSBub25jZQ==\n', false, 'a line behind it'],
  [' dGhlIHNhbXBsZSBub25jZQ==', false, 'a space before it'],
] as const) {
  test(`4.2.1: ${JSON.stringify(key)} is ${expected ? 'a' : 'not a'} key: ${why}`, () => {
    assert.is(isKey(key), expected);
  });
}

test.run();
