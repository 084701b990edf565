import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemTool } from '../../packages/tools/testing.ts';
import { inChild } from '../src/codec/in-child.ts';
import { knowsLoans, LOAN, type Sending } from '../src/loan.ts';
import { Audience } from '../src/net/audience.ts';
import { Companion, nodeProgram } from '../src/net/companion.ts';
import { exponent } from '../src/net/fit.ts';
import { encodeFrames, pongsTo } from '../src/net/frames.ts';
import type { EchoAnswer } from '../src/net/load.ts';
import type { LoadClient } from '../src/net/load-client.ts';
import * as servers from '../src/net/server-programs.ts';
import { cost, Station } from '../src/net/station.ts';
import { findNode, measureWith, type Node, newestNode } from '../src/node.ts';
import { suite as broadcastSuite } from '../src/suites/broadcast.ts';
import { suite as connectSuite } from '../src/suites/connect.ts';
import { suite as echoSuite } from '../src/suites/echo.ts';
import { heartbeatCost, suite as heartbeatSuite } from '../src/suites/heartbeat.ts';
import { costs, suite as idleSuite } from '../src/suites/idle.ts';

const load = suite('load generator');

for (const server of [
  servers.SERVE,
  { ...servers.SERVE_LENDING, missing: (await knowsLoans()) ? undefined : 'this build does not know of lending' },
  servers.CORE_ON_NET,
  servers.WS,
  servers.WS_BUFFERUTIL,
  servers.WS_CORKED,
  servers.WEBSOCKET_DRIVER,
  servers.WEBSOCKET,
  servers.BUN,
  servers.DENO,
  servers.LIMIT,
]) {
  systemTool(server.name, server.missing).test(load)(`echoes with ${server.name}, and connects`, async () => {
    const station = await Station.start(server);
    try {
      for (const opcode of [1, 2] as const) {
        for (const size of [16, 1024, 65_536, 2 ** 20]) {
          const echo = { opcode, size, connections: 2, inFlight: 3, milliseconds: 20 } as const;
          // The second question reuses the connections of the first.
          for (let turn = 0; turn < 2; turn++) {
            const { cost: time, processor } = await station.echo(echo);
            assert.ok(time > 0 && Number.isFinite(time));
            assert.ok(Number(processor) >= 0 && Number.isFinite(processor));
          }
        }
      }
      const { count, utilization } = await station.load({ type: 'connect', concurrency: 2, milliseconds: 20 });
      assert.ok(count > 0);
      assert.ok(utilization > 0 && utilization <= 1);
      await station.load({ type: 'close' });
      assert.is(await connectionsLeft(station), 0);
    } finally {
      await station.stop();
    }
  });
}

load('answers Ping frames, and nothing else', () => {
  const pings = Buffer.from([0x89, 0, 0x89, 2, 1, 2]);
  assert.equal(pongsTo(pings), [Buffer.from([0x8a, 0x80, 0, 0, 0, 0]), Buffer.from([0x8a, 0x82, 0, 0, 0, 0, 1, 2])]);
  for (const bytes of [[0x81, 0], [0x89, 126], [0x89, 2, 1], [0x89]]) {
    assert.throws(() => pongsTo(Uint8Array.from(bytes)), /no Ping frame/);
  }
});

for (const server of [
  servers.BROADCAST,
  servers.BROADCAST_LOOP,
  servers.BROADCAST_WS,
  servers.BROADCAST_WS_BUFFER,
  servers.BROADCAST_BUN,
  servers.BROADCAST_BARE,
]) {
  systemTool(server.name, server.missing).test(load)(`broadcasts with ${server.name}`, async () => {
    const station = await Station.start(server);
    try {
      for (const kind of ['text', 'CJK text', 'binary'] as const) {
        for (const size of [64, 1024, 16_384]) {
          for (const compressed of [false, true]) {
            const what = { kind, size, compressed, connections: 5, milliseconds: 5 };
            const { cost: time, processor } = await station.broadcast(what);
            assert.ok(time > 0 && Number(processor) >= 0);
          }
        }
      }
    } finally {
      await station.stop();
    }
  });
}

