// Runs tests under Deno, and registers each with uvu, so that the counts of `deno test` are the counts here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import { DENO, DENO_ENV, findProgram } from '../../tools/native.js';
import { SKIPPED, systemTool } from '../../tools/testing.ts';
import { LEFT_OUT } from './on-deno/node-alone.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const IMPORT_MAP = 'packages/deno/test/on-deno/import-map.json';
/** {@link IMPORT_MAP} without this adapter, so that Node's stays in its place. */
export const UVU_ALONE = 'packages/deno/test/on-deno/uvu-alone.json';

const program = findProgram(new URL('../../tools/native.js', import.meta.url).href, DENO);
const deno = systemTool('deno', program === undefined ? 'npm has none for this platform' : undefined);

/** The result of one test of `deno test`. */
export interface Result {
  readonly title: string;
  /** The reason why it failed. */
  readonly failure: string | undefined;
  readonly ignored: boolean;
}

/** How to run tests. */
interface How {
  /** How to check a result. Default: it must not be a failure. */
  readonly expect?: (result: Result) => void;
  /** Whether tests must leave nothing open. Default: true. */
  readonly sanitize?: boolean;
  /** The import map. Default: the one that replaces Node's adapter by this one. */
  readonly map?: string;
}

/**
 * Runs files with `deno test` and registers a uvu test for each of theirs, in a suite of this name.
 *
 * @param files their paths, relative to the root
 */
export async function runOnDeno(
  name: string,
  files: readonly string[],
  { expect = expectSuccess, ...how }: How = {},
): Promise<void> {
  const test = suite(name);
  if (program === undefined) {
    deno.test(test)(files.join(', '), () => undefined);
  } else {
    const { results, output, code } = await runTests(program, files, how);
    for (const result of results) {
      if (result.ignored) console.log(result.title);
      if (result.title.includes(SKIPPED)) test.skip(result.title, () => undefined);
      else if (!result.ignored) test(result.title, () => expect(result));
    }
    const failed = results.some(({ failure }) => failure !== undefined);
    test(`deno test found ${results.length} tests and ended`, () => {
      const silent = results.filter(
        ({ ignored, title }) => ignored && ![LEFT_OUT, SKIPPED].some((it) => title.includes(it)),
      );
      if (silent.length > 0)
        throw new Error(`ignored without a reason: ${silent.map(({ title }) => title).join(', ')}`);
      if (results.length === 0 || (code !== 0 && !failed)) throw new Error(`deno test: ${code}\n${output}`);
    });
  }
  test.run();
}

function expectSuccess({ failure }: Result): void {
  if (failure !== undefined) throw new Error(failure);
}

async function runTests(command: string, files: readonly string[], { sanitize = true, map = IMPORT_MAP }: How) {
  const sanitizers = sanitize ? ['--sanitize-ops', '--sanitize-resources'] : [];
  const args = ['test', '--allow-all', '--no-check', '--reporter=tap', '--import-map', map, ...sanitizers];
  // One module that imports them all: Deno would load everything anew for each file.
  const folder = mkdtempSync(join(tmpdir(), 'sockless-deno-'));
  const all = join(folder, 'all.test.ts');
  writeFileSync(all, files.map((path) => `import ${JSON.stringify(pathToFileURL(join(ROOT, path)).href)};\n`).join(''));
  const child = spawn(command, [...args, all], {
    cwd: ROOT,
    env: { ...process.env, ...DENO_ENV },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  rmSync(folder, { recursive: true });
  return { results: parse(output), output: output + errors, code: child.exitCode };
}

/** Parses TAP as `deno test` writes it: the details of a failure are JSON between lines of their own. */
function parse(output: string): Result[] {
  const line = /^(not )?ok \d+ - (.*?)( # SKIP)?$(?:\n {2}---\n((?:.|\n)*?)\n {2}\.\.\.$)?/gm;
  return [...output.matchAll(line)].map(([, not, title = '', skip, said]) => ({
    title,
    failure: not === undefined ? undefined : readable(said),
    ignored: skip !== undefined,
  }));
}

function readable(said: string | undefined): string {
  if (said === undefined) return 'deno test does not say why: something was thrown outside of a test';
  const { message } = JSON.parse(said) as { message: string };
  return message;
}
