// Clocks: the option, and by default the functions that the host had when the adapter was loaded.

import { VirtualClock } from '@sockless/adapter/testing';
import * as assert from 'uvu/assert';
import type { Clock } from '../src/index.ts';
import { openServer } from './raw.ts';
import { deferred, suite, thrown, until } from './support.ts';

const test = suite('clock');

test('fake timers in place of the global functions neither silence a connection nor stop a deadline', async (bench) => {
  const { client, server } = await bench.pair({
    server: { message: (ws, data) => ws.send(data) },
    serverOptions: { heartbeat: { interval: 20, timeout: 1000 } },
  });
  let got = 0;
  const pinged = bench.connect(await openServer(bench, () => undefined), {}, { heartbeat: false, idleTimeout: 30 });
  await pinged.opened;
  const real = { ...globalThis, performance: performance.now };
  const { setTimeout, clearTimeout, setImmediate, queueMicrotask } = globalThis;
  const nothing = (): void => undefined;
  Object.assign(globalThis, {
    setTimeout: nothing,
    clearTimeout: nothing,
    setImmediate: nothing,
    queueMicrotask: nothing,
  });
  performance.now = () => 0;
  try {
    client.send('hello');
    server.ping();
    await Promise.resolve();
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout, setImmediate, queueMicrotask });
    performance.now = real.performance;
  }
  client.send('again');
  server.send('hello');
  await until(() => client.queuedBytes === 0 && server.queuedBytes === 0);
  await until(() => pinged.state === 'closed');
  got++;
  assert.equal([got, client.state, server.state], [1, 'open', 'open']);
});

test('the delay of a reconnecting client uses its clock', async (bench) => {
  const clock = new VirtualClock();
  let connections = 0;
  const url = await openServer(bench, (wire) => {
    if (connections++ === 0) wire.socket.resetAndDestroy();
  });
  const reconnect = { base: 60_000, cap: 60_000 };
  const lost = deferred<void>();
  const end = (): void => lost.resolve();
  const ws = bench.connect(url, { end }, { clock, reconnect, random: (bytes) => void bytes.fill(255) });
  await lost.promise;
  clock.advance(59_000);
  assert.is(ws.state, 'connecting');
  clock.advance(1001);
  await until(() => ws.state === 'open');
  assert.is(connections, 2);
});

for (const name of ['now', 'setTimeout', 'clearTimeout', 'queueMicrotask'] as const) {
  test(`a clock without ${name} is refused`, (bench) => {
    const clock: Partial<Clock> = {
      now: () => 0,
      setTimeout: () => ({}),
      clearTimeout: () => undefined,
      queueMicrotask,
    };
    Object.assign(clock, { [name]: undefined });
    const error = thrown(TypeError, () => bench.connect('ws://localhost', {}, { clock: clock as Clock }));
    assert.match(error.message, new RegExp(`clock.*${name}`));
  });
}

test.run();
