// What counts as a refusal in the statistics and on the channel.
import { HandshakeError } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../src/diagnostics.ts';

const test = suite('diagnostics');

test('a request is refused by the server only: not if either side gave up, and not by an error of another kind', () => {
  for (const [error, expected] of [
    [new HandshakeError('handshake-rejected', 'no'), true],
    [new HandshakeError('handshake-timeout', 'no'), true],
    [new HandshakeError('handshake-interrupted', 'no'), false],
    [new HandshakeError('handshake-abandoned', 'no'), false],
    [new Error('no'), false],
    [undefined, false],
  ] as const) {
    assert.is(isRefusal(error), expected, String(error));
  }
});

test.run();
