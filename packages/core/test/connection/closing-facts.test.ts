// RFC 6455 7.1.1, 7.1.4 to 7.1.6: what follows from the facts of an end. What leads to them is in closing.test.ts and end.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Closing, PHASES, type Phase } from '../../src/connection/closing.ts';
import { HandshakeError, ProtocolError } from '../../src/rules.ts';
import { explore, type Facts, stateOf, transportOf } from '../model/model.ts';
import { ROLES } from './tools.ts';

const test = suite('RFC 6455 7.1 closing facts');

/** The end of a connection with these facts. */
const PASSED = {
  ...{ openedAt: undefined, lastReceivedAt: undefined },
  ...{ bytesReceived: 7, bytesSent: 0, messagesReceived: 0, messagesSent: 0 },
};

const closing = (facts: Partial<Closing>): Closing => Object.assign(new Closing(), facts);

/** The phase of a state of the model, by the class that a connection uses. */
function phaseOf({ awaits, closeSent, closeReceived, failed, ended, destroyed }: Facts): Phase {
  const said = { code: 1000, reason: '' };
  if (!(closeSent || closeReceived || failed || ended)) return awaits === undefined ? PHASES.open : PHASES.connecting;
  return closing({
    sent: closeSent ? said : undefined,
    received: closeReceived ? said : undefined,
    error: failed && (failed === 'opening' ? new HandshakeError('handshake-timeout') : new ProtocolError('close-code')),
    ended,
    destroyed,
  }).phase;
}

for (const role of ROLES) {
  test(`7.1.1: PHASES agrees with the model in every reachable state with an empty outbox (${role})`, () => {
    const met = new Set<Phase>();
    for (const { facts } of explore(role)) {
      if (facts.waits !== undefined) continue;
      const phase = phaseOf(facts);
      met.add(phase);
      const { state, [role]: transport } = phase;
      assert.equal([state, transport], [stateOf(facts), transportOf(facts)], JSON.stringify(facts));
    }
    assert.is(met.size, Object.keys(PHASES).length);
  });
}

const SENT = { code: 1000, reason: 'bye' };
const BOTH = { sent: SENT, received: { code: 1001, reason: 'me too' } };

for (const [what, facts, code, reason, clean] of [
  ['no Close frame', {}, 1006, '', false],
  ['our Close frame only', { sent: SENT }, 1006, '', false],
  ['both', BOTH, 1001, 'me too', true],
  ["both, the peer's without a code", { ...BOTH, received: { code: 1005, reason: '' } }, 1005, '', true],
  ['both, and a fault', { ...BOTH, error: new ProtocolError('close-code', 5) }, 1001, 'me too', false],
  ['both, and ours has not left', { ...BOTH, lost: 1 }, 1001, 'me too', false],
  ['both, and a pong behind ours has not left', { ...BOTH, lost: 1, behindClose: 1 }, 1001, 'me too', true],
] as const) {
  test(`7.1.5: the code after ${what} is ${code}`, () => {
    const event = closing(facts).end(PASSED, 0);
    assert.equal([event.type, event.code, event.reason, event.clean], ['end', code, reason, clean]);
  });
}

for (const [facts, summary] of [
  [{ cause: null }, 'the transport ended (null) without a Close frame from either side, after 7 bytes received'],
  [
    { sent: { code: 1000, reason: 'a\n"b"' }, initiator: 'local' },
    'this endpoint sent 1000 "a\\n\\"b\\"", but the transport ended before the peer answered, after 7 bytes received',
  ],
  [
    { error: new HandshakeError('host-field') },
    `the opening handshake failed, host-field: ${new HandshakeError('host-field').message}`,
  ],
] as [Partial<Closing>, string][]) {
  test(`7.1.4: ${summary}`, () => {
    assert.is(closing(facts).end(PASSED, 0).explanation.summary, summary);
  });
}

test('7.1.4: the explanation contains every fact and nothing else', () => {
  const { explanation } = closing({ ...BOTH, initiator: 'local', cause: 'x', dropped: 3, lost: 2 }).end(PASSED, 1);
  const { summary, ...facts } = explanation;
  const counted = { bytesReceived: 7, unsentBytes: 6, endedEarly: true };
  assert.equal(facts, { ...BOTH, initiator: 'local', error: undefined, cause: 'x', ...counted });
  assert.match(summary, /; 6 bytes that were sent here had not left$/);
});

test.run();
