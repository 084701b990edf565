/** Checks that no cost grows faster than it should: cost by size, and the exponent that fits. */
import { Companion, nodeProgram } from '../net/companion.ts';
import { exponent, type Point } from '../net/fit.ts';
import type { CodecAnswer, CodecQuestion, Growing } from '../net/growth-codec.ts';
import { NO_ADD_ONS, SERVE_LARGE, WS } from '../net/server-programs.ts';
import { Station } from '../net/station.ts';
import type { GrowthRow, Suite } from '../suite.ts';

/** Something that grows, and how to measure it. The sizes for `--quick` are a subset of the others. */
interface Growth {
  readonly what: string;
  readonly sizes: readonly number[];
  readonly quick: readonly number[];
  /** Returns nanoseconds. */
  measure(instrument: Instrument, size: number, milliseconds: number): Promise<number>;
}

/** What measures one subject. */
interface Instrument {
  readonly name: 'sockless' | 'ws';
  readonly codec: Companion;
  readonly station: Station;
}

const KIB = 1024;
const MESSAGE_SIZES = [1, 4, 16, 64, 256, 1024, 4096, 16_384].map((kib) => kib * KIB);
const QUICK_SIZES = [16, 64, 256, 1024].map((kib) => kib * KIB);
const COUNTS = [1, 10, 100, 1000, 10_000, 100_000];
/** Milliseconds of measurement for each point. */
const DURATION = { full: 300, quick: 60 };
/** Once a point has cost this many nanoseconds, larger ones are left out, since superlinear growth would take too long. */
const ENOUGH = 2e9;

const growths: readonly Growth[] = [
  decode('decode: bytes of a message', 'bytes', MESSAGE_SIZES, QUICK_SIZES),
  decode('decode: fragments of a message, 16 B each', 'fragments', COUNTS, COUNTS.slice(2, 5)),
  decode('decode: chunks of 1 byte', 'chunks', COUNTS.slice(2), COUNTS.slice(2, 5)),
  {
    what: 'echo: bytes of a message, one connection',
    sizes: MESSAGE_SIZES,
    quick: QUICK_SIZES,
    measure: async ({ station }, size, milliseconds) =>
      (await station.echo({ opcode: 2, size, connections: 1, inFlight: 1, milliseconds })).cost,
  },
  {
    what: 'echo: connections, one message of 16 B on each',
    sizes: [1, 3, 10, 30, 100, 300, 1000],
    quick: [10, 100, 300],
    measure: async ({ station }, connections, milliseconds) =>
      connections * (await station.echo({ opcode: 2, size: 16, connections, inFlight: 1, milliseconds })).cost,
  },
];

/** This entry has no pairs and no cases: {@link growth} measures it. */
export const suite: Suite = {
  name: 'growth',
  title: 'How cost grows with size: the exponent, by least squares on logarithms',
  unit: 'exponent',
  cases: [],
  ours: [],
  peers: [],
};

/**
 * Measures how cost grows, for sockless and ws: decoding in a process of its own, echoes over loopback TCP.
 *
 * @param progress receives the name of what is being measured
 */
export async function growth(
  { quick }: { readonly quick: boolean },
  progress: (text: string) => void,
): Promise<GrowthRow[]> {
  const rows: GrowthRow[] = [];
  const instruments: Instrument[] = [];
  try {
    for (const [name, server] of [['sockless', SERVE_LARGE] as const, ['ws', WS] as const]) {
      const codec = await Companion.start({ ...nodeProgram('growth-codec.ts'), env: NO_ADD_ONS });
      const station = await Station.start(server).catch(async (error) => {
        await codec.stop();
        throw error;
      });
      instruments.push({ name, codec, station });
    }
    for (const each of growths) {
      for (const instrument of instruments) {
        const points: Point[] = [];
        for (const size of quick ? each.quick : each.sizes) {
          progress(`growth: ${each.what}: ${instrument.name}, ${size.toLocaleString('en')}`);
          const nanoseconds = await each.measure(instrument, size, quick ? DURATION.quick : DURATION.full);
          points.push([size, nanoseconds]);
          if (nanoseconds > ENOUGH) break;
        }
        rows.push({ what: each.what, subject: instrument.name, exponent: exponent(points), points });
      }
    }
    return rows;
  } finally {
    await Promise.all(instruments.flatMap(({ codec, station }) => [codec.stop(), station.stop()]));
  }
}

function decode(what: string, growing: Growing, sizes: readonly number[], quick: readonly number[]): Growth {
  return {
    what,
    sizes,
    quick,
    measure: async ({ codec, name }, size, milliseconds) => {
      const question: CodecQuestion = { subject: name, growing, size, milliseconds };
      return ((await codec.ask(question)) as CodecAnswer).nanoseconds;
    },
  };
}
