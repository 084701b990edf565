// The fuzzer as a user has it: installed from its tarball in a folder without "type": "module", with the target of its README.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../core/test/budget.ts';
import { project } from './project.ts';

/** A folder of the project whose package.json says as much about modules as that of a new project. */
const FOLDER = join(project.folder, 'fuzzing');
const write = (path: string, text: string): string => project.write(join('fuzzing', path), text);
write('package.json', '{ "private": true }');
const ws = dirname(createRequire(import.meta.url).resolve('ws/package.json'));
symlinkSync(ws, join(project.folder, 'node_modules/ws'), 'junction');
const readme = readFileSync(join(project.folder, 'node_modules/@sockless/fuzz/README.md'), 'utf8');
const [, example = ''] = /^```js\n(.*?)^```$/ms.exec(readme) ?? [];

const test = suite('the fuzzer in a project');

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: FOLDER, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const CLI = '../node_modules/@sockless/fuzz/dist/cli.js';
const fuzz = (path: string, ...more: string[]) =>
  run(CLI, '--target', path, '--seed', '1', '--runs', String(budget(100, 300)), ...more);

test("for the README's target the fuzzer counts the branches of a CommonJS package, and reports no finding", () => {
  write('mine.ts', example);
  const { status, output } = fuzz('./mine.ts');
  assert.is(status, 0, output);
  const [, branches = 0, modules = 0] = /guided by (\d+) branches in (\d+) modules/.exec(output) ?? [];
  assert.ok(Number(branches) > 500 && Number(modules) > 5, output);
  assert.not.match(output, /Warning/);
});

test('a deviation that the target does not declare is found, and a program replays it', () => {
  write('strict.mjs', example.replace('longLengths: true, ', ''));
  const { status, output } = fuzz('strict.mjs', '--keep');
  assert.is(status, 1, output);
  assert.match(
    output,
    'length-not-minimal (RFC 6455 5.2): the peer encoded a payload length in more bytes than it needs',
  );
  const [program = ''] = readdirSync(join(FOLDER, 'findings/strict')).filter((name) => name.endsWith('.mjs'));
  const replayed = run(join('findings/strict', program));
  assert.is(replayed.status, 1);
  assert.match(replayed.output, 'Violation: events follow the RFC');
  const input = join('findings/strict', program.replace(/\.mjs$/, ''));
  assert.match(run(CLI, '--target', 'strict.mjs', '--replay', input).output, 'a server receives 8 bytes: ');
  assert.ok(readFileSync(join(FOLDER, 'strict.corpus.txt'), 'utf8').split('\n').length > 20);
});

test('targets of every module type count the branches of the modules that they load', () => {
  write('impl.js', 'exports.ends = (chunks) => (chunks.length > 3 ? ["end", 1006, false] : ["end", 1006, false]);');
  const rest = `receiveTarget('server', { name: 'a', has: {}, play: (role, chunks) => ({ events: [ends(chunks)], sent: undefined }) })`;
  const required = `const { receiveTarget } = require('@sockless/fuzz');\nconst { ends } = require('./impl');\n`;
  const imported = `import { receiveTarget } from '@sockless/fuzz';\nimport { ends } from './impl.js';\n`;
  write('inner/package.json', '{ "type": "module" }');
  write('inner/impl.ts', `export { ends } from '../impl.js';`);
  const all: [path: string, text: string][] = [
    ['a.js', `${required}exports.target = ${rest};`],
    ['b.ts', `${required}enum Kind { One }\nmodule.exports = ${rest};`],
    ['inner/e.ts', `${imported}export const target = ${rest};`],
    ['c.cts', `${required}const target: object = ${rest};\nmodule.exports = { target };`],
    ['d.mts', `${imported}export const target: unknown = ${rest};`],
    ['f.js', `${imported}export const target = ${rest};`],
  ];
  for (const [path, text] of budget(all.slice(0, 1), all)) {
    write(path, text);
    const { status, output } = fuzz(path, '--runs', '30');
    assert.is(status, 1, `${path}: ${output}`);
    // Functions, a conditional, and what an enum becomes.
    assert.match(output, /guided by [4-9] branches in 2 modules/, path);
    assert.match(output, 'text-delivered (RFC 6455 5.6)', path);
  }
});

test('the corpora of the package can be imported, and have one input on each line', () => {
  const path = createRequire(join(FOLDER, 'a.js')).resolve('@sockless/fuzz/corpus/receive-server.txt');
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) assert.match(line, /^([\w.-]+ )?[\w+/]+=*$/);
});

test.run();
