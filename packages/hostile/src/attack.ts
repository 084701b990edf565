/** One run: the servers of a target on a runtime, all hostile clients, and the verdict. */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { HOSTILE_CLIENTS, type HostileClient } from './clients.ts';
import { type RuntimeName, type Server, startServers, type Target } from './servers.ts';
import { Witness } from './witness.ts';

const MIB = 1024 * 1024;

/**
 * How much more memory a server may use than before the attack, in bytes. At most four clients at a time do not read. For each of
 * them `maxQueuedBytes`, 16 MiB, may wait, and as much garbage may not have been collected.
 */
export const MEMORY_BOUND = 320 * MIB;

/** Milliseconds between two samples of the memory. */
const SAMPLING = 100;

/** How long the servers may take to report the last ends, in milliseconds. */
const PATIENCE = 10_000;

/** The pause between two connections of a client, and the most connections that it makes. */
const [PAUSE, MAX_CONNECTIONS] = [20, 5000];

/** The results of one kind of client. */
export interface Tally {
  readonly name: string;
  connections: number;
  /** The number of connections that were opened; the end of each must be explained. */
  opened: number;
  /** The number of connections that the server ended before the time was over. */
  ended: number;
}

/** The results of a server. */
export interface Outcome {
  readonly server: string;
  readonly tallies: readonly Tally[];
  /** Explanations of ends, without numbers and quotations, and how often each occurred. */
  readonly ends: ReadonlyMap<string, number>;
  /** First lines of printed errors, likewise. */
  readonly errors: ReadonlyMap<string, number>;
  readonly memory: { readonly before: number; readonly most: number };
  readonly echoed: number;
  readonly slowest: number;
  /** Everything that went wrong. */
  readonly violations: readonly string[];
}

export interface Progress {
  readonly connections: number;
  readonly echoed: number;
  readonly memory: number;
  readonly alive: boolean;
}

/**
 * Attacks the servers of a target for some seconds.
 *
 * @param report called every second
 * @param wanted use only hostile clients whose names contain this
 */
