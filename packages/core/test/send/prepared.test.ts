// Messages that are encoded once: who owns their bytes, and what connections share. Compression is in deflate/prepared.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Connection, PreparedMessage, prepare, type Role, StateError } from '../../src/index.ts';
import { opened } from '../connection/tools.ts';
import { transfer } from '../runtimes/ownership.ts';
import { concat, drain, hex, toHex } from '../support.ts';

const test = suite('prepared messages');

const open = (role: Role, options = {}): Connection => opened(role, { heartbeat: false, ...options });

const throws = (call: () => unknown, message: RegExp): void =>
  assert.throws(call, (error: unknown) => error instanceof TypeError && message.test(error.message));

test('a prepared message has a type and a length in bytes', () => {
  const facts = ({ type, length }: PreparedMessage): unknown => [type, length];
  assert.equal(facts(prepare('a€')), ['text', 4]);
  assert.equal(facts(prepare(hex('01 02'))), ['binary', 2]);
  assert.equal(facts(prepare(hex('61'), { text: true })), ['text', 1]);
  assert.equal(facts(prepare(new ArrayBuffer(3))), ['binary', 3]);
  assert.equal(facts(prepare('')), ['text', 0]);
  assert.instance(prepare(''), PreparedMessage);
});

test('servers send a prepared message as it is, clients mask it', () => {
  const message = prepare('Hello');
  const server = open('server');
  server.send(message);
  assert.is(toHex(drain(server)), '81 05 48 65 6c 6c 6f');
  const client = open('client');
  client.send(message);
  assert.is(toHex(drain(client)), '81 85 00 00 00 00 48 65 6c 6c 6f');
});

test('two servers transmit the same memory, which fills its buffer', () => {
  for (const length of [0, 5, 1000, 20_000, 100_000]) {
    const message = prepare(new Uint8Array(length));
    const parts = [open('server'), open('server')].map((connection) => {
      connection.send(message);
      const part = connection.transmit() as Uint8Array;
      assert.is(connection.transmit(), undefined);
      assert.is(connection.queuedBytes, 0);
      return part;
    });
    assert.is(parts[0], parts[1]);
    assert.equal([parts[0]?.byteOffset, parts[0]?.buffer.byteLength], [0, parts[0]?.length]);
  }
});

test('a short prepared message is joined with frames that wait before it, a long one is a part of its own', () => {
  const connection = open('server');
  const short = prepare('abc');
  for (let n = 0; n < 3; n++) connection.send(short);
  connection.send('d');
  assert.is(toHex(connection.transmit() ?? hex('')), '81 03 61 62 63');
  assert.is(toHex(connection.transmit() ?? hex('')), '81 03 61 62 63 81 03 61 62 63 81 01 64');
  assert.is(connection.transmit(), undefined);

  const long = prepare(new Uint8Array(5000));
  connection.send('d');
  connection.send(long);
  assert.is(connection.transmit()?.length, 3);
  assert.is(connection.transmit()?.length, 5004);
});

test('nextIsShared is true while the next part is the memory of a prepared message', () => {
  const message = prepare(new Uint8Array(5000));
  const connection = open('server');
  assert.is(connection.nextIsShared, false);
  connection.send('a');
  connection.send(message);
  assert.is(connection.nextIsShared, false);
  connection.transmit();
  assert.is(connection.nextIsShared, true);
  connection.transmit(undefined, 3);
  assert.is(connection.nextIsShared, false, 'some of it has been transmitted');
  drain(connection);
  connection.send(new Uint8Array(5000), { lend: true });
  assert.is(connection.nextIsShared, false, 'it is lent');
  drain(connection);
  assert.is(connection.nextIsShared, false);
  const client = open('client');
  client.send(message);
  assert.is(client.nextIsShared, false);
});

test('transmitInto copies a prepared message and counts its bytes', () => {
  const connection = open('server');
  connection.send(prepare('Hello'));
  const into = new Uint8Array(10);
  assert.is(connection.transmitInto(into), 7);
  assert.is(toHex(into), '81 05 48 65 6c 6c 6f 00 00 00');
  assert.equal([connection.statistics.bytesSent, connection.queuedBytes], [7, 0]);
});

test('transmit returns a prepared message in parts of at most max bytes', () => {
  const connection = open('server');
  connection.send(prepare('Hello'));
  const parts = [3, 3, 3].map((max) => connection.transmit(undefined, max));
  assert.equal(
    parts.map((part) => part && toHex(part)),
    ['81 05 48', '65 6c 6c', '6f'],
  );
});

