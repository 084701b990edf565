/** The process that measures one contestant: node child.ts SUITE_FILE CONTESTANT. It receives questions over IPC. */
import { pathToFileURL } from 'node:url';
import type { Answer, Question } from './in-child.ts';
import { Meter } from './meter.ts';
import type { Contestant, TaskMaker } from './task.ts';

const [file = '', name = ''] = process.argv.slice(2);
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
  const { contestants } = (await import(pathToFileURL(file).href)) as { contestants: readonly Contestant[] };
  const contestant = contestants.find((one) => one.name === name);
  if (contestant === undefined) throw new Error(`${file} has no contestant ${name}`);
  return contestant.load();
}

function send(message: Answer): void {
  process.send?.(message);
}
