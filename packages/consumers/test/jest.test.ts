// Jest, in a CommonJS project, in the two ways that the README of @sockless/node names: a line of configuration, or a flag of Node's.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { atLength } from '../../core/test/budget.ts';
import { findProgram, NEWEST_NODE } from '../../tools/native.js';
import { systemTool } from '../../tools/testing.ts';
import { project, ROOT } from './project.ts';

const { resolve } = createRequire(import.meta.url);

const ECHO = `
   test('echo', async () => {
     const server = await serve({ host: '127.0.0.1' }, { message: (ws, data) => void ws.send(data) });
     const ws = connect(server.url);
     await ws.opened;
     ws.send('hello');
     for await (const message of ws) {
       expect(message).toBe('hello');
       ws.close(1000);
     }
     await server.close();
   });`;

/** Makes the folder of a CommonJS project with that test. */
function folderWith(name: string, files: Readonly<Record<string, string>>): string {
  const all = { 'package.json': '{ "private": true, "type": "commonjs" }', ...files };
  for (const [path, text] of Object.entries(all)) project.write(join(name, path), text);
  return join(project.folder, name);
}

const TEST = { 'echo.test.js': `const { connect, serve } = require('@sockless/node');${ECHO}` };
const FOLDER = folderWith('jest', TEST);

const test = suite('Jest');

interface Run {
  readonly passed: boolean;
  readonly output: string;
}

/** Runs Jest on a Node, with a configuration and options of Node's. */
function jest(node: string, config: object, { folder = FOLDER, options = '' } = {}): Run {
  const args = ['--rootDir', folder, '--cacheDirectory', join(folder, 'cache'), '--ci', '--runInBand'];
  const { status, stdout, stderr } = spawnSync(
    node,
    [resolve('jest/bin/jest'), ...args, '--config', JSON.stringify(config)],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: options } },
  );
  return { passed: status === 0, output: stdout + stderr };
}

/** The line of the README. */
function documented(): object {
  const readme = readFileSync(join(ROOT, 'packages/node/README.md'), 'utf8');
  return JSON.parse(/^```json\n(.*transformIgnorePatterns.*)\n```$/m.exec(readme)?.[1] ?? '');
}

/** What the transform of such a project does with its own ES modules. */
const BABEL = JSON.stringify({ plugins: [resolve('@babel/plugin-transform-modules-commonjs')] });

test('Jest loads the packages with the line of the README', () => {
  project.write('jest/babel.config.js', `module.exports = ${BABEL};`);
  const { passed, output } = jest(process.execPath, documented());
  assert.ok(passed, output);
});

atLength(test)('a .babelrc is not enough, as the README says', () => {
  const folder = folderWith('babelrc', { ...TEST, '.babelrc': BABEL });
  const { passed, output } = jest(process.execPath, documented(), { folder });
  assert.not(passed, 'it is enough: the README may say so');
  assert.match(output, '@sockless/node');
});

/** Runs a test in TypeScript with a preset of ts-jest. */
function tsJest(preset: string, more: Readonly<Record<string, string>> = {}): Run {
  const installed = join(project.folder, 'node_modules/ts-jest');
  if (!existsSync(installed)) symlinkSync(dirname(resolve('ts-jest/package.json')), installed, 'junction');
  const compilerOptions = { target: 'es2022', module: 'nodenext', isolatedModules: true, allowJs: true, strict: true };
  const declared = `declare const test: (name: string, run: () => Promise<void>) => void;
    declare const expect: (value: unknown) => { toBe(other: unknown): void };`;
  const folder = folderWith(preset.replaceAll('/', '-'), {
    'echo.test.ts': `import { connect, serve } from '@sockless/node';\n${declared}${ECHO}`,
    'tsconfig.json': JSON.stringify({ compilerOptions }),
    ...more,
  });
  return jest(process.execPath, { preset, ...documented() }, { folder });
}

test('with ts-jest and the preset of the README that line is enough', () => {
  const { passed, output } = tsJest('ts-jest/presets/js-with-ts');
  assert.ok(passed, output);
});

atLength(test)('the other preset of the README is enough together with Babel, and the default one is not', () => {
  const { passed, output } = tsJest('ts-jest/presets/js-with-babel', {
    'babel.config.js': `module.exports = ${BABEL};`,
  });
  assert.ok(passed, output);
  assert.not(tsJest('ts-jest').passed, 'the default preset is enough: the README may say so');
});

atLength(test)('Jest needs that line', () => {
  assert.not(jest(process.execPath, {}).passed, 'Jest does without it: the README need not have it any more');
});

const newest = findProgram(new URL('../../runtimes/package.json', import.meta.url).href, NEWEST_NODE);
systemTool('node', newest === undefined ? 'npm has none for this platform' : undefined).test(test)(
  'on the newest Node, Jest loads the packages with the flag of the README alone, without that line or a transform',
  () => {
    const { passed, output } = jest(String(newest), { transform: {} }, { options: '--experimental-vm-modules' });
    assert.ok(passed, output);
  },
);

test.run();
