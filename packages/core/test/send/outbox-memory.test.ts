// How long transmitted bytes, and those that wait, stay in memory.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage } from '../garbage.ts';
import { hex } from '../support.ts';
import { bytes, client, server } from './tools.ts';

const outbox = suite('memory of an outbox');

outbox('a long frame is released when it has been transmitted', async () => {
  const from = client();
  const transmit = (): WeakRef<ArrayBufferLike> => {
    from.message(bytes(100_000));
    return new WeakRef((from.transmit() ?? hex('')).buffer);
  };
  const memory = transmit();
  await collectGarbage();
  assert.is(memory.deref(), undefined);
  assert.is(from.transmit(), undefined);
});

outbox('10.4: transmitted parts are released even if something always waits after them', async () => {
  const from = server();
  const transmitted: WeakRef<Uint8Array>[] = [];
  from.message(bytes(4096), undefined, true);
  for (let i = 0; i < 500; i++) {
    from.message(bytes(4096), undefined, true);
    // The header, and after it the payload by reference.
    for (const out of [from.transmit(), from.transmit()]) transmitted.push(new WeakRef(out as Uint8Array));
  }
  await collectGarbage();
  assert.ok(from.queuedBytes > 4096, 'something waits');
  const kept = transmitted.filter((out) => out.deref() !== undefined).length;
  assert.ok(kept < 20, `${kept} of ${transmitted.length} pieces are kept`);
});

outbox('10.4: texts that wait occupy about their length in bytes', () => {
  const from = server();
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 8; i++) from.message('a'.repeat(100_000));
  for (let out = from.transmit(); out !== undefined; out = from.transmit()) buffers.add(out.buffer);
  const kept = [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  assert.ok(kept < 1.5 * 8 * 100_000, `${kept} bytes are kept`);
});

outbox('when a loan ends, the outbox copies only those of its bytes that have not been transmitted', () => {
  for (const [first, rest] of [
    [3, 100_000],
    [10, 100_000],
    [90_010, 10_000],
    [100_009, 1],
  ] as const) {
    const from = server();
    const payload = bytes(100_000);
    from.message(payload, undefined, true);
    for (let left = first; left > 0; ) left -= from.transmit(left)?.length ?? Infinity;
    from.endLoans();
    // Once is enough.
    from.endLoans();
    const expected = payload.slice(-rest);
    payload.fill(0);
    let out = from.transmit() as Uint8Array;
    // What is left of the header.
    if (first < 10) out = from.transmit() as Uint8Array;
    assert.is(out.buffer.byteLength, rest);
    assert.equal(out, expected);
    assert.is(from.queuedBytes, 0);
  }
});

outbox.run();
