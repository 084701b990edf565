// 5.4, 6.1: which frames a message or a fragment becomes, and in what order they leave.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveOptions } from '../../src/connection/resolved-options.ts';
import { Opcode } from '../../src/frame/header.ts';
import { StateError } from '../../src/rules.ts';
import { Sender } from '../../src/send/sender.ts';
import { decodeFrames } from '../reference.ts';
import { concat, decodeStrictly, equalBytes, hex, toHex } from '../support.ts';
import { bytes, client, frames, parts, random, sent, server, take } from './tools.ts';

const sender = suite('sender');

sender('5.7 the examples of the RFC are sent byte for byte', () => {
  const plain = server();
  plain.message('Hello');
  assert.is(sent(plain), '81 05 48 65 6c 6c 6f');

  const masked = client();
  masked.message('Hello');
  assert.is(sent(masked), '81 85 37 fa 21 3d 7f 9f 4d 51 58');

  plain.fragment('Hel', false);
  plain.fragment('lo', true);
  assert.is(sent(plain), '01 03 48 65 6c 80 02 6c 6f');

  plain.control(Opcode.Ping, hex('48 65 6c 6c 6f'));
  assert.is(sent(plain), '89 05 48 65 6c 6c 6f');

  masked.pong(hex('48 65 6c 6c 6f'));
  assert.is(sent(masked), '8a 85 37 fa 21 3d 7f 9f 4d 51 58');

  plain.message(bytes(256));
  assert.is(sent(plain), `82 7e 01 00 ${toHex(bytes(256))}`);

  plain.message(bytes(65536));
  assert.is(sent(plain), `82 7f 00 00 00 00 00 01 00 00 ${toHex(bytes(65536))}`);
});

sender('at first nothing waits', () => {
  assert.equal([server().transmit(), server().queuedBytes], [undefined, 0]);
});

sender('6.1 frames leave in order, and short ones together in one part', () => {
  const from = server();
  from.message('a');
  from.control(Opcode.Ping, hex('01'));
  from.message(hex('02 03'));
  from.close(hex('03 e8'));
  assert.is(from.queuedBytes, 14);
  assert.is(toHex(from.transmit() ?? hex('')), '81 01 61 89 01 01 82 02 02 03 88 02 03 e8');
  assert.is(from.transmit(), undefined);
});

sender('5.4 the first fragment has the type, the last is final, and control frames may come between them', () => {
  const from = server();
  from.fragment(hex('01'), false);
  from.control(Opcode.Ping, hex(''));
  from.fragment(hex(''), false);
  from.fragment(hex('02 03'), true);
  from.message('a');
  from.fragment('b', true);
  from.fragment('', false);
  from.fragment('', true);
  assert.is(sent(from), '02 01 01 89 00 00 00 80 02 02 03 81 01 61 81 01 62 01 00 80 00');
});

sender('5.4 a message cannot begin between the fragments of another', () => {
  const from = server();
  from.fragment('a', false);
  for (const data of ['b', hex('62')]) {
    assert.throws(
      () => from.message(data),
      (error: Error) => error instanceof StateError && error.rule === 'message-in-progress',
    );
  }
  from.fragment('c', true);
  from.message('d');
  assert.is(sent(from), '01 01 61 80 01 63 81 01 64');
});

sender('5.4 the fragments of a message must be of one type', () => {
  for (const [first, other] of [
    ['a', hex('62')],
    [hex('61'), 'b'],
  ] as const) {
    const from = server();
    from.fragment(first, false);
    assert.throws(
      () => from.fragment(other, true),
      (error: Error) =>
        error instanceof TypeError &&
        error.message.includes('all text (strings, or bytes with the option text) or all binary'),
    );
    from.fragment(first, true);
    assert.is(frames(from).length, 2);
  }
});

sender('5.4 a fragment that ends with U+D7FF or U+E000, the neighbours of the surrogates, is sent whole', () => {
  const from = server();
  for (const last of ['\ud7ff', '\ue000']) {
    from.fragment(last, false);
    from.fragment('', true);
  }
  assert.is(sent(from), '01 03 ed 9f bf 80 00 01 03 ee 80 80 80 00');
});

sender('5.4 a surrogate pair across two fragments is sent with the second', () => {
  const from = server();
  from.fragment('a\ud83d', false);
  from.fragment('\udc2fb', true);
  assert.is(sent(from), '01 01 61 80 05 f0 9f 90 af 62');

  from.fragment('\ud800', false);
  from.fragment('\udc00\udbff', false);
  from.fragment('\udfff', true);
  assert.is(sent(from), '01 00 00 04 f0 90 80 80 80 04 f4 8f bf bf');

  from.fragment('\ud800\udc00', false);
  assert.is(sent(from), '01 04 f0 90 80 80');
  from.fragment('', true);
  assert.is(sent(from), '80 00');

  from.fragment('\ud83d', false);
  from.fragment('', false);
  from.fragment('\udc2f', false);
  from.fragment('', true);
  assert.is(sent(from), '01 00 00 00 00 04 f0 9f 90 af 80 00');
});

