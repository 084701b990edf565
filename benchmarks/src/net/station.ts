/** A server and a load generator that belong together. */

import type { Runner, Subject } from '../suite.ts';
import { Companion, nodeProgram } from './companion.ts';
import type { LoadAnswer, LoadQuestion } from './load.ts';
import { type ServerProgram, serverAt } from './server-programs.ts';
import type { Memory, ProcessorTime, ServerQuestion } from './servers/listening.ts';

/** `Omit` for each member of a union. */
type WithoutPort<Question> = Question extends LoadQuestion ? Omit<Question, 'port'> : never;

/** A server that runs, and a load generator that asks it. */
export class Station {
  readonly #server: Companion;
  readonly #load: Companion;

  private constructor(server: Companion, load: Companion) {
    this.#server = server;
    this.#load = load;
  }

  /**
   * Starts both.
   *
   * @throws {Error} when one of them cannot be started
   */
  static async start({ program }: ServerProgram): Promise<Station> {
    const server = await Companion.start(program);
    try {
      return new Station(server, await Companion.start(nodeProgram('load.ts')));
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /**
   * Has the load generator do something with the server.
   *
   * @throws {Error} when something went wrong: a reply is not what was sent, a connection has ended
   */
  async load(question: WithoutPort<LoadQuestion>): Promise<LoadAnswer> {
    const { port } = this.#server.greeting as { port: number };
    return (await this.#load.ask({ ...question, port })) as LoadAnswer;
  }

  /** Collects the server's garbage and says what is left. */
  async memory(): Promise<Memory> {
    return (await this.#server.ask({ about: 'memory' } satisfies ServerQuestion)) as Memory;
  }

  /** Says how much processor time the server has used, in nanoseconds. */
  async processor(): Promise<number> {
    const answer = await this.#server.ask({ about: 'processor' } satisfies ServerQuestion);
    return (answer as ProcessorTime).nanoseconds;
  }

  /** Ends both. */
  async stop(): Promise<void> {
    await Promise.all([this.#load.stop(), this.#server.stop()]);
  }
}

/** Nanoseconds for each of the things that were done. */
export function cost({ count, milliseconds }: LoadAnswer): number {
  return (milliseconds * 1e6) / count;
}

/** The subject that `start` measures with a server, or with the same one of another tree. */
export function subjectOf(server: ServerProgram, start: (server: ServerProgram) => Promise<Runner>): Subject {
  return {
    name: server.name,
    missing: server.missing,
    start: () => start(server),
    startAt: (root) => start(serverAt(server, root)),
  };
}
