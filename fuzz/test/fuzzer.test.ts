// Planted bugs are found, minimised, written and replayed.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { simulateAll } from '../ours/simulate.ts';
import { loadTarget, ownTargets } from '../src/files.ts';
import type { Finding } from '../src/finding.ts';
import { fault } from '../src/fuzzer.ts';
import { HELP, parseOptions, UsageError } from '../src/options.ts';
import { Terminal } from '../src/terminal.ts';
import { target as broken } from './fixtures/broken.ts';
import { ours, run, runProgram } from './support.ts';

const test = suite<{ folder: string }>('npm run fuzz');

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'sockless-fuzz-test-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const BROKEN = ['--target', ours('test/fixtures/broken.ts')];
const INVARIANT = 'any cut gives the same events';

test('a planted bug is found by coverage and minimised, and the command and the program replay the finding', async ({
  folder,
}) => {
  const json = join(folder, 'results.json');
  const { code, output } = await run(...BROKEN, '--runs', '700', '--seed', '1', '--findings', folder, '--json', json);
  assert.is(code, 1, output);
  assert.match(output, `FINDING broken: ${INVARIANT}`);
  assert.match(output, /^ {2}ping-delivered \(RFC 6455 5\.5\.2\): a Ping frame is received/m);
  assert.match(output, /^broken: guided by \d{4} branches in \d+ modules$/m);
  const [results] = JSON.parse(readFileSync(json, 'utf8')).targets as { findings: Finding[]; branches: number }[];
  const finding = results?.findings.find(({ invariant }) => invariant === INVARIANT);
  assert.ok(results !== undefined && results.branches > 500, 'branches are counted');
  assert.ok(finding !== undefined);
  assert.is(finding.rule?.name, 'ping-delivered');
  assert.ok(finding.input.length <= finding.found.length);
  assert.ok(finding.input.endsWith(finding.bytes));
  const input = Uint8Array.from(Buffer.from(finding.input, 'hex'));
  for (let at = 0; at < input.length; at++) {
    const without = input.filter((_, index) => index !== at);
    const found = await fault(broken, without);
    assert.is.not(found?.invariant, INVARIANT, `byte ${at} of ${finding.input} is not needed`);
  }
  // The same input is harmless for an implementation without the bug.
  const [own] = ownTargets().filter(({ name }) => name === 'receive-server');
  assert.ok(own !== undefined);
  assert.is(await fault(await loadTarget(own), input), undefined);

  const written = readdirSync(join(folder, 'broken')).map((name) => join(folder, 'broken', name));
  const transcript = written.find((path) => path.endsWith('.txt') && readFileSync(path, 'utf8').startsWith(INVARIANT));
  const text = readFileSync(transcript ?? '', 'utf8');
  for (const part of ['a server receives', 'cut into: ', 'whole:', '["ping",']) assert.match(text, part);
  const [, command = ''] = /^replay: npm run fuzz -- (.*)$/m.exec(text) ?? [];
  const program = (transcript ?? '').replace(/txt$/, 'mjs');
  assert.match(readFileSync(program, 'utf8'), '// ping-delivered (RFC 6455 5.5.2)');
  for (const replayed of [await run(...command.split(' ')), await runProgram(program)]) {
    assert.is(replayed.code, 1);
    assert.match(replayed.output, `Violation: ${INVARIANT}`);
  }
});

for (const [name, what, ...more] of [
  ['exits', 'an input ends the process', '--instrument', '/nowhere/', '--blind'],
  ['hangs', 'an input takes longer than 1 seconds'],
] as const) {
  test(`if ${what}, that is a finding and ends the run`, async ({ folder }) => {
    const limits = ['--runs', '20000', '--timeout', '1', '--seed', '1', '--findings', folder];
    const { code, output } = await run('--target', ours(`test/fixtures/${name}.ts`), ...limits, ...more);
    assert.is(code, 1, output);
    assert.match(output, `FINDING ${name}: ${what}`);
    const [file = ''] = readdirSync(join(folder, name));
    assert.is(readFileSync(join(folder, name, file))[0], 0x42);
  });
}

test('the same seed simulates the same schedules', async ({ folder }) => {
  const lines: string[] = [];
  const terminal = new Terminal({ write: (text: string) => lines.push(text) } as unknown as NodeJS.WriteStream);
  const results: Record<string, unknown>[] = [];
  for (const name of ['one', 'two']) {
    const json = join(folder, name);
    assert.is(await simulateAll({ count: 20, seed: 100, json }, terminal), 0);
    const { seconds: _, ...result } = JSON.parse(readFileSync(json, 'utf8'));
    results.push(result);
  }
  assert.match(lines.join(''), '20 schedules (seeds 100 to 119)');
  const [one, two] = results;
  assert.equal(one, two);
  assert.ok(Number(one?.messages) > 0 && Object.keys(Object(one?.faults)).length > 5);
});

test('a target without branches is refused without --blind', async () => {
  const refused = await run('--target', ours('test/fixtures/hangs.ts'), '--runs', '0', '--instrument', '/nowhere/');
  assert.is(refused.code, 2);
  assert.match(
    refused.output,
    /Nothing would guide the fuzzer: no module that .*hangs\.ts imports has a path with "\/nowhere\/"/,
  );
  assert.match(refused.output, 'Leave out --instrument');
});

test('prints help, lists targets and refuses unknown options', async () => {
  const help = await run('--help');
  const list = await run('--list');
  for (const part of ['--replay FILE', '--simulate-adapter NAME']) assert.match(help.output, part);
  // What both commands have is said by both.
  for (const [option = ''] of HELP.matchAll(/--[a-z]+/g)) assert.match(help.output, option);
  assert.match(list.output, /^utf8\n {2}A text is refused/m);
  assert.is(parseOptions(['--list', '--target', 'uri']).targets.length, 1);
  for (const [wrong, why] of [
    [['--target', 'none'], 'There is no target "none". The targets are: fields,'],
    [['--time', 'long'], '--time takes a number'],
    [['--replay', 'file'], '--replay FILE needs one --target'],
    [['--what'], "Unknown option '--what'"],
    [['--simulate', '3'], "Unknown option '--simulate'"],
  ] as const) {
    assert.throws(
      () => parseOptions(wrong),
      (error: unknown) => error instanceof UsageError && error.message.includes(why),
    );
  }
  assert.is((await run('--target', 'none')).code, 2);
});

test.run();
