// Breaks the sources in many small ways, one at a time, and reports the breaks that no test notices.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './install.js';
import { Failure, files, ROOT } from './workspace.js';

export const help = `npm run mutation [-- [--package NAME]… [--sample N|all] [--seed S] [--file PART] [--test PART]
                        [--again PATH] [--list] [--explained] [--json PATH]]

Breaks the sources of a package in small ways (mutants) and runs the tests that reach each mutant until one fails. It fails
when a mutant survives and test/mutation.json of that package does not explain why.

  --package    core, adapter (with its tests and Node's), node, deno (on Deno); may be repeated (default: core)
  --sample     how many mutants, spread evenly over files and kinds (default: 400)
  --seed       the seed that chooses them (default: a new one each time)
  --file       only mutants in sources whose path contains this; may be repeated
  --test       only tests whose path contains this; may be repeated
  --again      only the survivors of an earlier run, from the file that it wrote with --json
  --list       print the mutants and run no tests
  --explained  also run the tests against explained mutants: one that is killed needs no explanation
  --json       write the result of each mutant to this file`;

/** Generated files; a test compares them with their sources. */
const GENERATED = ['kernel.ts'];
const NAMES = ['core', 'adapter', 'node', 'deno'];
const explained = (/** @type {string} */ name) => `packages/${name}/test/mutation.json`;

/** @typedef {import('./mutants.js').Mutant & { package: string }} Mutant */
/** @typedef {{ names: string[], sample: number, seed: number, parts: string[], tests: string[], again: string, list: boolean, explained: boolean, json: string }} Options */
/** @typedef {{ package: string, file: string, code: string, change: string, why: string }} Explanation */
/** @typedef {Omit<Mutant, 'start' | 'edits'> & { by?: string | undefined, why?: string | undefined, reached?: boolean }} Result */

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function command(args) {
  const options = parse(args);
  install(ROOT, 'all');
  // Only after installing can this be imported.
  const { mutantsOf } = await import('./mutants.js');
  const explanations = options.names.flatMap((name) => {
    const path = join(ROOT, explained(name));
    const listed = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
    return listed.map((/** @type {object} */ one) => ({ ...one, package: name }));
  });
  const all = sources(options).flatMap(({ name, file }) => {
    const text = readFileSync(join(ROOT, 'packages', name, 'src', file), 'utf8');
    return mutantsOf(file, text).map((mutant) => ({ ...mutant, package: name }));
  });
  const survivors = options.again
    ? JSON.parse(readFileSync(options.again, 'utf8')).results.filter(survived)
    : undefined;
  const mutants = survivors
    ? all.filter((mutant) => survivors.some((/** @type {Result} */ other) => isSame(mutant, other)))
    : sample(all, options.sample, options.seed);
  console.log(`${mutants.length} of ${all.length} mutants (--sample ${options.sample} --seed ${options.seed})`);
  if (options.list) {
    console.log(mutants.map(describe).join('\n'));
    return 0;
  }
  const started = Date.now();
  /** @type {Result[]} */
  const results = [];
  for (const name of options.names) {
    const own = mutants.filter((mutant) => mutant.package === name);
    if (own.length > 0) await putToTests(name, own, explanations, options, results);
  }
  console.log(`\n${table(results)}\n`);
  return judge(results, Math.round((Date.now() - started) / 1000));
}

/**
 * @param {string[]} args
 * @returns {Options}
 */
function parse(args) {
  const seed = Date.now() % 2 ** 31;
  /** @type {Options} */
  const options = {
    names: [],
    sample: 400,
    seed,
    parts: [],
    tests: [],
    again: '',
    list: false,
    explained: false,
    json: '',
  };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--list') options.list = true;
    else if (arg === '--explained') options.explained = true;
    else if (arg === '--package' && NAMES.includes(rest[0] ?? '')) options.names.push(rest.shift() ?? '');
    else if (arg === '--sample' && rest[0] === 'all') options.sample = Number(rest.shift() && Infinity);
    else if (arg === '--sample' && Number(rest[0]) > 0) options.sample = Number(rest.shift());
    else if (arg === '--seed' && Number.isInteger(Number(rest[0] ?? ''))) options.seed = Number(rest.shift());
    else if (arg === '--file' && rest[0] !== undefined) options.parts.push(rest.shift() ?? '');
    else if (arg === '--test' && rest[0] !== undefined) options.tests.push(rest.shift() ?? '');
    else if (arg === '--again' && rest[0] !== undefined) options.again = rest.shift() ?? '';
    else if (arg === '--json' && rest[0] !== undefined) options.json = rest.shift() ?? '';
    else throw new Failure(`${arg} is not an option.\n\n${help}`);
  }
  if (options.names.length === 0) options.names.push('core');
  return options;
}

/** @param {Options} options */
function sources({ names, parts }) {
  const found = names.flatMap((name) =>
    files(ROOT, `packages/${name}/src`)
      .map((path) => ({ name, file: path.slice(`packages/${name}/src/`.length) }))
      .filter(({ file }) => file.endsWith('.ts') && !GENERATED.includes(file))
      .filter(({ file }) => parts.length === 0 || parts.some((part) => file.includes(part))),
  );
  if (found.length === 0) throw new Failure(`No source has a path that contains ${parts.join(' or ')}.`);
  return found;
}

