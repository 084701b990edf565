// Debian packages can be hidden, and every skipped test says why. In CI only hidden packages may be missing.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWorkspace } from './workspace.ts';

const tools = suite('SOCKLESS_HIDE_TOOLS');

const SOURCE = `
  import { suite } from 'uvu';
  import { debianTool, systemTool } from '../../tools/testing.ts';
  const test = suite('a');
  const tool = process.env.ABSENT ? systemTool('abacus', process.env.ABSENT) : debianTool('chromium');
  tool.test(test)('calculates', () => undefined);
  test.run();
`;

/** Runs a test that needs a tool; returns the closing line and the output. */
function run(env: Record<string, string>): { closing: string | undefined; output: string } {
  const workspace = createWorkspace({
    'packages/a/package.json': '{ "name": "a", "type": "module" }',
    'packages/a/test/a.test.ts': SOURCE,
  });
  const statements = `
    for (const name of ['CI', 'SOCKLESS_HIDE_TOOLS']) delete process.env[name];
    Object.assign(process.env, ${JSON.stringify(env)});
    await tools.runGroups(root, tools.testFiles(root, ['packages/a']), { filters: ['packages/a'] });`;
  const { output } = workspace.run('test.js', statements);
  workspace.remove();
  return { closing: output.trimEnd().split('\n').at(-1), output };
}

const SKIPPED = '0 passed, 0 failed, 1 skipped';

tools('tests that need a tool hidden by SOCKLESS_HIDE_TOOLS are skipped with a notice, even in CI', () => {
  for (const hidden of ['all', 'chromium', 'python3-wsproto,chromium']) {
    for (const ci of [{}, { CI: 'true' }]) {
      const { closing, output } = run({ SOCKLESS_HIDE_TOOLS: hidden, ...ci });
      assert.match(output, 'chromium is missing (hidden by SOCKLESS_HIDE_TOOLS): tests that need it are skipped');
      assert.is(closing, SKIPPED);
    }
  }
});

tools('tests that need a missing tool are skipped with a notice of how to install it; in CI they fail', () => {
  const absent = { ABSENT: 'apt-get install abacus' };
  const { closing, output } = run(absent);
  assert.match(output, 'abacus is missing (apt-get install abacus): tests that need it are skipped');
  assert.is(closing, SKIPPED);
  assert.is(run({ ...absent, CI: 'true' }).closing, '0 passed, 1 failed, 0 skipped');
});

tools('hiding an unknown name is a failure', () => {
  const { closing, output } = run({ SOCKLESS_HIDE_TOOLS: 'chrome' });
  assert.match(output, 'SOCKLESS_HIDE_TOOLS: there is no chrome, only chromium, python3-websockets, python3-wsproto');
  assert.is(closing, '0 passed, 1 failed, 0 skipped');
});

tools.run();
