// RFC 6455 7.4.1: what happens when a peer exceeds a rate limit.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConnectionOptions, Opcode, type Role } from '../../src/index.ts';
import { concat } from '../support.ts';
import { closeFrame, frame, opened, ownClose, ROLES, receive, rule, sent, types } from './tools.ts';

const test = suite('RFC 6455 7.4.1 rate limits');

const { Text, Binary, Ping, Pong } = Opcode;

const LIMITED: [name: string, ConnectionOptions['rateLimits'], (to: Role) => Uint8Array, passes: number][] = [
  ['message-rate', { messages: { perSecond: 2 } }, (to) => frame(to, Text, 'x'), 2],
  ['message-rate', { messages: { perSecond: 2, burst: 5 } }, (to) => frame(to, Binary, '', true), 5],
  ['byte-rate', { bytes: { perSecond: 20 } }, (to) => frame(to, Text, '12345'), 4],
  ['byte-rate', { bytes: { perSecond: 1, burst: 1000 } }, (to) => frame(to, Binary, 'x'.repeat(400)), 2],
  ['control-rate', { controlFrames: { perSecond: 3 } }, (to) => frame(to, Ping), 3],
  ['control-rate', { controlFrames: { perSecond: 3 } }, (to) => frame(to, Pong, 'x'.repeat(125)), 3],
];

for (const role of ROLES) {
  for (const [name, rateLimits, bytes, passes] of LIMITED) {
    test(`7.4.1: ${name} allows ${passes} at once, then fails with 1008 (${role})`, () => {
      const connection = opened(role, { rateLimits });
      for (let n = 0; n < passes; n++) assert.not.ok(rule(receive(connection, bytes(role), 1000)));
      sent(connection);
      assert.is(rule(receive(connection, bytes(role), 1000)), name);
      assert.is(sent(connection), ownClose(role, 1008, name));
    });

    test(`7.4.1: ${name} never fails at exactly the allowed rate (${role})`, () => {
      const connection = opened(role, { rateLimits, heartbeat: false });
      const [limit] = Object.values(rateLimits ?? {});
      // Of a frame with a longer header, a little more than its payload.
      const tokens = name === 'byte-rate' ? bytes(role).length - frame(role, Binary).length : 1;
      for (let n = 0; n < 1000; n++) {
        const now = (n * tokens * 1000) / (limit?.perSecond ?? 0);
        assert.not.ok(rule(receive(connection, bytes(role), now)), `${name} at ${now}`);
      }
    });
  }

  test(`7.4.1: a burst is limited even if perSecond is Infinity (${role})`, () => {
    const connection = opened(role, { rateLimits: { controlFrames: { perSecond: Infinity, burst: 3 } } });
    const ping = frame(role, Ping);
    for (let n = 0; n < 3; n++) assert.is(types(receive(connection, ping, 0)), 'ping');
    assert.is(types(receive(connection, concat(ping, ping, ping), 1)), 'ping ping ping');
    assert.is(rule(receive(connection, ping, 1)), 'control-rate');
  });

  test(`7.4.1: bytes are counted in each fragment, messages once (${role})`, () => {
    const connection = opened(role, { rateLimits: { messages: { perSecond: 1 }, bytes: { perSecond: 10 } } });
    for (let n = 0; n < 10; n++) assert.equal(receive(connection, frame(role, n === 0 ? Text : 0, 'x', false)), []);
    assert.is(rule(receive(connection, frame(role, 0, 'x'))), 'byte-rate');
  });

  test(`5.5.1: rate limits do not apply after our Close frame (${role})`, () => {
    const one = { perSecond: 1 };
    const connection = opened(role, { rateLimits: { messages: one, bytes: one, controlFrames: one } });
    connection.close();
    for (let n = 0; n < 10; n++) {
      assert.equal(receive(connection, concat(frame(role, Text, 'Hello'), frame(role, Ping))), []);
    }
    assert.is(types(receive(connection, closeFrame(role))), 'close');
  });
}

test.run();
