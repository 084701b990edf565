// permessage-deflate with ws, python3-websockets and ourselves: every agreement that both sides support.
import { type DeflateRequest, permessageDeflate } from '@sockless/core/deflate';
import { pako } from '@sockless/deflate';
import * as assert from 'uvu/assert';
import { budget } from '../../../core/test/budget.ts';
import { native } from '../../../deflate/src/zlib.ts';
import { noise } from '../../../deflate/test/messages.ts';
import { debianTool } from '../../../tools/testing.ts';
import { type Bench, suite, within } from '../support.ts';
import { OFFERED, Ours, type Peer, SPOKEN } from './exchanges.ts';
import { startPython, startWs } from './peers.ts';
import { once, type Running } from './run.ts';

const test = suite('interop: deflate', 90_000);

/** An agreement with all its parameters. */
type Agreement = Required<{ [Key in keyof DeflateRequest]: NonNullable<DeflateRequest[Key]> }>;

const BITS = [8, 9, 12, 15];
const SWITCH = [false, true];

const takeovers = SWITCH.flatMap((serverNoContextTakeover) =>
  SWITCH.map((clientNoContextTakeover) => ({ serverNoContextTakeover, clientNoContextTakeover })),
);
const windows = budget(
  [
    { serverMaxWindowBits: 9, clientMaxWindowBits: 15 },
    { serverMaxWindowBits: 15, clientMaxWindowBits: 9 },
  ],
  BITS.flatMap((serverMaxWindowBits) =>
    BITS.map((clientMaxWindowBits) => ({ serverMaxWindowBits, clientMaxWindowBits })),
  ),
);

const say = (agreement: object): string =>
  Object.entries(agreement)
    .filter(([, value]) => value !== false)
    .map(([key, value]) => (value === true ? key : `${key} ${value}`))
    .join(', ');

function agreed(ours: Ours): Agreement {
  const [extension] = ours.connection.openEvent?.extensions ?? [];
  const parameters = new Map(extension?.parameters ?? []);
  return {
    serverNoContextTakeover: parameters.has('server_no_context_takeover'),
    clientNoContextTakeover: parameters.has('client_no_context_takeover'),
    serverMaxWindowBits: Number(parameters.get('server_max_window_bits') ?? 15),
    clientMaxWindowBits: Number(parameters.get('client_max_window_bits') ?? 15),
  };
}

const json = (id: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `{"id":${id + 31 * index},"user":"user-${(id * index) % 97}"}`).join();

// The text "long" repeats itself at all distances from 40 to 8,000 bytes.
const long = json(7, 200);
const MESSAGES: (string | Uint8Array)[] = [
  json(1, 1),
  json(1, 1),
  '',
  json(2, 30),
  '',
  '',
  'ä€😀'.repeat(50),
  long,
  noise(3000),
  new Uint8Array(0),
  noise(3000),
  new TextEncoder().encode(long),
  long,
];
const MEGABYTE = [noise(2 ** 20), json(5, 25_000)];

/** With the number of bytes that 1 MB of text takes when compressed. */
const isLarge = ({ serverMaxWindowBits, clientMaxWindowBits }: Agreement): boolean =>
  serverMaxWindowBits === budget(9, 12) && clientMaxWindowBits === 15;

async function talk(ours: Ours, fragments: boolean, large: boolean): Promise<void> {
  for (const message of large ? [...MESSAGES, ...MEGABYTE, ...MESSAGES] : MESSAGES) {
    ours.connection.send(message);
    await ours.expect(message);
  }
  // Many messages at once, and fragments from us.
  for (const message of MESSAGES) ours.connection.send(message);
  for (const piece of ['', long, '', long]) ours.connection.sendFragment(piece, false);
  ours.connection.sendFragment('', true);
  ours.connection.sendFragment(noise(500), false);
  ours.connection.sendFragment(noise(500), true);
  await ours.expect(...MESSAGES, long + long, Uint8Array.from([...noise(500), ...noise(500)]));
  if (!fragments) return;
  ours.connection.send('!text');
  ours.connection.send('!binary');
  ours.connection.send(long);
  await ours.expect('fragmented', new TextEncoder().encode('fragmented'), long);
}

/** Describes the agreement of a test. */
async function about(agreement: Agreement, run: () => Promise<void>): Promise<void> {
  try {
    await within(30_000, 'an exchange', run());
  } catch (error) {
    if (error instanceof Error) error.message = `${say(agreement)}: ${error.message}`;
    throw error;
  }
}

interface Description {
  readonly name: string;
  /** The shortest window with which the peer can compress. */
  readonly least: number;
  readonly running: Running;
}

type Register = (title: string, body: (bench: Bench) => Promise<void>) => void;

function exchange(register: Register, { name, least, running }: Description): void {
  const peer = (): Promise<Peer> => running.peer();
  for (const asks of ['they ask', 'we ask']) {
    for (const takeover of takeovers) {
      const agreements = windows.map((window): Agreement => ({ ...takeover, ...window }));
      const suffix = `${asks}${say(takeover) && `: ${say(takeover)}`}`;

      register(`${name} → our server, ${suffix}`, async (bench) => {
        for (const wanted of agreements.filter((it) => it.clientMaxWindowBits >= least)) {
          await about(wanted, async () => {
            const ours = new Ours();
            const compression = asks === 'we ask' ? wanted : { serverMaxWindowBits: 15 };
            const server = await bench.serve(ours.handlers, { subprotocols: SPOKEN, compression });
            await (await peer()).connect?.(server.url, asks === 'we ask' ? {} : wanted);
            await ours.expect('open');
            assert.equal(agreed(ours), wanted);
            await talk(ours, true, isLarge(wanted));
            ours.connection.close(1000);
          });
        }
      });

      register(`our client → ${name}, ${suffix}`, async (bench) => {
        for (const wanted of agreements.filter((it) => it.serverMaxWindowBits >= least)) {
          await about(wanted, async () => {
            const ours = new Ours();
            const url = (await (await peer()).listen?.(asks === 'we ask' ? {} : wanted)) as string;
            const compression = asks === 'we ask' ? wanted : {};
            bench.connect(url, ours.handlers, { subprotocols: OFFERED, compression });
            await ours.expect('open');
            assert.equal(agreed(ours), wanted);
            await talk(ours, true, isLarge(wanted));
            ours.connection.close(1000);
          });
        }
      });
    }
  }
}

const ws = once(startWs);
exchange(test, { name: 'ws', least: 8, running: ws });

// Python's zlib.compressobj does not support a window of 2^8 bytes for raw DEFLATE.
const tool = debianTool('python3-websockets');
const python = once(startPython);
exchange(tool.test(test), { name: 'python3-websockets', least: 9, running: python });

for (const [client, server, title] of [
  [pako, native, 'pako → zlib'],
  [native, pako, 'zlib → pako'],
] as const) {
  for (const takeover of takeovers) {
    test(`${title}${say(takeover) && `: ${say(takeover)}`}`, async (bench) => {
      for (const window of windows) {
        const wanted: Agreement = { ...takeover, ...window };
        await about(wanted, async () => {
          const ours = new Ours();
          const host = await bench.serve(
            { message: (it, data) => void it.send(data) },
            { compression: permessageDeflate(server, { serverMaxWindowBits: 15 }) },
          );
          bench.connect(host.url, ours.handlers, { compression: permessageDeflate(client, wanted) });
          await ours.expect('open');
          assert.equal(agreed(ours), wanted);
          await talk(ours, false, isLarge(wanted));
        });
      }
    });
  }
}

test.after(async () => {
  await ws.stop();
  await python.stop();
});
test.run();