load('says when nobody listens', async () => {
  const generator = await Companion.start({ ...nodeProgram('load.ts'), command: process.execPath });
  try {
    await generator.ask({ type: 'heard', messages: 1 });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /nobody listens/);
  } finally {
    await generator.stop();
  }
});

load('an audience says when something else arrives, too much, or nothing more', async () => {
  const frame = Buffer.from(`8103${hex('abc')}`, 'hex');
  const hear = async (act: (client: LoadClient) => void): Promise<string> => {
    const client = {} as LoadClient;
    const heard = new Audience([client], 'text', 3).heard(1).then(
      () => 'all is well',
      (error: unknown) => String(error),
    );
    act(client);
    return await heard;
  };
  const the = Buffer.from(`8103${hex('the')}`, 'hex');
  assert.is(await hear(({ onBytes }) => onBytes(5, the)), 'all is well');
  assert.is(
    await hear(({ onBytes }) => {
      onBytes(1, the);
      onBytes(2, the.subarray(1));
      onBytes(2, the.subarray(3));
    }),
    'all is well',
  );
  assert.match(await hear(({ onBytes }) => onBytes(5, frame)), /differs from what was to be sent/);
  assert.match(await hear(({ onBytes }) => onBytes(6, Buffer.concat([the, the]))), /more has arrived/);
  assert.match(await hear(({ onEnd }) => onEnd(new Error('gone'))), /gone/);
});

load('reports an echo that differs from the message', async () => {
  const station = await Station.start(servers.BARE);
  try {
    await station.echo({ opcode: 2, size: 1024, connections: 1, inFlight: 1, milliseconds: 20 });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /the echo differs from the messages/);
  } finally {
    await station.stop();
  }
});

load('a server that unmasks is not mistaken for one that returns bytes unchanged, or the reverse', async () => {
  for (const server of [
    { ...servers.SERVE, unchanged: true },
    { ...servers.LIMIT, unchanged: false },
  ]) {
    const station = await Station.start(server);
    try {
      await station.echo({ opcode: 2, size: 1024, connections: 1, inFlight: 1, milliseconds: 20 });
      assert.unreachable();
    } catch (error) {
      assert.match(String(error), /the echo differs from the messages/);
    } finally {
      await station.stop();
    }
  }
});

load('echoes that arrive after the time is over count towards the total', async () => {
  const station = await Station.start(servers.LIMIT);
  try {
    const echo = { opcode: 2, size: 16, connections: 2, inFlight: 8, milliseconds: 20 } as const;
    await station.load({ type: 'prepare', ...echo, unchanged: true });
    const { count, total } = (await station.load({ type: 'echo', milliseconds: 20 })) as EchoAnswer;
    assert.ok(Number.isInteger(total));
    assert.ok(total >= count && total <= count + 16, `${count} of ${total}`);
  } finally {
    await station.stop();
  }
});

load('reports a question for which nothing was prepared', async () => {
  const generator = await Companion.start(nodeProgram('load.ts'));
  try {
    await generator.ask({ type: 'echo', milliseconds: 20 });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /no messages were prepared/);
  } finally {
    await generator.stop();
  }
});

load('reports a server that refuses connections', async () => {
  const generator = await Companion.start(nodeProgram('load.ts'));
  try {
    await generator.ask({ type: 'open', port: 1, connections: 1 });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /ECONNREFUSED/);
  } finally {
    await generator.stop();
  }
});

load('sends masked frames and expects unmasked ones', () => {
  const { masked, echo, echoLength } = encodeFrames(1, 3, 2);
  assert.is(echoLength, 5);
  assert.is(echo.toString('hex'), `8103${hex('abc')}8103${hex('bcd')}`);
  assert.equal(
    masked.map(({ length }) => length),
    [0, 9, 18],
  );
  assert.is(masked[1]?.toString('hex'), '818337fa213d569842');
  assert.is(encodeFrames(2, 126, 1).echo.subarray(0, 4).toString('hex'), '827e007e');
  assert.is(encodeFrames(2, 65_536, 1).echo.subarray(0, 10).toString('hex'), '827f0000000000010000');
});

