// Planted bugs are found, minimised, written and replayed.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Finding } from '../src/finding.ts';
import { fault } from '../src/fuzzer.ts';
import { description, fuzz, name } from './fixtures/broken.ts';
import { run } from './support.ts';

const test = suite<{ folder: string }>('npm run fuzz');

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'sockless-fuzz-test-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const BROKEN = ['--target', 'fuzz/test/fixtures/broken.ts'];
const INVARIANT = 'any cut gives the same events';

test('finds a planted bug by coverage and minimises it; the replay command reproduces it', async ({ folder }) => {
  const json = join(folder, 'results.json');
  const { code, output } = run(...BROKEN, '--runs', '4000', '--seed', '1', '--findings', folder, '--json', json);
  assert.is(code, 1, output);
  assert.match(output, `FINDING broken: ${INVARIANT}`);
  const [target] = JSON.parse(readFileSync(json, 'utf8')).targets as { findings: Finding[]; branches: number }[];
  const finding = target?.findings.find(({ invariant }) => invariant === INVARIANT);
  assert.ok(target !== undefined && target.branches > 500, 'branches are counted');
  assert.ok(finding !== undefined);
  assert.ok(finding.input.length <= finding.found.length);
  const input = Uint8Array.from(Buffer.from(finding.input, 'hex'));
  for (let at = 0; at < input.length; at++) {
    const without = input.filter((_, index) => index !== at);
    const found = await fault({ name, description, fuzz }, without);
    assert.is.not(found?.identity, INVARIANT, `byte ${at} of ${finding.input} is not needed`);
  }

  const written = readdirSync(join(folder, 'broken')).map((name) => join(folder, 'broken', name));
  const transcript = written.find((path) => path.endsWith('.txt') && readFileSync(path, 'utf8').startsWith(INVARIANT));
  const text = readFileSync(transcript ?? '', 'utf8');
  for (const part of ['a server receives', 'cut into: ', 'whole:', '["ping",']) assert.match(text, part);
  const [, command = ''] = /^replay: npm run fuzz -- (.*)$/m.exec(text) ?? [];
  const replayed = run(...command.split(' '));
  assert.is(replayed.code, 1);
  assert.match(replayed.output, `Violation: ${INVARIANT}`);
  // The same input is harmless for an implementation without the bug.
  assert.is(run(...command.replace(/--target \S+/, '--target receive-server').split(' ')).code, 0);
});

for (const [name, what] of [
  ['exits', 'an input ends the process'],
  ['hangs', 'an input takes longer than 3 seconds'],
] as const) {
  test(`${what} is a finding and ends the run`, ({ folder }) => {
    const target = `fuzz/test/fixtures/${name}.ts`;
    const limits = ['--runs', '20000', '--timeout', '3', '--seed', '1'];
    const { code, output } = run('--target', target, ...limits, '--findings', folder);
    assert.is(code, 1, output);
    assert.match(output, `FINDING ${name}: ${what}`);
    const [file = ''] = readdirSync(join(folder, name));
    assert.is(readFileSync(join(folder, name, file))[0], 0x42);
  });
}

test('simulates the same schedules for the same seed', ({ folder }) => {
  const results = ['one', 'two'].map((name) => {
    const json = join(folder, name);
    const { code, output } = run('--simulate', '20', '--seed', '100', '--json', json);
    assert.is(code, 0, output);
    assert.match(output, '20 schedules (seeds 100 to 119)');
    return JSON.parse(readFileSync(json, 'utf8')) as Record<string, unknown>;
  });
  const [one, two] = results.map(({ seconds: _, ...result }) => result);
  assert.equal(one, two);
  assert.ok(Number(one?.messages) > 0 && Object.keys(Object(one?.faults)).length > 5);
});

test('prints help, lists targets and refuses unknown options', () => {
  assert.match(run('--help').output, '--replay FILE');
  assert.match(run('--list').output, /^utf8\n {2}A text is refused/m);
  assert.is(run('--list', '--target', 'uri').output.split('\n').length, 3);
  for (const [wrong, why] of [
    [['--target', 'none'], 'There is no target "none"'],
    [['--time', 'long'], '--time takes a number'],
    [['--replay', 'file'], '--replay FILE needs one --target'],
    [['--what'], "Unknown option '--what'"],
  ] as const) {
    const { code, output } = run(...wrong);
    assert.is(code, 2);
    assert.match(output, why);
  }
});

test.run();
