/** A server together with its load generator. */

import type { Case, Measurement, Runner, Subject } from '../suite.ts';
import type { ListenQuestion } from './audience.ts';
import { Companion, nodeProgram } from './companion.ts';
import type { EchoAnswer, LoadAnswer, LoadQuestion, PacedAnswer, PrepareQuestion } from './load.ts';
import { type ServerProgram, serverAt } from './server-programs.ts';
import type { Memory, ProcessorTime, ServerQuestion } from './servers/listening.ts';

/** Always run by the Node of this process, whichever Node runs the servers, so that the load is the same. */
const LOAD = { ...nodeProgram('load.ts'), command: process.execPath, name: 'load generator' };

/** Starts a load generator. */
export function startLoad(): Promise<Companion> {
  return Companion.start(LOAD);
}

/** `Omit` for each member of a union. */
type WithoutPort<Question> = Question extends LoadQuestion ? Omit<Question, 'port'> : never;

/** Which messages to echo, and how long. */
export type Echo = Omit<PrepareQuestion, 'type' | 'port' | 'unchanged'>;

/** Which message to broadcast, to how many connections, and for how long to repeat it. */
export type Broadcast = Omit<ListenQuestion, 'type' | 'port'> & { readonly milliseconds: number };

/** A running server and its load generator. */
export class Station {
  readonly #server: Companion;
  readonly #load: Companion;
  readonly #isShared: boolean;
  readonly #unchanged: boolean;

  private constructor(server: Companion, load: Companion, isShared: boolean, unchanged: boolean) {
    this.#server = server;
    this.#load = load;
    this.#isShared = isShared;
    this.#unchanged = unchanged;
  }

  /**
   * Starts both.
   *
   * @param shared a load generator that other stations use before and after, and {@link stop} leaves running
   * @throws {Error} when one of them cannot be started
   */
  static async start({ program, unchanged = false }: ServerProgram, shared?: Companion): Promise<Station> {
    const starts = [Companion.start(program), shared ?? startLoad()] as const;
    try {
      const [server, load] = await Promise.all(starts);
      return new Station(server, load, shared !== undefined, unchanged);
    } catch (error) {
      const [server, load] = await Promise.allSettled(starts);
      if (server.status === 'fulfilled') await server.value.stop();
      if (load.status === 'fulfilled' && shared === undefined) await load.value.stop();
      throw error;
    }
  }

  /**
   * Asks the load generator to do something with the server.
   *
   * @throws {Error} when a reply is wrong or a connection has ended
   */
  async load(question: WithoutPort<LoadQuestion>): Promise<LoadAnswer> {
    const { port } = this.#server.greeting as { port: number };
    return (await this.#load.ask({ ...question, port })) as LoadAnswer;
  }

  /**
   * Echoes messages and returns the time and the processor time of the server for one of them. Opening the connections is
   * not included. The two questions to the server are; they cost it a fraction of a millisecond.
   *
   * @throws {Error} as {@link load}
   */
  async echo(echo: Echo): Promise<Measurement> {
    await this.load({ type: 'prepare', ...echo, unchanged: this.#unchanged });
    const before = await this.processor();
    const answer = (await this.load({ type: 'echo', milliseconds: echo.milliseconds })) as EchoAnswer;
    const processor = ((await this.processor()) - before) / answer.total;
    return { cost: cost(answer), processor };
  }

  /**
   * Echoes messages at a fixed rate, in messages per second, and returns their round trips and the processor time of the
   * server for one of them.
   *
   * @throws {Error} as {@link load}
   */
  async roundTrips(echo: Echo, rate: number): Promise<Measurement> {
    await this.load({ type: 'prepare', ...echo, unchanged: this.#unchanged });
    const before = await this.processor();
    const { milliseconds } = echo;
    const { p50, count, ...tails } = (await this.load({ type: 'paced', rate, milliseconds })) as PacedAnswer;
    const processor = ((await this.processor()) - before) / count;
    return { cost: p50, p99: tails.p99, 'p99.9': tails['p99.9'], processor };
  }

  /**
   * Broadcasts a message, and again as soon as it has arrived on all connections. Returns the time and the processor
   * time of the server for one delivery. Opening the connections is not included; the questions to both processes, one
   * for each message, are.
   *
   * @throws {Error} as {@link load}
   */
  async broadcast({ milliseconds, ...what }: Broadcast): Promise<Measurement> {
    const { kind, size, compressed, connections } = what;
    await this.load({ type: 'listen', ...what });
    const before = await this.processor();
    const start = performance.now();
    let messages = 0;
    do {
      messages++;
      await this.#server.ask({ about: 'broadcast', kind, size, compressed } satisfies ServerQuestion);
      await this.load({ type: 'heard', messages });
    } while (performance.now() - start < milliseconds);
    const count = messages * connections;
    const time = performance.now() - start;
    return { cost: (time * 1e6) / count, processor: ((await this.processor()) - before) / count };
  }

  /** What the server said when it was ready. */
  get greeting(): unknown {
    return this.#server.greeting;
  }

  /** Collects the server's garbage and returns the memory in use. */
  async memory(): Promise<Memory> {
    return (await this.#server.ask({ about: 'memory' } satisfies ServerQuestion)) as Memory;
  }

  /** Returns the processor time that the server has used, in nanoseconds. */
  async processor(): Promise<number> {
    const answer = await this.#server.ask({ about: 'processor' } satisfies ServerQuestion);
    return (answer as ProcessorTime).nanoseconds;
  }

  /** Ends both. */
  async stop(): Promise<void> {
    await Promise.all([this.#isShared ? this.load({ type: 'close' }) : this.#load.stop(), this.#server.stop()]);
  }
}

/** Returns nanoseconds for each thing that was done. */
export function cost({ count, milliseconds }: LoadAnswer): number {
  return (milliseconds * 1e6) / count;
}

/** Returns a function that starts a server and its load generator, and measures cases of a suite with them. */
export function measuring<Found extends Case>(
  cases: readonly Found[],
  measure: (station: Station, found: Found, milliseconds: number) => Promise<Measurement>,
): (server: ServerProgram) => Promise<Runner> {
  return async (server) => {
    const station = await Station.start(server);
    return {
      measure: async (name, milliseconds) => {
        const found = cases.find((each) => each.name === name);
        return found === undefined ? { cost: Number.NaN } : await measure(station, found, milliseconds);
      },
      stop: () => station.stop(),
    };
  };
}

/** Returns the subject that `start` measures with a server, or with the same server of another tree. */
export function subjectOf(server: ServerProgram, start: (server: ServerProgram) => Promise<Runner>): Subject {
  return {
    name: server.name,
    missing: server.missing,
    start: () => start(server),
    startAt: (root) => start(serverAt(server, root)),
  };
}
