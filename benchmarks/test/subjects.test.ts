import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../packages/core/test/budget.ts';
import { knowsLoans, LOAN, type Sending } from '../src/loan.ts';
import { exponent } from '../src/net/fit.ts';
import * as servers from '../src/net/server-programs.ts';
import { cost, Station } from '../src/net/station.ts';
import { suite as broadcastSuite } from '../src/suites/broadcast.ts';
import { suite as connectSuite } from '../src/suites/connect.ts';
import { suite as echoSuite } from '../src/suites/echo.ts';
import { heartbeatCost, suite as heartbeatSuite } from '../src/suites/heartbeat.ts';
import { costs, suite as idleSuite } from '../src/suites/idle.ts';
import { suite as latencySuite } from '../src/suites/latency.ts';

const subjects = suite('subjects');

subjects('a runtime that is not installed is reported as missing, with the reason', () => {
  assert.match(
    String(
      servers.native('bun', { name: 'bun', parent: 'bun', packages: ['@oven/none'], file: 'bin/bun' }, ['bun.ts'])
        .missing,
    ),
    /@oven\/none/,
  );
  assert.match(
    String(
      servers.native('none', { name: 'none', parent: 'none', packages: ['@none/none'], file: 'none' }, ['bun.ts'])
        .missing,
    ),
    /@none\/none/,
  );
});

subjects('every suite has sockless, and names are unique', () => {
  const suites = [echoSuite, latencySuite, broadcastSuite, connectSuite, idleSuite, heartbeatSuite];
  for (const { name, ours, peers, cases } of suites) {
    assert.ok(ours[0]?.name.startsWith('sockless'), name);
    const names = [...ours, ...peers].map((each) => each.name);
    assert.is(new Set(names).size, names.length, name);
    assert.is(new Set(cases.map((each) => each.name)).size, cases.length, name);
    // Tails need long measurements.
    assert.is(
      cases.some(({ slow }) => !slow),
      name !== 'latency',
    );
  }
});

subjects('lending is measured only with a build that copies by default and borrows when told to lend', async () => {
  const core = (copies: (options: unknown) => boolean): Promise<Sending> => {
    let sent: Uint8Array[] = [];
    const connection = {
      send: (data: Uint8Array, options?: unknown): void => {
        sent = [Uint8Array.of(0x82), copies(options) ? data.slice() : data];
      },
      transmit: () => sent.shift(),
    };
    return Promise.resolve({ Connection: { opened: () => connection } });
  };
  const refusing = (options: unknown): boolean => {
    if (options !== undefined) throw new TypeError('an unknown option');
    return true;
  };
  assert.is(await knowsLoans(core((options) => options !== LOAN)), true);
  assert.is(await knowsLoans(core(() => true)), false, 'the option is ignored');
  assert.is(await knowsLoans(core(() => false)), false, 'nothing is ever copied');
  assert.is(await knowsLoans(core(refusing)), false);
});

subjects('an echo costs time', async () => {
  const runner = await echoSuite.ours[0]?.start();
  try {
    const { cost: time, processor } = (await runner?.measure('16 B, 1 × 64', 20)) ?? {};
    assert.ok(Number(time) > 0 && Number(processor) >= 0);
    assert.ok(Number.isNaN((await runner?.measure('no such case', 20))?.cost));
  } finally {
    await runner?.stop();
  }
});

subjects('a handshake costs time', async () => {
  const station = await Station.start(servers.SERVE);
  try {
    assert.ok(cost(await station.load({ type: 'connect', concurrency: 4, milliseconds: 20 })) > 0);
  } finally {
    await station.stop();
  }
});

subjects('an idle connection costs memory', async () => {
  // At least as many as in a run of the suite: a hundred connections can cost less than the warm-up left behind.
  const { heap, heapAndBuffers, resident } = await costs(servers.SERVE, 1000);
  assert.ok(heap > 0);
  assert.ok(Number.isFinite(heapAndBuffers) && Number.isFinite(resident));
});

subjects('a heartbeat costs time, with sockless and with ws', async () => {
  const found = await Promise.all(
    [servers.SERVE_HEARTBEAT, servers.WS_HEARTBEAT].map((server) =>
      heartbeatCost(server, { connections: 20, interval: 200, warmUp: 1, rounds: budget(2, 10) }),
    ),
  );
  assert.ok(found.every((time) => time > 0));
});

subjects.run();

const fit = suite('exponent');

fit('the fitted exponent is that of the points', () => {
  const sizes = [1, 4, 16, 64, 256];
  for (const power of [0, 0.5, 1, 2]) {
    const found = exponent(sizes.map((size) => [size, 7 * size ** power]));
    assert.ok(Math.abs(found - power) < 1e-9, `${found}`);
  }
});

fit('the fitted exponent is not misled by the fixed cost of a call', () => {
  const found = exponent([1, 10, 100, 1000, 10_000, 100_000].map((size) => [size, 100 + size]));
  assert.ok(Math.abs(found - 1) < 0.05, `${found}`);
});

fit('the fitted exponent is NaN for a single point', () => {
  assert.ok(Number.isNaN(exponent([[10, 5]])));
});

fit.run();
