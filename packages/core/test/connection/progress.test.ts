// RFC 6455 10.4 and our own: a message in progress must become longer, and a slow one that does lives.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { permessageDeflate } from '../../src/deflate/index.ts';
import { Connection, type ConnectionOptions, Opcode, type Role } from '../../src/index.ts';
import { concat, drain, ZEROS } from '../support.ts';
import { frame, NEVER, opened, ownClose, ROLES, receive, rule, sent, types } from './tools.ts';

const test = suite('messageProgress');
const { Text, Binary, Continuation, Ping } = Opcode;

const BYTES = 100;
const WITHIN = 1000;
const OFF: ConnectionOptions = { heartbeat: false, idleTimeout: NEVER, stallTimeout: NEVER };
const OPTIONS: ConnectionOptions = { ...OFF, messageProgress: { bytes: BYTES, within: WITHIN } };

/** How many bytes a header has in front of a short, and of a longer payload. */
const headerOf = (role: Role, length: number): number => (length < 126 ? 2 : 4) + (role === 'server' ? 4 : 0);

const stalled = (connection: Connection, at: number): void => {
  assert.is(connection.deadline, at);
  assert.equal([...connection.timeout(at - 1)], []);
  assert.is(rule(connection.timeout(at)), 'message-stalled');
};

