/** The process that fuzzes one target; session.ts starts it and watches it. */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../../packages/adapter/src/testing/random.ts';
import { readCorpus } from './corpus.ts';
import { branches, countedModules, features, literals } from './coverage.ts';
import { loadTarget } from './files.ts';
import { findingOf } from './finding.ts';
import { type Fault, Fuzzer, fault } from './fuzzer.ts';
import { CORPORA } from './here.ts';
import { isOwn } from './loading.ts';
import { cover, minimise } from './minimise.ts';
import { registerHooks } from './register.ts';
import type { Report, Task } from './session.ts';

/** The most executions spent on minimising a finding. */
const PATIENCE = 3000;

/** A run stops after this many different findings. */
const ENOUGH = 20;

// Ctrl-C reaches the whole process group, but the session decides when to stop.
process.on('SIGINT', () => undefined);
// Without its session, nobody watches it.
process.once('disconnect', () => process.exit());
const task = JSON.parse(process.argv[2] ?? '') as Task;
let stopped = false;
process.on('message', () => {
  stopped = true;
});

registerHooks(task.counted);
const target = await loadTarget(task.target);
// Nobody reads the stack traces of errors that a target expects, so they are not collected.
const { stackTraceLimit } = Error;
Error.stackTraceLimit = 0;

send({ type: 'loaded', ...countedModules(isOwn) });
const current = openSync(task.current, 'w');
const identities = new Set<string>();
const dictionary = [...literals]
  .map((word) => Buffer.from(word))
  .concat((target.dictionary ?? []).map((word) => Buffer.from(word)));
const fuzzer = new Fuzzer(target, seeded(task.seed), dictionary, task.maxLength, remember, report);

const started = Date.now();
let reported = 0;
// From here on, the session takes silence for an input that never ends.
progress();
await fuzzer.try(new Uint8Array(0));
const corpora = new Set([
  task.target.corpus,
  ...(target.corpus === undefined ? [] : [join(CORPORA, `${target.corpus}.txt`)]),
]);
for (const path of corpora) for (const { data } of readCorpus(path)) await turn(() => fuzzer.try(data));
for (const data of target.seeds?.() ?? []) {
  if (data.length <= task.maxLength) await turn(() => fuzzer.try(data));
}
while (!stopped && Date.now() - started < task.time && fuzzer.executions < task.runs && identities.size < ENOUGH) {
  const until = Date.now() + 100;
  while (Date.now() < until && fuzzer.executions < task.runs) await fuzzer.step();
  await turn(() => Promise.resolve());
}
const kept = task.keep ? await shortened() : [];
progress();
send({ type: 'done', kept: kept.map((data) => Buffer.from(data).toString('hex')) });
process.disconnect?.();

/** Lets the event loop handle messages now and then. */
async function turn<T>(action: () => Promise<T>): Promise<T> {
  const result = await action();
  if (Date.now() - reported < 500) return result;
  reported = Date.now();
  progress();
  await new Promise((resolve) => setImmediate(resolve));
  return result;
}

function progress(): void {
  const { executions, corpus } = fuzzer;
  send({
    ...{ type: 'progress', executions, corpus: corpus.length, branches: fuzzer.branches, of: branches() },
    ...{ seconds: (Date.now() - started) / 1000 },
  });
}

function send(message: Report): void {
  process.send?.(message);
}

/** The file that tells the session which input never ended or ended the process: its length, then its bytes. */
function remember(data: Uint8Array): void {
  const record = new Uint8Array(4 + data.length);
  new DataView(record.buffer).setUint32(0, data.length);
  record.set(data, 4);
  writeSync(current, record, 0, record.length, 0);
}

/** Returns the first input for each fault, minimised. */
async function report(data: Uint8Array, first: Fault): Promise<void> {
  const { identity } = first;
  if (identities.has(identity)) return;
  identities.add(identity);
  const fails = (smaller: Uint8Array): Promise<boolean> =>
    turn(async () => (await fuzzer.execute(smaller))?.identity === identity);
  const small = await minimise(data, fails, PATIENCE, target.simpler);
  Error.stackTraceLimit = stackTraceLimit;
  const last = (await fault(target, small)) ?? first;
  Error.stackTraceLimit = 0;
  const finding = findingOf(task.target.name, target, last, small, data);
  send({ type: 'finding', finding });
}

/** Returns a corpus that reaches the same features with fewer and shorter inputs. */
async function shortened(): Promise<Uint8Array[]> {
  const inputs: Uint8Array[] = [];
  for (const entry of cover(fuzzer.corpus)) {
    const reaches = (data: Uint8Array): Promise<boolean> =>
      turn(async () => {
        if ((await fuzzer.execute(data)) !== undefined) return false;
        const found = new Set(features());
        return entry.features.every((feature) => found.has(feature));
      });
    inputs.push(await minimise(entry.data, reaches, 200));
  }
  return inputs;
}
