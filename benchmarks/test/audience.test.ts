import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemTool } from '../../packages/tools/testing.ts';
import { Audience } from '../src/net/audience.ts';
import type { Companion } from '../src/net/companion.ts';
import type { LoadClient } from '../src/net/load-client.ts';
import * as servers from '../src/net/server-programs.ts';
import { Station, startLoad } from '../src/net/station.ts';
import { failure } from './failure.ts';

const audience = suite('audience');

/** One load generator for all stations. */
let generator: Companion;
audience.before(async () => {
  generator = await startLoad();
});
audience.after(() => generator.stop());

for (const server of [
  servers.BROADCAST,
  servers.BROADCAST_LOOP,
  servers.BROADCAST_WS,
  servers.BROADCAST_WS_BUFFER,
  servers.BROADCAST_BUN,
  servers.BROADCAST_BARE,
]) {
  systemTool(server.name, server.missing).test(audience)(`broadcasts with ${server.name}`, async () => {
    const station = await Station.start(server, generator);
    try {
      for (const kind of ['text', 'CJK text', 'binary'] as const) {
        for (const size of [64, 1024, 16_384]) {
          for (const compressed of [false, true]) {
            const what = { kind, size, compressed, connections: 5, milliseconds: 1 };
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

audience('asking for messages before there is an audience is an error', async () => {
  const unused = await startLoad();
  assert.match(await failure(unused.ask({ type: 'heard', messages: 1 })), /there is no audience/);
  await unused.stop();
});

audience('a different message, too many messages, and a lost connection are errors', async () => {
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

audience.run();

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
