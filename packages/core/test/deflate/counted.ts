import { pako } from '../../../deflate/src/index.ts';
import type { DeflateEngine, Deflater, Inflater } from '../../src/deflate/index.ts';

export interface Counts {
  readonly engine: DeflateEngine;
  /** The number of messages compressed. */
  deflated: number;
  /** The number of bytes that the inflaters have returned. */
  inflated: number;
  /** What was made, reset and closed. */
  readonly log: string[];
}

/** Returns the engine of the tests, and counts what it does. */
export function counted(): Counts {
  const log: string[] = [];
  /** Calls the method of `of`, and records the call. */
  const logged = (name: string, of: Deflater | Inflater) => ({
    reset(): void {
      log.push(`${name} reset`);
      of.reset();
    },
    close(): void {
      log.push(`${name} closed`);
      of.close();
    },
  });
  const engine: DeflateEngine = {
    createDeflater(options) {
      log.push(`deflater ${options.windowBits} ${options.level} ${options.memLevel}`);
      const inner = pako.createDeflater(options);
      return {
        deflate(data) {
          counts.deflated++;
          return inner.deflate(data);
        },
        ...logged('deflater', inner),
      };
    },
    createInflater(options) {
      log.push(`inflater ${options.windowBits}`);
      const inner = pako.createInflater(options);
      return {
        write: (data) => inner.write(data),
        read() {
          const output = inner.read();
          counts.inflated += output.length;
          return output;
        },
        get drained() {
          return inner.drained;
        },
        endsBlock: () => inner.endsBlock(),
        ...logged('inflater', inner),
      };
    },
  };
  const counts: Counts = { engine, deflated: 0, inflated: 0, log };
  return counts;
}
