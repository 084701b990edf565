// Messages that are encoded once: whose their bytes are, what connections share of them, and how they are compressed.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { type DeflateEngine, permessageDeflate } from '../../src/deflate/index.ts';
import { Connection, PreparedMessage, prepare, StateError } from '../../src/index.ts';
import { opened as compressing, NO_TAKEOVER } from '../deflate/tools.ts';
import { transfer } from '../runtimes/ownership.ts';
import { concat, drain, hex, toHex, ZEROS } from '../support.ts';

const test = suite('prepared messages');

const open = (role: 'client' | 'server', options = {}): Connection => {
  const connection = Connection.opened(role, {}, { heartbeat: false, random: ZEROS, ...options });
  connection.poll();
  return connection;
};

const throws = (call: () => unknown, message: RegExp): void => {
  try {
    call();
  } catch (error) {
    assert.instance(error, TypeError);
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`no error: ${message}`);
};

/** An engine that counts what it compresses. */
function counting(): { engine: DeflateEngine; count: () => number } {
  let count = 0;
  const engine: DeflateEngine = {
    createInflater: (options) => pako.createInflater(options),
    createDeflater(options) {
      const deflater = pako.createDeflater(options);
      return {
        deflate(data) {
          count++;
          return deflater.deflate(data);
        },
        reset: () => deflater.reset(),
        close: () => deflater.close(),
      };
    },
  };
  return { engine, count: () => count };
}

test('says what it is, and how long', () => {
  const facts = ({ type, length }: PreparedMessage): unknown => [type, length];
  assert.equal(facts(prepare('a€')), ['text', 4]);
  assert.equal(facts(prepare(hex('01 02'))), ['binary', 2]);
  assert.equal(facts(prepare(hex('61'), { text: true })), ['text', 1]);
  assert.equal(facts(prepare(new ArrayBuffer(3))), ['binary', 3]);
  assert.equal(facts(prepare('')), ['text', 0]);
  assert.instance(prepare(''), PreparedMessage);
});

test('servers send it as it is, clients masked', () => {
  const message = prepare('Hello');
  const server = open('server');
  server.send(message);
  assert.is(toHex(drain(server)), '81 05 48 65 6c 6c 6f');
  const client = open('client');
  client.send(message);
  assert.is(toHex(drain(client)), '81 85 00 00 00 00 48 65 6c 6c 6f');
});