sender('5.4 a fragment that could not be sent can be sent again, even after half a surrogate pair', () => {
  let broken = true;
  const from = client({
    random: (bytes) => {
      if (broken) throw new RangeError('no entropy');
      bytes.fill(0);
    },
  });
  assert.throws(() => from.fragment('a\ud83d', false), /no entropy/);
  broken = false;
  from.fragment('a\ud83d', false);
  from.fragment('\ude00', true);
  const { frames } = decodeFrames(take(from));
  assert.is(frames.map(({ payload }) => decodeStrictly(payload)).join(''), 'a😀');
});

sender('5.4 half a surrogate pair at the end of a message is sent as U+FFFD', () => {
  const from = server();
  from.fragment('\ud83d', false);
  from.fragment('a\ud83d', false);
  from.fragment('', true);
  from.fragment('\udc2f', false);
  from.fragment('\ud83d', true);
  from.message('b');
  assert.is(sent(from), '01 00 00 04 ef bf bd 61 80 03 ef bf bd 01 03 ef bf bd 80 03 ef bf bd 81 01 62');
});

sender('5.4 longer messages are sent in fragments of fragmentSize', () => {
  const from = server({ fragmentSize: 3 });
  from.message(hex('01 02 03'));
  assert.is(sent(from), '82 03 01 02 03');
  from.message(hex('01 02 03 04'));
  assert.is(sent(from), '02 03 01 02 03 80 01 04');
  from.message(hex('01 02 03 04 05 06'));
  assert.is(sent(from), '02 03 01 02 03 80 03 04 05 06');
  from.message('');
  from.message('Hello');
  assert.is(sent(from), '81 00 01 03 48 65 6c 80 02 6c 6f');
  // A text is cut wherever its bytes are.
  from.message('🐯');
  assert.is(sent(from), '01 03 f0 9f 90 80 01 af');
});

sender('5.4 fragments of the application are divided further, and only the last is final', () => {
  const from = server({ fragmentSize: 2 });
  from.fragment('abc', false);
  from.fragment('', false);
  from.fragment('defgh', true);
  assert.is(sent(from), '01 02 61 62 00 01 63 00 00 00 02 64 65 00 02 66 67 80 01 68');
});

sender('5.4 divided messages are masked frame by frame, and long fragments can be borrowed', () => {
  const masked = client({ fragmentSize: 2 });
  masked.message('abc');
  assert.is(sent(masked), '01 82 37 fa 21 3d 56 98 80 81 37 fa 21 3d 54');

  const payload = bytes(12_000);
  const from = server({ fragmentSize: 5000 });
  from.message(payload, undefined, true);
  const pieces = [...parts(from)];
  assert.equal(
    pieces.map(({ length }) => length),
    [4, 5000, 4, 5000, 4 + 2000],
  );
  assert.equal([pieces[1]?.buffer, pieces[3]?.byteOffset], [payload.buffer, 5000]);
  equalBytes(
    concat(...pieces),
    concat(
      ...[hex('02 7e 13 88'), payload.subarray(0, 5000)],
      ...[hex('00 7e 13 88'), payload.subarray(5000, 10_000)],
      ...[hex('80 7e 07 d0'), payload.subarray(10_000)],
    ),
  );
});

sender('a head leaves unchanged and in order', () => {
  const from = server();
  from.message('a');
  from.head('HTTP');
  from.message('b');
  assert.is(from.queuedBytes, 10);
  assert.is(sent(from), '81 01 61 48 54 54 50 81 01 62');
});

sender('5.1 a server does not mask', () => {
  const from = new Sender(resolveOptions({ random }), false);
  from.message('Hello');
  from.close(hex('03 e8'));
  assert.is(sent(from), '81 05 48 65 6c 6c 6f 88 02 03 e8');
});

sender('queuedBytes is exact after each step', () => {
  const from = client({ fragmentSize: 1000 });
  const steps: [act: () => void, more: number][] = [
    [() => from.message('é'), 6 + 2],
    [() => from.message(bytes(126)), 8 + 126],
    [() => from.message(bytes(2500)), 3 * 8 + 2500],
    [() => from.fragment('a\ud83d', false), 6 + 1],
    [() => from.fragment('\udc2f', true), 6 + 4],
    [() => from.pong(hex('01 02')), 6 + 2],
    [() => from.pong(hex('01 02 03')), 6 + 3],
    [() => from.head('HTTP/1.1 1'), 10],
    [() => from.close(hex('03 e8')), 6 + 2],
  ];
  let queued = 0;
  for (const [act, more] of steps) {
    act();
    queued += more;
    assert.is(from.queuedBytes, queued, String(act));
  }
  for (const piece of parts(from)) {
    queued -= piece.length;
    assert.is(from.queuedBytes, queued);
  }
  assert.is(queued, 0);
});

sender('more can be sent after everything has left, any number of times', () => {
  const from = server();
  for (let i = 0; i < 3000; i++) {
    from.message(i % 100 === 0 ? bytes(30_000) : 'a'.repeat(i % 50));
    assert.is(frames(from).length, 1);
  }
});

sender.run();