load('expects unchanged frames from a server that returns bytes unchanged', () => {
  const { masked, echo, echoLength } = encodeFrames(1, 3, 2, true);
  assert.is(echoLength, 9);
  assert.is(echo.toString('hex'), masked.at(-1)?.toString('hex'));
});

load.run();

const companion = suite('companion');

companion('a program that ends before it is ready is an error', async () => {
  try {
    await Companion.start({ command: process.execPath, args: ['-e', 'process.exit(3)'] });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /it ended \(3\)/);
  }
});

companion('a program that does not exist is an error', async () => {
  try {
    await Companion.start({ command: 'no-such-program-of-sockless', args: [] });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /ENOENT/);
  }
});

const withNewest = newestNode() === undefined ? companion.skip : companion;
withNewest('programs without a command, and codecs, run on the Node that is measured', async () => {
  const newest = newestNode() as Node;
  measureWith(newest);
  try {
    const program = { args: ['-e', 'console.log(JSON.stringify(process.version)); process.stdin.resume()'] };
    const one = await Companion.start(program);
    assert.is(one.greeting, newest.version);
    await one.stop();
    const file = fileURLToPath(new URL('contestants.ts', import.meta.url));
    const codec = await inChild('fake', file, 'saying its version', {});
    const said = await codec.measure('one', 1).then(String, String);
    assert.ok(said.includes(newest.version), said);
    await codec.stop();
  } finally {
    measureWith(findNode(process.version));
  }
});

companion.run();

const subjects = suite('subjects');

subjects('a runtime that is not installed is reported as missing, with the reason', () => {
  assert.match(
    String(
      servers.native('bun', { name: 'bun', parent: 'bun', packages: ['@oven/none'], files: ['bin/bun'] }, ['bun.ts'])
        .missing,
    ),
    /@oven\/none/,
  );
  assert.match(
    String(
      servers.native('none', { name: 'none', parent: 'none', packages: ['@none/none'], files: ['none'] }, ['bun.ts'])
        .missing,
    ),
    /@none\/none/,
  );
});

subjects('every suite has sockless, and names are unique', () => {
  for (const { name, ours, peers, cases } of [echoSuite, broadcastSuite, connectSuite, idleSuite, heartbeatSuite]) {
    assert.ok(ours[0]?.name.startsWith('sockless'), name);
    const names = [...ours, ...peers].map((each) => each.name);
    assert.is(new Set(names).size, names.length, name);
    assert.is(new Set(cases.map((each) => each.name)).size, cases.length, name);
    assert.ok(cases.some(({ slow }) => !slow));
  }
});

subjects('lending is measured only with a build that copies unless told to lend', async () => {
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

subjects('a heartbeat costs time, ours and that of ws', async () => {
  for (const server of [servers.SERVE_HEARTBEAT, servers.WS_HEARTBEAT]) {
    assert.ok((await heartbeatCost(server, { connections: 20, interval: 1000, time: 2000 })) > 0);
  }
});

subjects.run();

const fit = suite('exponent');

fit('finds the exponent of the points', () => {
  const sizes = [1, 4, 16, 64, 256];
  for (const power of [0, 0.5, 1, 2]) {
    const found = exponent(sizes.map((size) => [size, 7 * size ** power]));
    assert.ok(Math.abs(found - power) < 1e-9, `${found}`);
  }
});

fit('is not misled by the fixed cost of a call', () => {
  const found = exponent([1, 10, 100, 1000, 10_000, 100_000].map((size) => [size, 100 + size]));
  assert.ok(Math.abs(found - 1) < 0.05, `${found}`);
});

fit('is NaN for a single point', () => {
  assert.ok(Number.isNaN(exponent([[10, 5]])));
});

fit.run();

/** Returns the number of connections that a server has not ended although all clients have. */
async function connectionsLeft(station: Station): Promise<number> {
  for (let patience = 50; patience > 0 && (await station.memory()).connections > 0; patience--) await sleep(20);
  return (await station.memory()).connections;
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
