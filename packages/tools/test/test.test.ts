// Faults that the test command must notice, in a workspace with one package.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWorkspace } from './workspace.ts';

const HEAD = `import { suite, test } from 'uvu'; import * as assert from 'uvu/assert';`;
const GOOD = `${HEAD} test('one', () => {}); test('two', () => {}); test.skip('three', () => {}); test.run();`;

const command = suite('npm test');

command('adds up the results and ends with the closing line', () => {
  const { code, output } = runTests({ 'good.test.ts': GOOD, 'more/good.test.ts': GOOD });
  assert.is(output.trimEnd().split('\n').at(-1), '4 passed, 0 failed, 2 skipped');
  assert.is(code, 0);
});

command('fails when a test fails', () => {
  const { code, output } = runTests({ 'bad.test.ts': `${HEAD} test('bad', () => assert.is(1, 2)); test.run();` });
  assert.match(output, 'Expected values to be strictly equal');
  assertClosing(output, '0 passed, 1 failed, 0 skipped');
  assert.is(code, 1);
});

command('names a file whose suite is never run', () => {
  const { output } = runTests({
    'a.test.ts': `${HEAD} test('forgotten', () => {});`,
    'b.test.ts': `${HEAD} const b = suite('b'); b('b', () => {}); const c = suite('c'); c('c', () => {}); c.run();`,
    'c.test.ts': 'export {};',
  });
  assert.match(output, 'a.test.ts never calls test.run()');
  assert.match(output, 'b.test.ts never calls b.run()');
  assert.match(output, 'c.test.ts registered no test');
  assertClosing(output, '1 passed, 3 failed, 0 skipped');
});

command('continues after a file that cannot be loaded or ends its process, and ends one that hangs', () => {
  const { output } = runTests({
    'a.test.ts': `import './missing.ts';`,
    'b.test.ts': `${HEAD} test('exit', () => process.exit(0)); test.run();`,
    'c.test.ts': `${HEAD} test('rejection', async () => { Promise.reject(new Error('alone')); await new Promise((done) => setTimeout(done, 100)); }); test.run();`,
    'e.test.ts': `${HEAD} test('pending', () => new Promise(() => {})); test.run();`,
    'f.test.ts': GOOD,
  });
  assert.match(output, /Cannot find module .*missing\.ts/);
  assert.match(output, 'a.test.ts ended its process (1)');
  assert.match(output, 'b.test.ts ended its process (1)');
  assert.match(output, 'c.test.ts ended its process (1)');
  assert.match(output, 'e.test.ts ended its process (13)');
  assertClosing(output, '2 passed, 4 failed, 1 skipped');
  // Run alone, because on a busy machine any file may need longer than that.
  const endless = runTests({ 'd.test.ts': `${HEAD} test('loop', () => { for (;;); }); test.run();` }, 2).output;
  assert.match(endless, 'd.test.ts did not end within 2 seconds');
  assertClosing(endless, '0 passed, 1 failed, 0 skipped');
});

command('counts hooks that throw', () => {
  const { output } = runTests({
    'a.test.ts': `${HEAD} test.before(() => { throw new Error('before'); }); test('a', () => {}); test.run();`,
    'b.test.ts': `${HEAD} test.after(() => { throw new Error('after'); }); test('b', () => {}); test.run();`,
  });
  assertClosing(output, '0 passed, 2 failed, 0 skipped');
});

command('the output of a file stays together, and --times lists the slowest file first', () => {
  const speak = (name: string, wait: number): string => `${HEAD} test('speaks', async () => {
    for (let line = 0; line < 5; line++) {
      console.log('${name} ' + line);
      await new Promise((done) => setTimeout(done, ${wait}));
    }
  }); test.run();`;
  const { output } = runTests({ 'a.test.ts': speak('a', 100), 'b.test.ts': speak('b', 60) }, 60, { times: true });
  const said = [...output.matchAll(/([ab]) \d$/gm)].map(([, name]) => name).join('');
  assert.ok(said === 'aaaaabbbbb' || said === 'bbbbbaaaaa', output);
  const [, table = ''] = output.split('seconds  file');
  const times = [...table.matchAll(/^ +([\d.]+) {2}packages\/a\/test\/[ab]\.test\.ts$/gm)].map(([, time]) =>
    Number(time),
  );
  assert.ok(times.length === 2 && (times[0] ?? 0) >= (times[1] ?? 0), table);
  assertClosing(output, '2 passed, 0 failed, 0 skipped');
});

command.run();

function runTests(files: Record<string, string>, timeout = 60, more = {}) {
  const workspace = createWorkspace({ 'packages/a/package.json': '{ "name": "a", "type": "module" }' });
  for (const [name, content] of Object.entries(files)) {
    workspace.write(`packages/a/test/${name}`, content);
  }
  const options = JSON.stringify({ timeout: String(timeout), ...more });
  const result = workspace.run(
    'test.js',
    `process.exitCode = await tools.runFiles(root, tools.testFiles(root, ['packages/a']), ${options});`,
  );
  workspace.remove();
  return result;
}

function assertClosing(output: string, line: string) {
  assert.is(output.trimEnd().split('\n').at(-1), line);
}
