/**
 * The process that measures one contestant: node child.ts SUITE_FILE CONTESTANT [CONTESTANT_FILE]. It receives questions over
 * IPC.
 */
import { pathToFileURL } from 'node:url';
import { loadOwn } from '../own/own.ts';
import type { Answer, Question } from './in-child.ts';
import { Meter } from './meter.ts';
import type { Contestant, OwnTasks, TaskMaker } from './task.ts';

const [file = '', name = '', own] = process.argv.slice(2);
let meter: Promise<Meter> | undefined;

process.on('message', (question: Question) => void answer(question));
process.on('disconnect', () => process.exit());
send({ ready: true });

async function answer({ name, milliseconds }: Question): Promise<void> {
  try {
    meter ??= load().then((make) => new Meter(make));
    send({ cost: await (await meter).measure(name, milliseconds) });
  } catch (error) {
    // Another revision of ours may lack what this case needs; then it cannot be compared.
    if (process.env.SOCKLESS_ROOT !== undefined) send({ cost: Number.NaN });
    else send({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

async function load(): Promise<TaskMaker> {
  const { contestants, ownTasks } = (await import(pathToFileURL(file).href)) as {
    contestants: readonly Contestant[];
    ownTasks?: OwnTasks;
  };
  if (own !== undefined && ownTasks !== undefined) return ownTasks(await loadOwn(own));
  const contestant = contestants.find((one) => one.name === name);
  if (contestant === undefined) throw new Error(`${file} has no contestant ${name}`);
  return contestant.load();
}

function send(message: Answer): void {
  process.send?.(message);
}
