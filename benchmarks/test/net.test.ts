import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../packages/core/test/budget.ts';
import { systemTool } from '../../packages/tools/testing.ts';
import { knowsLoans } from '../src/loan.ts';
import type { Companion } from '../src/net/companion.ts';
import { encodeFrames, pongsTo } from '../src/net/frames.ts';
import type { EchoAnswer } from '../src/net/load.ts';
import * as servers from '../src/net/server-programs.ts';
import { Station, startLoad } from '../src/net/station.ts';
import { failure } from './failure.ts';

const load = suite('load generator');

/** Opcodes and sizes of messages: in full, both with each size. */
const MESSAGES = budget<readonly (readonly [1 | 2, number])[]>(
  [
    [1, 16],
    [2, 1024],
    [1, 65_536],
    [2, 2 ** 20],
  ],
  [16, 1024, 65_536, 2 ** 20].flatMap((size) => [[1, size] as const, [2, size] as const]),
);
const MILLISECONDS = budget(2, 20);
const TURNS = budget(1, 2);
const IN_FLIGHT = budget(2, 3);

/** One load generator for all stations. */
let generator: Companion;
load.before(async () => {
  generator = await startLoad();
});
load.after(() => generator.stop());

for (const server of [
  servers.SERVE,
  { ...servers.SERVE_LENDING, missing: (await knowsLoans()) ? undefined : 'this build does not know of lending' },
  servers.CORE_ON_NET,
  servers.WS,
  servers.WS_BUFFERUTIL,
  servers.WS_CORKED,
  servers.WEBSOCKET_DRIVER,
  servers.WEBSOCKET,
  servers.CROSSWS,
  servers.BUN,
  servers.DENO,
  servers.LIMIT,
]) {
  systemTool(server.name, server.missing).test(load)(`echoes with ${server.name}, and connects`, async () => {
    const station = await Station.start(server, generator);
    try {
      for (const [opcode, size] of MESSAGES) {
        const echo = { opcode, size, connections: 2, inFlight: IN_FLIGHT, milliseconds: MILLISECONDS } as const;
        // The second question reuses the connections of the first.
        for (let turn = 0; turn < (size === 16 ? 2 : TURNS); turn++) {
          const { cost: time, processor } = await station.echo(echo);
          assert.ok(time > 0 && Number.isFinite(time));
          assert.ok(Number(processor) >= 0 && Number.isFinite(processor));
        }
      }
      const echo = { opcode: 2, size: 16, connections: 2, inFlight: 1, milliseconds: 10 } as const;
      const { cost: p50, p99, 'p99.9': most } = await station.roundTrips(echo, 2000);
      assert.ok(p50 > 0 && p50 <= Number(p99) && Number(p99) <= Number(most));
      const { count, utilization } = await station.load({
        type: 'connect',
        concurrency: 2,
        milliseconds: MILLISECONDS,
      });
      assert.ok(count > 0);
      assert.ok(utilization > 0 && utilization <= 1);
      // A server that unmasks is not mistaken for one that returns bytes unchanged, or the reverse.
      const wrong = { type: 'prepare', ...echo, unchanged: !isUnchanged(server) } as const;
      assert.match(await failure(station.load(wrong)), /the echo differs from the messages/);
      await station.load({ type: 'close' });
      assert.is(await connectionsLeft(station), 0);
    } finally {
      await station.stop();
    }
  });
}

load('answers Ping frames, and throws for other or incomplete frames', () => {
  const pings = Buffer.from([0x89, 0, 0x89, 2, 1, 2]);
  assert.equal(pongsTo(pings), [Buffer.from([0x8a, 0x80, 0, 0, 0, 0]), Buffer.from([0x8a, 0x82, 0, 0, 0, 0, 1, 2])]);
  for (const bytes of [[0x81, 0], [0x89, 126], [0x89, 2, 1], [0x89]]) {
    assert.throws(() => pongsTo(Uint8Array.from(bytes)), /no Ping frame/);
  }
});

load('reports an echo that differs from the message', async () => {
  const station = await Station.start(servers.BARE, generator);
  assert.match(
    await failure(station.echo({ opcode: 2, size: 1024, connections: 1, inFlight: 1, milliseconds: 20 })),
    /the echo differs from the messages/,
  );
  await station.stop();
});

load(
  '`count` has the echoes before the deadline, `total` also later ones: at most as many as were then in flight',
  async () => {
    const station = await Station.start(servers.LIMIT, generator);
    try {
      const echo = { opcode: 2, size: 16, connections: 2, inFlight: 8, milliseconds: 20 } as const;
      await station.load({ type: 'prepare', ...echo, unchanged: true });
      const { count, total } = (await station.load({ type: 'echo', milliseconds: 20 })) as EchoAnswer;
      assert.ok(Number.isInteger(total));
      assert.ok(total >= count && total <= count + 16, `${count} of ${total}`);
    } finally {
      await station.stop();
    }
  },
);

load('asking for echoes or paced messages when none are prepared is an error', async () => {
  await generator.ask({ type: 'close' });
  assert.match(await failure(generator.ask({ type: 'echo', milliseconds: 20 })), /no messages were prepared/);
  assert.match(await failure(generator.ask({ type: 'paced', rate: 1, milliseconds: 1 })), /no messages were prepared/);
});

load('reports a server that refuses connections', async () => {
  assert.match(await failure(generator.ask({ type: 'open', port: 1, connections: 1 })), /ECONNREFUSED/);
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

load('from a server that returns bytes unchanged, the load generator expects its masked frames back', () => {
  const { masked, echo, echoLength } = encodeFrames(1, 3, 2, true);
  assert.is(echoLength, 9);
  assert.is(echo.toString('hex'), masked.at(-1)?.toString('hex'));
});

load.run();

/** Returns the number of connections that a server has not ended although all clients have. */
async function connectionsLeft(station: Station): Promise<number> {
  for (let patience = 50; ; patience--) {
    const { connections } = await station.memory();
    if (connections === 0 || patience === 0) return connections;
    await sleep(20);
  }
}

function isUnchanged({ unchanged = false }: servers.ServerProgram): boolean {
  return unchanged;
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
