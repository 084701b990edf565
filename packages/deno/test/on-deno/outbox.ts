/** Writes to the operating system: in parts that are worth a call each, and without copies of long ones. */
import * as assert from 'uvu/assert';
import { bytes, end, opened, settled } from './fake-conn.ts';

Deno.test('a payload is written with its header, at most 256 KiB at a time', async () => {
  for (const [length, writes] of [
    [4096, [4100]],
    [16_380, [16_384]],
    [50_000, [50_004]],
    [300_000, [262_144, 37_866]],
  ] as const) {
    const { conn, ws } = opened();
    ws.send(bytes(length));
    await settled();
    assert.equal(
      conn.written.map((it) => it.length),
      writes,
    );
    assert.equal(conn.bytes.subarray(-length), bytes(length));
    await end(conn, ws);
  }
});

Deno.test('a long lent payload is written without a copy, whatever waits behind it', async () => {
  const { conn, ws } = opened();
  const payload = bytes(300_000);
  ws.send(payload, { lend: true });
  ws.send('behind it');
  await ws.written;
  const lent = conn.handed.filter(({ buffer }) => buffer === payload.buffer);
  assert.ok(
    lent.length >= 1 && lent.reduce((sum, { length }) => sum + length, 0) >= 262_144,
    JSON.stringify(lent.map(({ length }) => length)),
  );
  assert.is(conn.bytes.length, 10 + payload.length + 2 + 9);
  ws.terminate();
});

Deno.test('at most 16 KiB are joined', async () => {
  const { conn, ws } = opened();
  ws.send(bytes(10_000), { lend: true });
  ws.send(bytes(30_000), { lend: true });
  await ws.written;
  assert.is(conn.handed[0]?.length, 16_384, String(conn.handed.map(({ length }) => length)));
  assert.is(conn.bytes.length, 40_008);
  ws.terminate();
});

Deno.test('joined bytes have a buffer of their own, exactly as long', async () => {
  const pairs = [opened(), opened()];
  for (const { conn, ws } of pairs) {
    conn.go = new Promise(() => undefined);
    ws.send(bytes(5000));
    ws.send(bytes(6000));
  }
  await settled();
  const handed = pairs.map(({ conn }) => conn.handed[0] as Uint8Array);
  for (const it of handed) assert.equal([it.length, it.byteOffset, it.buffer.byteLength], [11_008, 0, 11_008]);
  assert.is.not(handed[0]?.buffer, handed[1]?.buffer);
  for (const { conn, ws } of pairs) await end(conn, ws);
});
