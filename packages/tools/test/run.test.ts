// Every command starts before anything is installed, since installing is the first step of most of them.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PROGRAMS } from '../programs.js';

const run = suite<{ root: string }>('run.js');
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

run.before((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'sockless-run-'));
  mkdirSync(join(context.root, 'packages/tools'), { recursive: true });
  const tools = readdirSync(join(ROOT, 'packages/tools')).filter((name) => /\.(js|json|txt)$/.test(name));
  const helps = Object.values(PROGRAMS).map(({ help }) => help);
  const files = [...tools.map((name) => `packages/tools/${name}`), ...helps.filter((help) => help.endsWith('.txt'))];
  for (const file of ['package.json', ...files]) cpSync(join(ROOT, file), join(context.root, file));
});

run.after(({ root }) => rmSync(root, { recursive: true }));

run('prints the help of each command with nothing installed', ({ root }) => {
  const start = (...args: string[]) => {
    return spawnSync(process.execPath, ['packages/tools/run.js', ...args], { cwd: root, encoding: 'utf8' });
  };
  const commands = /run\.js (\S+) /.exec(start().stderr)?.[1]?.split('|') ?? [];
  assert.ok(commands.includes('mutation'));
  for (const name of commands) {
    const { status, stdout, stderr } = start(name, '--help');
    assert.equal({ name, status, stderr }, { name, status: 0, stderr: '' });
    assert.ok(stdout.length > 0, name);
  }
});

run.run();
