/** Breaks the sources in many small ways, one at a time, and reports the breaks that no test notices. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seeded } from '../adapter/src/testing/random.ts';
import { type Mutant as Edited, mutantsOf } from './mutants.ts';
import { createTree, TESTED_BY } from './mutation-tree.ts';
import { Failure, files, ROOT } from './workspace.js';

/** Generated files; a test compares them with their sources. */
const GENERATED = ['kernel.ts'];

type Mutant = Edited & { readonly package: string };
type Known = Pick<Mutant, 'package' | 'file' | 'code' | 'change'>;
type Explanation = Known & { readonly why: string };
type Result = Omit<Mutant, 'start' | 'edits'> & { by?: string | undefined; why?: string | undefined };

/** Returns the exit code. */
export async function command(args: string[]): Promise<number> {
  const text = { type: 'string', multiple: true, default: [] as string[] } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ package: { ...text, default: ['core'] }, file: text, test: text },
      ...{ sample: { type: 'string', default: '400' }, seed: { type: 'string', default: `${Date.now() % 2 ** 31}` } },
      ...{
        again: { type: 'string' },
        json: { type: 'string' },
        list: { type: 'boolean' },
        explained: { type: 'boolean' },
      },
    },
  });
  const { package: names, again, json } = values;
  const [size, seed] = [values.sample === 'all' ? Infinity : Number(values.sample), Number(values.seed)];
  const unknown = names.find((name) => TESTED_BY[name] === undefined);
  if (unknown !== undefined) throw new Failure(`--package ${unknown}: none of ${Object.keys(TESTED_BY).join(', ')}`);
  if (!(size > 0 && Number.isInteger(seed))) throw new Failure('--sample is a number or all, --seed a whole number');
  const all = names.flatMap((name) => allOf(name, values.file));
  if (all.length === 0) throw new Failure(`No source has a path that contains ${values.file.join(' or ')}.`);
  const before: Result[] | undefined = again && JSON.parse(readFileSync(again, 'utf8')).results.filter(survived);
  const mutants = before
    ? all.filter((mutant) => before.some((other) => isSame(mutant, other)))
    : sample(all, size, seed);
  console.log(`${mutants.length} of ${all.length} mutants (--sample ${values.sample} --seed ${seed})`);
  if (values.list) {
    console.log(mutants.map(describe).join('\n'));
    return 0;
  }
  const started = Date.now();
  const results: Result[] = [];
  for (const name of names) {
    const own = mutants.filter((mutant) => mutant.package === name);
    await putToTests(name, own, values.test, values.explained === true, (result) => {
      results.push(result);
      if (json !== undefined) writeFileSync(json, JSON.stringify({ ...values, seed, results }, null, 1));
    });
  }
  console.log(`\n${table(results)}\n`);
  return judge(results, Math.round((Date.now() - started) / 1000));
}

function allOf(name: string, parts: readonly string[]): Mutant[] {
  const folder = `packages/${name}/src/`;
  const sources = files(ROOT, folder.slice(0, -1)).map((path) => path.slice(folder.length));
  return sources
    .filter((file) => file.endsWith('.ts') && !GENERATED.includes(file))
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .flatMap((file) => mutantsOf(file, readFileSync(join(ROOT, folder, file), 'utf8')))
    .map((mutant) => ({ ...mutant, package: name }));
}

/** Takes one mutant of each kind in each file in turn, so that rare kinds are not lost among the frequent ones. */
export function sample(mutants: readonly Mutant[], count: number, seed: number): Mutant[] {
  const random = seeded(seed);
  const shuffled = mutants.map((mutant) => ({ mutant, at: random() })).sort((a, b) => a.at - b.at);
  const taken = new Map<string, number>();
  const turns = shuffled.map(({ mutant }) => {
    const key = `${mutant.package} ${mutant.file} ${mutant.kind}`;
    const turn = taken.get(key) ?? 0;
    taken.set(key, turn + 1);
    return { mutant, at: turn + random() };
  });
  return turns
    .sort((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ mutant }) => mutant);
}

