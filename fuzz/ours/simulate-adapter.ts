/** Runs the simulation of the adapters' tests on a larger scale: applications, peers and networks on simulated sockets. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Subject, simulate } from '../../packages/adapter/test/simulation/index.ts';
import { stopOnSignal, type Terminal } from '../src/terminal.ts';
import type { Schedules } from './simulate.ts';

interface Finding {
  readonly kind: string;
  readonly message: string;
  /** The first schedule with this fault, and the number of them. */
  readonly seed: number;
  readonly after: number;
  schedules: number;
}

/** Simulates `options.count` schedules, from `options.seed` on; returns 1 when a rule does not hold in one. */
export async function simulateAdapter(options: Schedules, name: string, terminal: Terminal): Promise<number> {
  const { count, seed: first, json } = options;
  const subject = await load(name);
  const stop = stopOnSignal(terminal);
  const started = performance.now();
  const injected = new Map<string, number>();
  const findings = new Map<string, Finding>();
  let [done, messages, digest] = [0, 0, 0x811c9dc5];
  terminal.line(`${subject.name}: ${count} schedules from seed ${first} on`);

  for (; done < count && !stop.aborted; done++) {
    const seed = first + done;
    const outcome = await simulate(subject, seed);
    messages += outcome.messages;
    for (const line of outcome.trace) digest = hash(digest, line);
    for (const [kind, times] of outcome.injected) injected.set(kind, (injected.get(kind) ?? 0) + times);
    if (count === 1) for (const line of outcome.trace) terminal.line(line);
    for (const [kind, message] of new Map(outcome.faults.map((it) => [it.kind, it.message]))) {
      const known = findings.get(kind);
      if (known !== undefined) {
        known.schedules++;
        continue;
      }
      findings.set(kind, { kind, message, seed, after: done + 1, schedules: 1 });
      terminal.line(`FINDING ${kind}: ${message}`);
      terminal.line(`  replay: npm run fuzz -- --simulate-adapter ${name} --simulate 1 --seed ${seed}`);
    }
    if (done % 50 === 0)
      terminal.progress(`${done} schedules, ${messages} messages, ${findings.size} kinds of findings`);
  }

  const seconds = (performance.now() - started) / 1000;
  const byKind = [...injected].sort((a, b) => b[1] - a[1]);
  terminal.line('');
  for (const [kind, times] of byKind) terminal.line(`${String(times).padStart(9)}  ${kind}`);
  for (const it of findings.values()) {
    terminal.line(`FINDING ${it.kind}: in ${it.schedules} schedules, first after ${it.after}, seed ${it.seed}`);
  }
  const rate = Math.round(done / seconds);
  terminal.line(`${done} schedules (seeds ${first} to ${first + done - 1}) in ${seconds.toFixed(1)} s, ${rate}/s`);
  terminal.line(`${messages} messages arrived, ${findings.size} kinds of findings, digest ${digest.toString(16)}`);
  if (json !== undefined) {
    const result = { seed: first, schedules: done, messages, digest, injected: Object.fromEntries(byKind) };
    writeFileSync(json, `${JSON.stringify({ ...result, findings: [...findings.values()] }, null, 2)}\n`);
  }
  return findings.size > 0 ? 1 : 0;
}

async function load(name: string): Promise<Subject> {
  if (name === 'node') return (await import('../../packages/adapter/test/simulation/node.ts')).node;
  if (name === 'deno') return (await import('../../packages/adapter/test/simulation/deno.ts')).deno;
  const { subject }: { subject: Subject } = await import(pathToFileURL(resolve(name)).href);
  return subject;
}

/** The FNV-1a hash. */
function hash(before: number, text: string): number {
  let hash = before;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
