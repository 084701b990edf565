// RFC 6455 7.1.4 to 7.1.6: what the last event says. What leads to it is in connection/end.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Ending, endEvent } from '../../src/connection/explanation.ts';
import { HandshakeError, ProtocolError } from '../../src/rules.ts';

const test = suite('RFC 6455 7.1.5 explanation');

const END: Ending = {
  ...{ sent: undefined, received: undefined, initiator: 'transport', error: undefined },
  ...{ bytesReceived: 7, endedEarly: true, unsentBytes: 0, timedOut: false, cause: undefined },
};
const CLOSED: Partial<Ending> = {
  ...{ sent: { code: 1000, reason: 'bye' }, received: { code: 1001, reason: 'me too' }, endedEarly: false },
};

for (const [what, facts, code, reason, clean] of [
  ['no Close frame', {}, 1006, '', false],
  ['our Close frame only', { sent: { code: 1000, reason: 'bye' } }, 1006, '', false],
  ['both', CLOSED, 1001, 'me too', true],
  ["both, the peer's without a code", { ...CLOSED, received: { code: 1005, reason: '' } }, 1005, '', true],
  ['both, and a fault', { ...CLOSED, error: new ProtocolError('close-code', 5) }, 1001, 'me too', false],
] as const) {
  test(`7.1.5: the code after ${what} is ${code}`, () => {
    const event = endEvent({ ...END, ...facts });
    assert.equal([event.type, event.code, event.reason, event.clean], ['end', code, reason, clean]);
  });
}

for (const [facts, summary] of [
  [{}, 'the transport ended without a Close frame from either side, after 7 bytes received'],
  [
    { cause: 'ECONNRESET' },
    'the transport ended (ECONNRESET) without a Close frame from either side, after 7 bytes received',
  ],
  [{ cause: null }, 'the transport ended (null) without a Close frame from either side, after 7 bytes received'],
  [
    { sent: { code: 1000, reason: 'a\n"b"' }, initiator: 'local' },
    'this endpoint sent 1000 "a\\n\\"b\\"", but the transport ended before the peer answered, after 7 bytes received',
  ],
  [
    { sent: { code: 1000, reason: '' }, initiator: 'local', timedOut: true },
    'this endpoint sent 1000, but closeTimeout passed before the peer answered, after 7 bytes received',
  ],
  [
    { ...CLOSED, initiator: 'local' },
    'this endpoint closed the connection with 1000 "bye", and the closing handshake was completed',
  ],
  [
    { ...CLOSED, initiator: 'remote', timedOut: true },
    'the peer closed the connection with 1001 "me too", and the closing handshake was completed',
  ],
  [
    { error: new ProtocolError('reserved-bits', 5), sent: { code: 1002, reason: 'reserved-bits' } },
    `this endpoint failed the connection at byte 5, reserved-bits: ${new ProtocolError('reserved-bits').message}`,
  ],
  [
    { error: new HandshakeError('host-field') },
    `the opening handshake failed, host-field: ${new HandshakeError('host-field').message}`,
  ],
] as [Partial<Ending>, string][]) {
  test(`7.1.4: ${summary}`, () => {
    assert.is(endEvent({ ...END, ...facts }).explanation.summary, summary);
  });
}

test('7.1.4: the facts are all there, and only those', () => {
  const { explanation } = endEvent({ ...END, ...CLOSED, cause: 'x' });
  const { summary, ...facts } = explanation;
  const { timedOut, ...given } = { ...END, ...CLOSED, cause: 'x' };
  assert.equal(facts, given);
  assert.ok(summary.length > 0 && !timedOut);
});

test.run();
