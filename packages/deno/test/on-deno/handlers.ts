/** The handlers of a connection: where their errors go, and in which context they run. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { VirtualClock } from '@sockless/adapter/testing';
import * as assert from 'uvu/assert';
import { bytes, end, frame, opened, settled, throwIt } from './fake-conn.ts';

const BINARY = 2;

Deno.test('an error of a handler goes to `error`, not to the process', async () => {
  const stray: unknown[] = [];
  const onStray = (event: ErrorEvent | PromiseRejectionEvent): void => {
    event.preventDefault();
    stray.push(event);
  };
  addEventListener('error', onStray);
  addEventListener('unhandledrejection', onStray);
  const fault = new Error('of the handler');
  for (const message of [() => Promise.reject(fault), () => throwIt(fault)]) {
    const errors: unknown[] = [];
    const { conn, ws } = opened({ message, error: (of, error) => void errors.push(of, error) });
    await conn.arrive(Uint8Array.from([...frame(BINARY, bytes(1)), ...frame(BINARY, bytes(2))]));
    assert.is(errors[0], ws);
    assert.ok(errors.every((it) => it === ws || it === fault));
    assert.equal([ws.state, ...conn.bytes.subarray(0, 4)], ['closing', 0x88, 16, 1011 >> 8, 1011 & 255]);
    await end(conn, ws);
  }
  await settled();
  removeEventListener('error', onStray);
  removeEventListener('unhandledrejection', onStray);
  assert.equal(stray, []);
});

Deno.test('handlers run in the context in which the connection was made, whatever triggers them', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: string[] = [];
  const note = (name: string) => (): void => void seen.push(`${name} in ${storage.getStore()}`);
  const handlers = Object.fromEntries(['open', 'message', 'drain', 'close', 'end'].map((name) => [name, note(name)]));
  const { conn, ws } = storage.run('its own', () => opened(handlers));
  const go = Promise.withResolvers<void>();
  await storage.run('another', async () => {
    conn.go = go.promise;
    ws.pause();
    ws.send(bytes(70_000));
    await settled();
    ws.resume();
    await settled();
    go.resolve();
    await settled();
    await conn.arrive(frame(BINARY, bytes(1)));
    await conn.arrive(frame(8, Uint8Array.of(3, 232)));
    await conn.arrive(null);
  });
  await ws.closed;
  assert.equal(
    seen,
    ['open', 'drain', 'message', 'close', 'end'].map((name) => `${name} in its own`),
  );
});

Deno.test('deadlines run handlers in the context of their connection', async () => {
  const storage = new AsyncLocalStorage<number>();
  const clock = new VirtualClock();
  const seen: unknown[] = [];
  const fail = (): void => void seen.push(storage.getStore());
  for (const time of [100, 110, 300]) {
    storage.run(time, () => opened({ fail }, { clock, idleTimeout: time, heartbeat: false }));
  }
  storage.run(0, () => clock.advance(400));
  await settled();
  await settled();
  assert.equal(seen, [100, 110, 300]);
});