for (const role of ROLES) {
  test(`the deadline runs from the first byte of a message to its last (${role})`, () => {
    const text = frame(role, Text, 'Hello');
    for (const cut of [1, 2, text.length - 1]) {
      const connection = opened(role, OPTIONS);
      assert.is(connection.deadline, NEVER);
      receive(connection, text.subarray(0, cut), 100);
      assert.is(connection.deadline, 1100);
      receive(connection, text.subarray(cut, text.length - 1), 800);
      receive(connection, new Uint8Array(0), 900);
      stalled(connection, 1100);
      assert.is(sent(connection), ownClose(role, 1013, 'message-stalled'));
    }
  });

  test(`fragments and control frames do not stop the deadline, and the end of the message does (${role})`, () => {
    const connection = opened(role, OPTIONS);
    receive(connection, frame(role, Text, 'Hel', false), 100);
    receive(connection, frame(role, Ping, 'p').subarray(0, 2), 200);
    receive(connection, frame(role, Ping, 'p').subarray(2), 300);
    receive(connection, frame(role, Continuation, '', false), 400);
    assert.is(connection.deadline, 1100);
    receive(connection, frame(role, Continuation, 'lo'), 1099);
    assert.is(connection.deadline, NEVER);
  });

  test(`the deadline limits an incomplete control frame too (${role})`, () => {
    const connection = opened(role, OPTIONS);
    receive(connection, frame(role, Ping, 'ping').subarray(0, 8 - 4), 100);
    stalled(connection, 1100);
  });

  test(`the deadline does not run after the end of the transport (${role})`, () => {
    const connection = opened(role, { ...OPTIONS, closeTimeout: NEVER });
    connection.receive(frame(role, Text, 'Hel', false), 100).receiveEnd(100);
    assert.is(types(connection), 'end');
    assert.is(connection.deadline, NEVER);
  });

  for (const messages of ['whole', 'fragments'] as const) {
    test(`a message that grows fast enough is received, however long it takes in total: ${messages} (${role})`, () => {
      const connection = opened(role, { ...OPTIONS, messages });
      const payload = new Uint8Array(60_000);
      const bytes = frame(role, Binary, payload);
      const header = headerOf(role, payload.length);
      receive(connection, bytes.subarray(0, header), 0);
      let now = 0;
      let events = '';
      for (let at = header; at < bytes.length; at += BYTES) {
        now += WITHIN - 1;
        events = types(receive(connection, bytes.subarray(at, at + BYTES), now));
        if (at + BYTES < bytes.length) assert.is(connection.deadline, now + WITHIN);
      }
      assert.ok(events.endsWith(messages === 'whole' ? 'binary' : 'fragment'));
      assert.is(connection.deadline, NEVER);
      assert.ok(now > 500 * WITHIN);
    });
  }

  test(`one byte too few within the time fails with message-stalled (${role})`, () => {
    const bytes = frame(role, Binary, new Uint8Array(1000));
    const header = headerOf(role, 1000);
    const connection = opened(role, OPTIONS);
    receive(connection, bytes.subarray(0, header + 10), 0);
    assert.is(connection.deadline, WITHIN);
    for (let n = 1; n < BYTES; n++) receive(connection, bytes.subarray(header + 9 + n, header + 10 + n), n);
    stalled(connection, WITHIN);

    const other = opened(role, OPTIONS);
    receive(other, bytes.subarray(0, header + 10), 0);
    receive(other, bytes.subarray(header + 10, header + 10 + BYTES - 1), 300);
    assert.is(other.deadline, WITHIN);
    receive(other, bytes.subarray(header + 9 + BYTES, header + 10 + BYTES), 999);
    assert.is(other.deadline, 999 + WITHIN);
  });

  test(`the last part of a message may be shorter, but must arrive in time (${role})`, () => {
    const bytes = frame(role, Text, 'x'.repeat(BYTES + 10));
    for (const comes of [true, false]) {
      const connection = opened(role, OPTIONS);
      receive(connection, bytes.subarray(0, 3), 0);
      receive(connection, bytes.subarray(3, -9), 500);
      assert.is(connection.deadline, 500 + WITHIN);
      if (comes) {
        assert.is(types(receive(connection, bytes.subarray(-9), 500 + WITHIN - 1)), 'text');
        assert.is(connection.deadline, NEVER);
      } else stalled(connection, 500 + WITHIN);
    }
  });

  test(`empty fragments, control frames and headers do not count as progress (${role})`, () => {
    const connection = opened(role, OPTIONS);
    receive(connection, frame(role, Binary, 'x', false), 0);
    for (let now = 1; now < WITHIN; now += 9) {
      receive(connection, frame(role, Continuation, '', false), now);
      const ping = frame(role, Ping, 'p'.repeat(60));
      receive(connection, ping.subarray(0, 30), now);
      receive(connection, ping.subarray(30), now);
      drain(connection);
    }
    // Nor does the header of a long frame.
    receive(connection, frame(role, Continuation, new Uint8Array(5000)).subarray(0, headerOf(role, 5000)), WITHIN - 1);
    assert.is(connection.deadline, WITHIN);
    stalled(connection, WITHIN);
  });

  test(`the payloads of fragments add up (${role})`, () => {
    const connection = opened(role, OPTIONS);
    receive(connection, frame(role, Binary, '', false), 0);
    for (let n = 1; n < BYTES / 10; n++) receive(connection, frame(role, Continuation, 'x'.repeat(10), false), n);
    assert.is(connection.deadline, WITHIN);
    receive(connection, frame(role, Continuation, 'x'.repeat(10), false), 700);
    assert.is(connection.deadline, 700 + WITHIN);
    receive(connection, frame(role, Continuation, 'x'.repeat(BYTES), false), 800);
    assert.is(connection.deadline, 800 + WITHIN);
    assert.is(types(receive(connection, frame(role, Continuation, ''), 900)), 'binary');
    assert.is(connection.deadline, NEVER);
  });

  test(`each message has its whole time, whatever the message before it took (${role})`, () => {
    const connection = opened(role, OPTIONS);
    const long = frame(role, Binary, new Uint8Array(5 * BYTES), false);
    receive(connection, long, 0);
    const last = frame(role, Continuation, '');
    const next = frame(role, Binary, new Uint8Array(2 * BYTES));
    const header = headerOf(role, 2 * BYTES);
    receive(connection, concat(last, next.subarray(0, 1)), 600);
    assert.is(connection.deadline, 600 + WITHIN);
    // The header does not count as progress, however it arrives; the payload does.
    receive(connection, next.subarray(1, header), 700);
    assert.is(connection.deadline, 600 + WITHIN);
    receive(connection, next.subarray(header, header + BYTES), 800);
    assert.is(connection.deadline, 800 + WITHIN);
  });

  test(`a pause stops the time, which begins again after it (${role})`, () => {
    const connection = opened(role, OPTIONS);
    const bytes = frame(role, Binary, new Uint8Array(5 * BYTES));
    receive(connection, bytes.subarray(0, BYTES), 0);
    connection.pause();
    assert.is(connection.deadline, NEVER);
    connection.resume(9000);
    assert.equal([...connection], []);
    stalled(connection, 9000 + WITHIN);
  });

  test(`messageProgress can be switched off (${role})`, () => {
    const connection = opened(role, { ...OFF, messageProgress: false });
    receive(connection, frame(role, Binary, 'x', false), 0);
    assert.is(connection.deadline, NEVER);
  });

  test(`for a compressed message the compressed bytes count as progress (${role})`, () => {
    const compression = permessageDeflate(pako, { threshold: 0 });
    const options = { ...OPTIONS, random: ZEROS, compression };
    const client = Connection.client('ws://example.com/', options);
    const server = Connection.server(options);
    receive(server, drain(client));
    server.accept();
    assert.is(types(server), 'open');
    assert.is(types(receive(client, drain(server))), 'open');
    const [from, to] = role === 'server' ? [client, server] : [server, client];
    from.sendFragment('a'.repeat(50_000), false);
    const much = drain(from);
    from.sendFragment(
      Array.from({ length: 3000 }, (_, n) =>
        String.fromCharCode(33 + ((Math.imul(n + 1, 2_654_435_761) >>> 20) % 94)),
      ).join(''),
      true,
    );
    const more = drain(from);
    assert.ok(much.length < BYTES + headerOf(role, BYTES) && more.length > 3 * BYTES, `${much.length}, ${more.length}`);
    receive(to, much.subarray(0, 10), 0);
    receive(to, much.subarray(10), 100);
    assert.is(to.deadline, WITHIN);
    receive(to, more.subarray(0, 8 + BYTES), 200);
    assert.is(to.deadline, 200 + WITHIN);
    assert.is(types(receive(to, more.subarray(8 + BYTES), 300)), 'text');
    assert.is(to.deadline, NEVER);
  });
}

test.run();
