// Jest, in a CommonJS project, in the two ways that the README of @sockless/node names: a line of configuration, or a flag of Node's.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { atLength } from '../../core/test/budget.ts';
import { findProgram, NEWEST_NODE } from '../../tools/native.js';
import { systemTool } from '../../tools/testing.ts';
import { project, ROOT } from './project.ts';

const { resolve } = createRequire(import.meta.url);

const FOLDER = join(project.folder, 'jest');
project.write('jest/package.json', JSON.stringify({ private: true, type: 'commonjs' }));
project.write(
  'jest/echo.test.js',
  `const { connect, serve } = require('@sockless/node');
   test('echo', async () => {
     const server = await serve({ host: '127.0.0.1' }, { message: (ws, data) => ws.send(data) });
     const ws = connect(server.url);
     await ws.opened;
     ws.send('hello');
     for await (const message of ws) {
       expect(message).toBe('hello');
       ws.close(1000);
     }
     await server.close();
   });`,
);

const test = suite('Jest');

/** Runs Jest on a Node, with a configuration and options of Node's. */
function jest(node: string, config: object, options = ''): { passed: boolean; output: string } {
  const args = ['--rootDir', FOLDER, '--cacheDirectory', join(FOLDER, 'cache'), '--ci', '--runInBand'];
  const { status, stdout, stderr } = spawnSync(
    node,
    [resolve('jest/bin/jest'), ...args, '--config', JSON.stringify(config)],
    { cwd: FOLDER, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: options } },
  );
  return { passed: status === 0, output: stdout + stderr };
}

/** The line of the README. */
function documented(): object {
  const readme = readFileSync(join(ROOT, 'packages/node/README.md'), 'utf8');
  return JSON.parse(/^```json\n(.*transformIgnorePatterns.*)\n```$/m.exec(readme)?.[1] ?? '');
}

test('Jest loads the packages with the line of the README', () => {
  // What the transform of such a project does with its own ES modules.
  const commonJs = resolve('@babel/plugin-transform-modules-commonjs');
  project.write('jest/babel.config.js', `module.exports = { plugins: [${JSON.stringify(commonJs)}] };`);
  const { passed, output } = jest(process.execPath, documented());
  assert.ok(passed, output);
});

atLength(test)('Jest needs that line', () => {
  assert.not(jest(process.execPath, {}).passed, 'Jest does without it: the README need not have it any more');
});

const newest = findProgram(new URL('../../runtimes/package.json', import.meta.url).href, NEWEST_NODE);
systemTool('node', newest === undefined ? 'npm has none for this platform' : undefined).test(test)(
  'on the newest Node, Jest loads the packages with the flag of the README alone, without that line or a transform',
  () => {
    const { passed, output } = jest(String(newest), { transform: {} }, '--experimental-vm-modules');
    assert.ok(passed, output);
  },
);

test.run();