test('two servers transmit the same memory, which is alone in its buffer and exactly as long', () => {
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

test('a short one joins what waits before it; a long one leaves as it is', () => {
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

test('nextIsShared tells whether the next part is made for many', () => {
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

test('transmitInto copies it, and counts', () => {
  const connection = open('server');
  connection.send(prepare('Hello'));
  const into = new Uint8Array(10);
  assert.is(connection.transmitInto(into), 7);
  assert.is(toHex(into), '81 05 48 65 6c 6c 6f 00 00 00');
  assert.equal([connection.statistics.bytesSent, connection.queuedBytes], [7, 0]);
});

test('it leaves in parts where the transport takes no more', () => {
  const connection = open('server');
  connection.send(prepare('Hello'));
  const parts = [3, 3, 3].map((max) => connection.transmit(undefined, max));
  assert.equal(
    parts.map((part) => part && toHex(part)),
    ['81 05 48', '65 6c 6c', '6f'],
  );
});

test('what was prepared is a copy: what becomes of the bytes afterwards shows nowhere', () => {
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

test('a short and a long text, ASCII or not, lone surrogates too', () => {
  for (const text of ['é', '€'.repeat(40), 'a'.repeat(5000), `${'換'.repeat(3000)}\ud83d`, '\udc2f🐯']) {
    const connection = open('server');
    connection.send(prepare(text));
    const prepared = toHex(drain(connection));
    connection.send(text);
    assert.is(prepared, toHex(drain(connection)));
  }
});

test('bytes that are to be text are UTF-8, and nothing else', () => {
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

test('fragments that are text may be cut inside of a character; the message may not end there', () => {
  const connection = open('server');
  const text = { text: true };
  connection.sendFragment(hex('61 e2'), false, text);
  throws(() => connection.sendFragment('b', false), /only bytes can complete/);
  throws(() => connection.sendFragment(hex('82'), true, text), /at their end, inside of a character/);
  throws(() => connection.sendFragment(hex('82 ac'), true), /all strings or all bytes/);
  connection.sendFragment(hex('82 ac'), false, text);
  connection.sendFragment('b\ud83d', false);
  throws(() => connection.sendFragment(hex('62'), false, text), /only a string can complete/);
  connection.sendFragment('\udc2f', false);
  connection.sendFragment(hex('63'), true, text);
  assert.is(toHex(drain(connection)), '01 02 61 e2 00 02 82 ac 00 01 62 00 04 f0 9f 90 af 80 01 63');
});

test('a Close frame ends a text that was cut inside of a character', () => {
  const connection = open('client');
  connection.sendFragment(hex('e2'), false, { text: true });
  connection.close();
  assert.is(toHex(drain(connection)), '01 81 00 00 00 00 e2 88 80 00 00 00 00');
});

test('not between the fragments of a message, and not when nothing can be sent: nothing changes', () => {
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

test('misuse says what to do instead', () => {
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

test('longer than fragmentSize: each connection cuts it as it does others', () => {
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

test('without context takeover it is compressed once for all servers and clients', () => {
  const { engine, count } = counting();
  const message = prepare('Hello '.repeat(100));
  const setting = { agreement: NO_TAKEOVER, engine };
  const wires = (['server', 'server', 'client', 'client'] as const).map((role) => {
    const connection = compressing(role, {}, setting);
    connection.send(message);
    connection.send(message);
    return toHex(drain(connection));
  });
  assert.is(count(), 1);
  assert.is(wires[0], wires[1]);
  assert.is(wires[2], wires[3]);
  assert.is(wires[0]?.slice(0, 2), 'c1');
  // Whoever sends the text itself sends the same bytes.
  const other = compressing('server', {}, setting);
  other.send('Hello '.repeat(100));
  other.send('Hello '.repeat(100));
  assert.is(toHex(drain(other)), wires[0]);
});

test('other windows, levels and engines have frames of their own', () => {
  const [one, other] = [counting(), counting()];
  const message = prepare('Hello '.repeat(100));
  const settings = [
    { agreement: NO_TAKEOVER, engine: one.engine },
    { agreement: { ...NO_TAKEOVER, serverMaxWindowBits: 9 }, engine: one.engine },
    { agreement: NO_TAKEOVER, engine: one.engine, transform: { level: 1 } },
    { agreement: NO_TAKEOVER, engine: one.engine, transform: { memLevel: 1 } },
    { agreement: NO_TAKEOVER, engine: other.engine },
  ];
  for (let round = 0; round < 2; round++) {
    for (const setting of settings) {
      const connection = compressing('server', {}, setting);
      connection.send(message);
      drain(connection);
    }
  }
  assert.equal([one.count(), other.count()], [4, 1]);
});

test('with context takeover each connection compresses it, since what it becomes depends on what came before', () => {
  const { engine, count } = counting();
  const message = prepare('Hello '.repeat(100));
  for (const fragmentSize of [Infinity, 5]) {
    const [one, other] = [0, 1].map(() => compressing('server', { fragmentSize }, { engine }));
    for (const data of ['Hello', message]) one?.send(data);
    for (const data of ['Hello', 'Hello '.repeat(100)]) other?.send(data);
    assert.is(toHex(drain(one as Connection)), toHex(drain(other as Connection)));
  }
  assert.is(count(), 8);
});

test('compress, or else the threshold of each connection, decides', () => {
  const setting = { agreement: NO_TAKEOVER, transform: { threshold: 4 } };
  const firstByte = (text: string, compress?: boolean): number | undefined => {
    const connection = compressing('server', {}, setting);
    connection.send(prepare(text, { compress }));
    return drain(connection)[0];
  };
  assert.equal([firstByte('abc'), firstByte('abcd')], [0x81, 0xc1]);
  assert.equal([firstByte('abc', true), firstByte('abcd', false)], [0xc1, 0x81]);
  const connection = open('server');
  connection.send(prepare('abc', { compress: true }));
  assert.is(drain(connection)[0], 0x81);
});

test('extensions of one server and of another agree on the recipe', () => {
  const recipe = (options = {}): object | undefined => {
    const extension = permessageDeflate(pako, options);
    return extension.accept([{ name: 'permessage-deflate', parameters: [] }])?.transform.recipe;
  };
  assert.is(recipe(), undefined);
  assert.ok(recipe({ serverNoContextTakeover: true }) !== undefined);
  assert.is(recipe({ serverNoContextTakeover: true }), recipe({ serverNoContextTakeover: true }));
});

if (transfer !== undefined) {
  test('whoever transfers what it transmitted is told so at the next send, and that connection does not suffer', () => {
    for (const setting of [{ agreement: NO_TAKEOVER }, { transform: { threshold: 1000 } }, {}]) {
      const message = prepare('Hello');
      const connection = compressing('server', {}, { ...setting });
      connection.send(message);
      const part = connection.transmit() as Uint8Array;
      transfer?.(part);
      if (setting.agreement === undefined && setting.transform === undefined) {
        // Compressed with what came before: the part was the connection's own.
        connection.send(message);
        continue;
      }
      throws(() => connection.send(message), /transferred: whoever transmits them may only read them/);
      connection.send('a');
      assert.is(connection.state, 'open');
      assert.ok(connection.queuedBytes > 0);
    }
  });

  test('transferred while it waits elsewhere: that connection fails with loan-changed, and sends no half of a frame', () => {
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

test('reader-too-slow drops it like others, but not what has begun to leave', () => {
  const message = prepare('Hello');
  const connection = open('server');
  for (let n = 0; n < 3; n++) connection.send(message);
  const begun = connection.transmit(undefined, 3) as Uint8Array;
  connection.fail('reader-too-slow');
  const wire = concat(begun, drain(connection));
  assert.is(toHex(wire).slice(0, 26), '81 05 48 65 6c 6c 6f 88 11');
});

test('maxQueuedBytes is told', () => {
  assert.is(open('server').maxQueuedBytes, 16 * 1024 * 1024);
  assert.is(open('client', { maxQueuedBytes: 5 }).maxQueuedBytes, 5);
});

test.run();