test('prepare copies the bytes, so later changes do not show', () => {
  const bytes = hex('01 02 03');
  const message = prepare(bytes);
  bytes.fill(255);
  const connection = open('server');
  connection.send(message);
  assert.is(toHex(drain(connection)), '82 03 01 02 03');
  // Neither does what a client masks.
  const client = open('client', { random: (key: Uint8Array) => key.fill(255) });
  client.send(message);
  drain(client);
  connection.send(message);
  assert.is(toHex(drain(connection)), '82 03 01 02 03');
});

test('a prepared text is encoded as send encodes it: short or long, ASCII or not, with lone surrogates', () => {
  for (const text of ['é', '€'.repeat(40), 'a'.repeat(5000), `${'換'.repeat(3000)}\ud83d`, '\udc2f🐯']) {
    const connection = open('server');
    connection.send(prepare(text));
    const prepared = toHex(drain(connection));
    connection.send(text);
    assert.is(prepared, toHex(drain(connection)));
  }
});

test('bytes that are sent as text must be UTF-8', () => {
  const message = /valid UTF-8; these are not, at index 1: send them as binary/;
  for (const call of [
    () => prepare(hex('61 ff'), { text: true }),
    () => open('server').send(hex('61 ff'), { text: true }),
    () => open('client').sendFragment(hex('61 ff'), false, { text: true }),
  ]) {
    throws(call, message);
  }
  throws(() => prepare(hex('61 e2 82'), { text: true }), /at their end, inside of a character/);
  const connection = open('server');
  connection.send(hex('e2 82 ac'), { text: true });
  connection.send('€', { text: true });
  connection.send(hex('e2 82 ac'), { text: false });
  assert.is(toHex(drain(connection)), '81 03 e2 82 ac 81 03 e2 82 ac 82 03 e2 82 ac');
});

test('fragments of text may be cut inside a character, but the message may not end there', () => {
  const connection = open('server');
  const text = { text: true };
  connection.sendFragment(hex('61 e2'), false, text);
  throws(() => connection.sendFragment('b', false), /only bytes can complete it/);
  throws(() => connection.sendFragment(hex('82'), true, text), /at their end, inside of a character/);
  throws(() => connection.sendFragment(hex('82 ac'), true), /all text .* or all binary/);
  connection.sendFragment(hex('82 ac'), false, text);
  connection.sendFragment('b\ud83d', false);
  throws(() => connection.sendFragment(hex('62'), false, text), /only a string can complete it/);
  connection.sendFragment('\udc2f', false);
  connection.sendFragment(hex('63'), true, text);
  assert.is(toHex(drain(connection)), '01 02 61 e2 00 02 82 ac 00 01 62 00 04 f0 9f 90 af 80 01 63');
});

test('close is possible while a text in fragments is cut inside a character', () => {
  const connection = open('client');
  connection.sendFragment(hex('e2'), false, { text: true });
  connection.close();
  assert.is(toHex(drain(connection)), '01 81 00 00 00 00 e2 88 80 00 00 00 00');
});

test('sending a prepared message between fragments, into a full queue or after close throws and changes nothing', () => {
  const connection = open('server', { maxQueuedBytes: 10 });
  const message = prepare('abc');
  connection.sendFragment('a', false);
  const rule = (name: string) => (error: Error) => error instanceof StateError && error.rule === name;
  assert.throws(() => connection.send(message), rule('message-in-progress'));
  connection.sendFragment('b', true);
  connection.send(message);
  assert.throws(() => connection.send(message), rule('queue-full'));
  assert.is(toHex(drain(connection)), '01 01 61 80 01 62 81 03 61 62 63');
  connection.close();
  assert.throws(() => connection.send(message), rule('not-open'));
});

test('an error for misuse says what to do instead', () => {
  const message = prepare('a');
  for (const name of ['compress', 'text', 'lend']) {
    throws(() => open('server').send(message, { [name]: true }), new RegExp(`^${name}: .*give this option to prepare`));
  }
  open('server').send(message, { compress: undefined });
  throws(() => prepare(5 as never), /a string, an ArrayBuffer or a view/);
  throws(() => prepare('a', { compres: true } as never), /compres: there is no such option; did you mean compress\?/);
  throws(() => prepare(message as never), /a string, an ArrayBuffer or a view/);
  throws(() => open('server').sendFragment(message as never, true), /a string, an ArrayBuffer or a view/);
});

