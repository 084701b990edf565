// node --import tsx run.ts SUBJECT FIRST COUNT: for development
import { simulate } from './world.ts';

const [name = 'node', first = '1', count = '100'] = process.argv.slice(2);
const { [name]: subject } = await import(`./${name}.ts`);
const kinds = new Map<string, { count: number; seed: number; message: string }>();
const started = performance.now();
let messages = 0;
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const outcome = await simulate(subject, seed);
  messages += outcome.messages;
  if (count === '1') console.log(outcome.trace.join('\n'));
  for (const { kind, message } of outcome.faults) {
    const known = kinds.get(kind);
    if (known) known.count++;
    else kinds.set(kind, { count: 1, seed, message });
  }
}
console.log([...kinds], messages, `${Math.round(performance.now() - started)} ms`);
