// RFC 7692: prepared messages are compressed once for all connections without context takeover.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import type { MessageTransform } from '../../src/deflate/extension.ts';
import { permessageDeflate } from '../../src/deflate/index.ts';
import { Connection, prepare } from '../../src/index.ts';
import { opened as plain } from '../connection/tools.ts';
import { transfer } from '../runtimes/ownership.ts';
import { drain, toHex } from '../support.ts';
import { counted } from './counted.ts';
import { NO_TAKEOVER, opened } from './tools.ts';

const test = suite('RFC 7692 prepared messages');

test('without context takeover a prepared message is compressed once for all servers and clients', () => {
  const counts = counted();
  const { engine } = counts;
  const message = prepare('Hello '.repeat(100));
  const setting = { agreement: NO_TAKEOVER, engine };
  const wires = (['server', 'server', 'client', 'client'] as const).map((role) => {
    const connection = opened(role, {}, setting);
    connection.send(message);
    connection.send(message);
    return toHex(drain(connection));
  });
  assert.is(counts.deflated, 1);
  assert.is(wires[0], wires[1]);
  assert.is(wires[2], wires[3]);
  assert.is(wires[0]?.slice(0, 2), 'c1');
  // Sending the text itself gives the same bytes.
  const other = opened('server', {}, setting);
  other.send('Hello '.repeat(100));
  other.send('Hello '.repeat(100));
  assert.is(toHex(drain(other)), wires[0]);
});

test('a prepared message is compressed once for each window, level, memLevel and engine', () => {
  const [one, other] = [counted(), counted()];
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
      const connection = opened('server', {}, setting);
      connection.send(message);
      drain(connection);
    }
  }
  assert.equal([one.deflated, other.deflated], [4, 1]);
});

test('with context takeover each connection compresses a prepared message itself', () => {
  const counts = counted();
  const { engine } = counts;
  const message = prepare('Hello '.repeat(100));
  for (const fragmentSize of [Infinity, 5]) {
    const [one, other] = [0, 1].map(() => opened('server', { fragmentSize }, { engine }));
    for (const data of ['Hello', message]) one?.send(data);
    for (const data of ['Hello', 'Hello '.repeat(100)]) other?.send(data);
    assert.is(toHex(drain(one as Connection)), toHex(drain(other as Connection)));
  }
  assert.is(counts.deflated, 8);
});

test('the option compress decides whether a prepared message is compressed, otherwise the threshold of the connection', () => {
  const setting = { agreement: NO_TAKEOVER, transform: { threshold: 4 } };
  const firstByte = (text: string, compress?: boolean): number | undefined => {
    const connection = opened('server', {}, setting);
    connection.send(prepare(text, { compress }));
    return drain(connection)[0];
  };
  assert.equal([firstByte('abc'), firstByte('abcd')], [0x81, 0xc1]);
  assert.equal([firstByte('abc', true), firstByte('abcd', false)], [0xc1, 0x81]);
  const connection = plain('server');
  connection.send(prepare('abc', { compress: true }));
  assert.is(drain(connection)[0], 0x81);
});

test('two extensions with the same parameters have the same recipe', () => {
  const recipe = (options = {}): object | undefined => {
    const extension = permessageDeflate(pako, options);
    return extension.accept([{ name: 'permessage-deflate', parameters: [] }])?.transform.recipe;
  };
  assert.is(recipe(), undefined);
  assert.ok(recipe({ serverNoContextTakeover: true }) !== undefined);
  assert.is(recipe({ serverNoContextTakeover: true }), recipe({ serverNoContextTakeover: true }));
});

test('sendAtOnce returns the compressed frame, but not in the middle of what an extension sends while it compresses', () => {
  const message = prepare('Hello '.repeat(100));
  const recipe = {};
  let interrupt = (): void => undefined;
  const transform: MessageTransform = {
    ...{ recipe, wants: (length) => length > 100, write: () => undefined, read: () => undefined, drained: true },
    ...{ finish: () => undefined, close: () => undefined },
    compress() {
      interrupt();
      return Uint8Array.of(7, 8);
    },
  };
  const open = (): Connection => Connection.opened('server', { transform }, { heartbeat: false });
  const connection = open();
  interrupt = () => {
    connection.send('own');
    connection.transmit(undefined, 2);
  };
  assert.is(connection.sendAtOnce(message), undefined);
  assert.is(toHex(drain(connection)), '6f 77 6e c1 02 07 08');
  assert.is(toHex(open().sendAtOnce(message) ?? new Uint8Array(0)), 'c1 02 07 08');
});

if (transfer !== undefined) {
  test('sending a prepared message whose memory was transferred throws, and the connection stays usable', () => {
    for (const setting of [{ agreement: NO_TAKEOVER }, { transform: { threshold: 1000 } }, {}]) {
      const message = prepare('Hello');
      const connection = opened('server', {}, { ...setting });
      connection.send(message);
      const part = connection.transmit() as Uint8Array;
      transfer?.(part);
      if (setting.agreement === undefined && setting.transform === undefined) {
        // Compressed with what came before: the part was the connection's own.
        connection.send(message);
        continue;
      }
      assert.throws(
        () => connection.send(message),
        /transferred. Connections share the bytes that transmit\(\) returns for it/,
      );
      connection.send('a');
      assert.is(connection.state, 'open');
      assert.ok(connection.queuedBytes > 0);
    }
  });
}

test.run();