test('a prepared message longer than fragmentSize is cut like any other message', () => {
  const bytes = new Uint8Array(12_000).map((_, at) => at);
  const message = prepare(bytes);
  for (const role of ['server', 'client'] as const) {
    for (const fragmentSize of [5000, 11_999, 12_000]) {
      const [one, other] = [open(role, { fragmentSize }), open(role, { fragmentSize })];
      one.send(message);
      other.send(bytes);
      assert.is(toHex(drain(one)), toHex(drain(other)));
    }
  }
});

test('reader-too-slow drops queued prepared messages, but completes one that was transmitted in part', () => {
  const message = prepare('Hello');
  const connection = open('server');
  for (let n = 0; n < 3; n++) connection.send(message);
  const begun = connection.transmit(undefined, 3) as Uint8Array;
  connection.fail('reader-too-slow');
  const wire = concat(begun, drain(connection));
  assert.is(toHex(wire).slice(0, 26), '81 05 48 65 6c 6c 6f 88 11');
});

test('maxQueuedBytes of a connection is what its options say, or 16 MiB', () => {
  assert.is(open('server').maxQueuedBytes, 16 * 1024 * 1024);
  assert.is(open('client', { maxQueuedBytes: 5 }).maxQueuedBytes, 5);
});

test('sendAtOnce returns the frame where nothing waits, and counts it as transmitted', () => {
  const message = prepare('Hello');
  const [one, other] = [open('server', { idleTimeout: Infinity, stallTimeout: 1000 }), open('server')];
  one.written(0, 0);
  const frame = one.sendAtOnce(message, 5) as Uint8Array;
  assert.is(toHex(frame), '81 05 48 65 6c 6c 6f');
  assert.equal([one.queuedBytes, one.statistics.bytesSent, one.statistics.messagesSent], [0, 7, 1]);
  assert.is(one.transmit(), undefined);
  // It has not been written yet, so the stall deadline runs.
  assert.is(one.deadline, 1005);
  one.written(7, 6);
  assert.is(one.deadline, Infinity);
  other.send(message);
  assert.is(other.transmit(), frame, 'it is the memory that transmit returns');
});

test('sendAtOnce queues a message that cannot leave next, or not as it is', () => {
  const message = prepare('Hello');
  const behind = open('server');
  behind.send('a');
  // One answer more than a batch of them has room for, and the batch has left.
  const held = open('server');
  held.receive(Uint8Array.from({ length: 6 * 2049 }, (_, at) => [0x89, 0x80, 0, 0, 0, 0][at % 6] as number));
  for (const _ of held);
  held.transmit(undefined, 4096);
  const cases = [behind, held, open('client'), open('server', { fragmentSize: 4 })];
  for (const connection of cases) {
    const { queuedBytes } = connection;
    assert.is(connection.sendAtOnce(message), undefined);
    assert.ok(connection.queuedBytes > queuedBytes + message.length);
    assert.is(connection.statistics.messagesSent, connection === behind ? 2 : 1);
  }
});

test('sendAtOnce throws what send throws, and nothing is sent', () => {
  const message = prepare('Hello');
  const rule = (name: string) => (error: Error) => error instanceof StateError && error.rule === name;
  const connection = open('server', { maxQueuedBytes: 4 });
  throws(
    () => connection.sendAtOnce('a' as never),
    /^message: a prepared message, as prepare\(\) returns it, not "a" \(a string\)/,
  );
  connection.sendFragment('a', false);
  drain(connection);
  assert.throws(() => connection.sendAtOnce(message), rule('message-in-progress'));
  connection.sendFragment('bcd', true);
  assert.throws(() => connection.sendAtOnce(message), rule('queue-full'));
  drain(connection);
  assert.is(connection.statistics.messagesSent, 1);
  connection.close();
  assert.throws(() => connection.sendAtOnce(message), rule('not-open'));
});

if (transfer !== undefined) {
  test('a connection whose queued prepared message was transferred fails with loan-changed and sends no part of it', () => {
    const message = prepare(new Uint8Array(5000));
    const [one, other] = [open('server'), open('server')];
    one.send(message);
    other.send(message);
    transfer?.(one.transmit() as Uint8Array);
    assert.is(toHex(drain(other)).slice(0, 5), '88 0e');
    const [fail] = other;
    assert.is(fail?.type === 'fail' && fail.error.rule, 'loan-changed');
  });
}

test.run();