/** Runs the tests of a package against its mutants. */
async function putToTests(
  name: string,
  mutants: readonly Mutant[],
  tests: readonly string[],
  evenExplained: boolean,
  add: (result: Result) => void,
): Promise<void> {
  if (mutants.length === 0) return;
  const path = join(ROOT, `packages/${name}/test/mutation.json`);
  const listed: Omit<Explanation, 'package'>[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
  const explanations: Explanation[] = listed.map((one) => ({ ...one, package: name }));
  const tree = createTree(ROOT, name);
  process.once('exit', tree.remove);
  const measured = await tree.measure(mutants, tests, (line) => console.log(`measuring ${line}`));
  console.log(`${measured.tests.length} tests; left out:${['', ...measured.left].join('\n  ')}\n`);
  for (const [index, mutant] of mutants.entries()) {
    const { start, edits, ...known } = mutant;
    const why = explanations.find((explanation) => isSame(explanation, mutant))?.why;
    const verdict = why !== undefined && !evenExplained ? { by: undefined } : await tree.put(mutant, measured);
    const place = `${index + 1}/${mutants.length}`;
    const unreached = 'reached' in verdict && !verdict.reached ? ', no test reaches it' : '';
    if (verdict.by === undefined && why === undefined)
      console.log(`${place} survived${unreached}: ${describe(mutant)}`);
    else if (verdict.by !== undefined && why !== undefined)
      console.log(`${place} explained, but killed: ${describe(mutant)}`);
    else if ((index + 1) % 25 === 0) console.log(place);
    add({ ...known, ...verdict, why });
  }
  tree.remove();
}

/** Tells whether two mutants are the same, wherever their lines have moved. */
const isSame = (a: Known, b: Known): boolean =>
  a.package === b.package && a.file === b.file && a.code === b.code && a.change === b.change;

/** Tells whether no test notices it and no explanation covers it. */
const survived = ({ by, why }: Result): boolean => by === undefined && why === undefined;

const describe = ({ package: name, file, line, kind, change, code }: Mutant): string =>
  `${name}/${file}:${line} ${kind}: ${change}\n    ${code}`;

function table(results: readonly Result[]): string {
  const kinds = [...new Set(results.map(({ kind }) => kind))].sort();
  const row = (name: string, of: readonly Result[]) => ({
    '': name,
    mutants: of.length,
    killed: of.filter(({ by }) => by !== undefined).length,
    explained: of.filter(({ by, why }) => by === undefined && why !== undefined).length,
    survived: of.filter(survived).length,
  });
  const rows = [
    ...kinds.map((kind) =>
      row(
        kind,
        results.filter((each) => each.kind === kind),
      ),
    ),
    row('all', results),
  ];
  const lines = [Object.keys(rows[0] ?? {}), ...rows.map((each) => Object.values(each).map(String))];
  return lines
    .map(([name = '', ...cells]) => name.padEnd(20) + cells.map((cell) => cell.padStart(11)).join(''))
    .join('\n');
}

function judge(results: readonly Result[], seconds: number): number {
  const killed = results.filter(({ by }) => by !== undefined).length;
  const stale = results.filter(({ by, why }) => by !== undefined && why !== undefined);
  const survivors = results.filter(survived);
  console.log(`${((100 * killed) / results.length).toFixed(1)} % killed in ${seconds} s`);
  if (survivors.length > 0) console.log(`${survivors.length} survived, and no test/mutation.json says why`);
  if (stale.length > 0) console.log(`${stale.length} explained in test/mutation.json, but killed`);
  return survivors.length > 0 || stale.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('SIGINT', () => process.exit(130));
  try {
    process.exitCode = await command(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Failure || error instanceof TypeError ? error.message : error);
    process.exitCode = 1;
  }
}