export async function attack(
  target: Target,
  runtime: RuntimeName,
  seconds: number,
  report: (progress: Progress) => void,
  wanted = '',
): Promise<Outcome[]> {
  const servers = await startServers(target, runtime);
  const over = new AbortController();
  const attacks = servers.map((server) => new Attack(server, runtime === 'deno', wanted));
  const running = attacks.map((each) => each.run(over.signal));
  const ticking = setInterval(() => report(sum(attacks)), 1000);
  try {
    // A dead server ends its own attack. When all are dead there is nothing to wait for.
    await Promise.race([delay(1000 * seconds), Promise.all(running)]);
    over.abort();
    return await Promise.all(running);
  } finally {
    clearInterval(ticking);
    over.abort();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function sum(attacks: readonly Attack[]): Progress {
  const all = attacks.map((each) => each.progress());
  const add = (key: 'connections' | 'echoed'): number => all.reduce((total, each) => total + each[key], 0);
  return {
    connections: add('connections'),
    echoed: add('echoed'),
    memory: Math.max(...all.map(({ memory }) => memory)),
    alive: all.every(({ alive }) => alive),
  };
}

class Attack {
  readonly #server: Server;
  readonly #onDeno: boolean;
  readonly #clients: readonly HostileClient[];
  readonly #witness: Witness;
  readonly #tallies: Tally[] = [];
  readonly #violations = new Set<string>();
  /** The faults that clients saw, unless the process has ended, which explains them. */
  readonly #problems = new Set<string>();
  #before = 0;
  #most = 0;

  constructor(server: Server, onDeno: boolean, wanted: string) {
    this.#onDeno = onDeno;
    this.#clients = HOSTILE_CLIENTS.filter(
      ({ name, against }) => against.includes(server.kind) && name.includes(wanted),
    );
    this.#server = server;
    this.#witness = new Witness(server.address, server.kind);
  }

  progress(): Progress {
    const connections = this.#tallies.reduce((total, tally) => total + tally.connections, 0);
    const { echoed } = this.#witness;
    return { connections, echoed, memory: this.#most, alive: this.#server.died() === undefined };
  }

  /** Attacks until the time is over or the server is dead. */
  async run(over: AbortSignal): Promise<Outcome> {
    const server = this.#server;
    const dead = new AbortController();
    const signal = AbortSignal.any([over, dead.signal]);
    // Each client adds a listener.
    setMaxListeners(0, signal);
    const started = performance.now();
    const witness = this.#witness.run(signal);
    await delay(500);
    this.#before = server.memory() ?? 0;
    const sampling = setInterval(() => {
      this.#most = Math.max(this.#most, server.memory() ?? 0);
      const died = server.died();
      if (died === undefined) return;
      const after = Math.round(performance.now() - started);
      this.#violations.add(
        `the process ended with ${died}, ${after} ms after the start: ${firstError(server.errors())}`,
      );
      clearInterval(sampling);
      dead.abort();
    }, SAMPLING);
    await Promise.all([witness, ...this.#clients.map((client) => this.#attackWith(client, signal))]);
    if (server.died() === undefined) await this.#endsAreTold();
    clearInterval(sampling);
    // The server's message about its own end does not belong to a connection.
    const ends = [...server.ends];
    return this.#judge(ends, await server.stop());
  }

  async #attackWith(client: HostileClient, signal: AbortSignal): Promise<void> {
    const tally: Tally = { name: client.name, connections: 0, opened: 0, ended: 0 };
    this.#tallies.push(tally);
    const again = async (): Promise<void> => {
      while (!signal.aborted && this.#server.died() === undefined && tally.connections < MAX_CONNECTIONS) {
        tally.connections++;
        const started = performance.now();
        try {
          const problem = await client.attack(this.#server.address, () => tally.opened++, signal);
          if (problem !== undefined && !signal.aborted) this.#problems.add(`${client.name}: ${problem}`);
        } catch {
          // The server refused it; other clients tell whether it still serves.
        }
        const isKept = this.#onDeno && client.beforeTls;
        if (!isKept && performance.now() - started > (client.deadline ?? Infinity)) {
          this.#problems.add(`${client.name}: a connection was not ended within ${client.deadline} ms`);
        }
        if (!signal.aborted) tally.ended++;
        await delay(PAUSE);
      }
    };
    await Promise.all(Array.from({ length: client.atOnce }, again));
  }

  /** Waits until there are as many explanations of ends as connections. */
  async #endsAreTold(): Promise<void> {
    for (
      const late = Date.now() + PATIENCE;
      this.#server.ends.length < this.#opened && Date.now() < late;
      await delay(20)
    );
  }

  get #opened(): number {
    return this.#tallies.reduce((total, { opened }) => total + opened, this.#witness.connections);
  }

  #judge(ends: readonly string[], exit: number | string | null): Outcome {
    const { kind, errors } = this.#server;
    const [before, most] = [this.#before, this.#most];
    const violations = this.#violations;
    // If the process has ended, nothing else matters.
    if (violations.size === 0) {
      const { problem, echoed } = this.#witness;
      for (const each of this.#problems) violations.add(each);
      if (problem !== undefined) violations.add(problem);
      if (echoed === 0) violations.add('no message of a well-behaved client came back');
      const unexplained = this.#opened - ends.length;
      if (unexplained > 0) violations.add(`${unexplained} of ${this.#opened} connections ended without an explanation`);
      if (most > before + MEMORY_BOUND) {
        violations.add(`the memory grew from ${mib(before)} to ${mib(most)}, more than by ${mib(MEMORY_BOUND)}`);
      }
      if (kind === 'demo' && exit !== 0) violations.add(`SIGTERM ended the demo with ${exit}`);
      if (kind !== 'faulty' && errors() !== '') violations.add(`errors were printed: ${firstError(errors())}`);
    }
    return {
      server: kind,
      tallies: this.#tallies,
      ends: count(ends),
      errors: count(
        errors()
          .split('\n')
          .filter((line) => /^(sockless: .*)?\w*Error: /.test(line)),
      ),
      memory: { before, most },
      echoed: this.#witness.echoed,
      slowest: this.#witness.slowest,
      violations: [...violations],
    };
  }
}

export const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;

function firstError(text: string): string {
  const lines = text.split('\n');
  return lines.find((line) => /^(\S*Error|error)\b/.test(line)) ?? lines[0] ?? '';
}

/** Counts texts, ignoring differences in numbers and quotations. */
function count(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const kind = text.replace(/"[^"]*"/g, '"…"').replace(/(\bafter|\bbyte|;) \d+/g, '$1 N');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}