/**
 * Takes one mutant of each kind in each file in turn, so that rare kinds are not lost among the frequent ones.
 * @param {readonly Mutant[]} mutants
 * @param {number} count
 * @param {number} seed
 */
export function sample(mutants, count, seed) {
  const random = generator(seed);
  /** @type {Map<string, { mutant: Mutant, at: number }[]>} */
  const groups = new Map();
  for (const { mutant } of shuffle(mutants, random)) {
    const key = `${mutant.package} ${mutant.file} ${mutant.kind}`;
    const group = groups.get(key) ?? [];
    groups.set(key, [...group, { mutant, at: group.length + random() }]);
  }
  const turns = [...groups.values()].flat().sort((a, b) => a.at - b.at);
  return turns.slice(0, count).map(({ mutant }) => mutant);
}

/**
 * @param {readonly Mutant[]} mutants
 * @param {() => number} random
 */
function shuffle(mutants, random) {
  return mutants.map((mutant) => ({ mutant, at: random() })).sort((a, b) => a.at - b.at);
}

/** Returns pseudo-random numbers from 0 to below 1. @param {number} seed */
function generator(seed) {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    return ((mixed ^ (mixed >>> 12)) >>> 0) / 2 ** 32;
  };
}

/**
 * Runs the tests of a package against its mutants.
 * @param {string} name
 * @param {readonly Mutant[]} mutants
 * @param {readonly Explanation[]} explanations
 * @param {Options} options
 * @param {Result[]} results receives the results
 */
async function putToTests(name, mutants, explanations, options, results) {
  const { createTree } = await import('./mutation-tree.js');
  const { MUTATED } = await import('./mutation-packages.js');
  const tree = createTree(ROOT, /** @type {import('./mutation-packages.js').Mutated} */ (MUTATED[name]));
  process.once('exit', tree.remove);
  try {
    const measured = await tree.measure(mutants, options.tests, (line) => console.log(`measuring ${line}`));
    console.log(`${measured.tests.length} tests; left out:${['', ...measured.left].join('\n  ')}\n`);
    for (const [index, mutant] of mutants.entries()) {
      const { start, edits, ...result } = mutant;
      const why = explanations.find((explanation) => isSame(explanation, mutant))?.why;
      const verdict = why !== undefined && !options.explained ? { by: undefined } : await tree.put(mutant, measured);
      results.push({ ...result, ...verdict, why });
      const place = `${index + 1}/${mutants.length}`;
      const unreached = 'reached' in verdict && !verdict.reached ? ', no test reaches it' : '';
      if (verdict.by === undefined && why === undefined)
        console.log(`${place} survived${unreached}: ${describe(mutant)}`);
      else if (verdict.by !== undefined && why !== undefined)
        console.log(`${place} explained, but killed: ${describe(mutant)}`);
      else if ((index + 1) % 25 === 0) console.log(place);
      if (options.json) writeFileSync(options.json, JSON.stringify({ ...options, results }, null, 1));
    }
  } finally {
    tree.remove();
  }
}

/**
 * Tells whether two mutants are the same, wherever their lines have moved.
 * @param {{ package: string, file: string, code: string, change: string }} a
 * @param {{ package: string, file: string, code: string, change: string }} b
 */
function isSame(a, b) {
  return a.package === b.package && a.file === b.file && a.code === b.code && a.change === b.change;
}

/** @param {Result} result whether no test notices it and no explanation covers it */
function survived({ by, why }) {
  return by === undefined && why === undefined;
}

/** @param {Omit<Mutant, 'start' | 'edits'>} mutant */
function describe({ package: name, file, line, kind, change, code }) {
  return `${name}/${file}:${line} ${kind}: ${change}\n    ${code}`;
}

/** @param {readonly Result[]} results */
function table(results) {
  const kinds = [...new Set(results.map(({ kind }) => kind))].sort();
  const count = (/** @type {readonly Result[]} */ of) => [
    of.length,
    of.filter(({ by }) => by !== undefined).length,
    of.filter(({ by, why }) => by === undefined && why !== undefined).length,
    of.filter(survived).length,
  ];
  const row = (/** @type {readonly unknown[]} */ [name, ...counts]) =>
    String(name).padEnd(20) + counts.map((text) => String(text).padStart(11)).join('');
  return [
    row(['', 'mutants', 'killed', 'explained', 'survived']),
    ...kinds.map((kind) => row([kind, ...count(results.filter((result) => result.kind === kind))])),
    row(['all', ...count(results)]),
  ].join('\n');
}

/**
 * @param {readonly Result[]} results
 * @param {number} seconds
 */
function judge(results, seconds) {
  const killed = results.filter(({ by }) => by !== undefined).length;
  const stale = results.filter(({ by, why }) => by !== undefined && why !== undefined);
  const survivors = results.filter(survived);
  console.log(`${((100 * killed) / results.length).toFixed(1)} % killed in ${seconds} s`);
  if (survivors.length > 0) console.log(`${survivors.length} survived, and no ${explained('…')} says why`);
  if (stale.length > 0) console.log(`${stale.length} explained in ${explained('…')}, but killed`);
  return survivors.length > 0 || stale.length > 0 ? 1 : 0;
}
