import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findNode, newestNode } from '../src/node.ts';
import { parseOptions, parsePreparations, UsageError } from '../src/options.ts';
import type { Result } from '../src/result.ts';
import type { Subject, Suite } from '../src/suite.ts';

const options = suite('the command line');

const BENCHMARKS = fileURLToPath(new URL('..', import.meta.url));

const [a, b] = [fake('a', ['ws', 'undici']), fake('b', ['ws', 'Bun'])];

function fake(name: string, peers: readonly string[]): Suite {
  const subject = (who: string): Subject => ({ name: who, start: () => Promise.reject(new Error('not here')) });
  const cases = [{ name: `${name} small` }, { name: `${name} large`, slow: true }];
  return { name, title: '', unit: 'ns/message', cases, ours: [subject('sockless')], peers: peers.map(subject) };
}

function refused(...args: string[]): string {
  try {
    parseOptions(args, [a, b]);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return assert.unreachable(`${args} was accepted`) as unknown as string;
}

options('without arguments everything runs', () => {
  const { suites, growth, peers, quick, case: part } = parseOptions([], [a, b]);
  assert.equal([suites, growth, peers, quick, part], [[a, b], true, [], false, '']);
});

options('suites can be named with and without --suite', () => {
  assert.equal(parseOptions(['b'], [a, b]).suites, [b]);
  assert.equal(parseOptions(['--suite', 'b,a'], [a, b]).suites, [a, b]);
  assert.equal(parseOptions(['--suite', 'b', '--suite', 'a'], [a, b]).suites, [a, b]);
  assert.equal(parseOptions(['b', 'growth'], [a, b]).growth, true);
  assert.equal(parseOptions(['b'], [a, b]).growth, false);
  assert.equal(parseOptions(['growth'], [a, b]).suites, []);
});

options('an unknown name is refused, and the message lists the known ones', () => {
  assert.is(refused('c'), 'There is no suite "c". The suites are: a, b, growth.');
  assert.is(refused('--suite', 'a,c'), 'There is no suite "c". The suites are: a, b, growth.');
  assert.is(refused('--peer', 'ws2'), 'There is no peer "ws2". The peers are: ws, undici, Bun.');
  assert.is(refused('a', '--peer', 'Bun'), 'There is no peer "Bun". The peers are: ws, undici.');
  assert.match(refused('--case', 'middle'), 'No case contains "middle" in a, b');
  assert.match(refused('--fast'), /--fast[\s\S]*npm run bench/);
  assert.match(refused('--json'), '--json');
});

options('options that contradict each other are refused', () => {
  assert.match(refused('--against', 'HEAD', '--peer', 'ws'), 'use one of them');
  assert.match(refused('--aa'), 'it needs --against');
  assert.match(refused('--from', 'x.json'), 'it needs --html FILE, --markdown FILE or --write');
  assert.match(refused('--write'), 'it needs --from FILE');
  assert.match(refused('growth', '--case', 'small'), 'growth has neither cases nor peers');
});

options('with contestants, only the suites in which they take part run', () => {
  const mine = { ...(b.peers[0] as Subject), name: 'mine', isContestant: true };
  const suites = [a, { ...b, peers: [...b.peers, mine] }];
  const { suites: chosen, growth } = parseOptions(['--contestant', 'mine.ts'], suites);
  assert.equal([chosen, growth], [[suites[1]], false]);
  assert.equal(parseOptions(['a', 'b'], suites).suites, suites);
  assert.equal(parseOptions(['--peer', 'mine'], suites).peers, ['mine']);
  assert.throws(() => parseOptions(['a'], suites), /The contestant "mine" takes part in b, not in a\./);
  assert.throws(() => parseOptions(['--against', 'HEAD'], suites), /use one of them/);
  assert.equal(parsePreparations(['b', '--contestant', 'x', '--contestant', 'y', '--node', '26']), {
    node: '26',
    contestants: ['x', 'y'],
  });
  assert.equal(parsePreparations(['--help', '--contestant', 'x']).contestants, []);
});

options('a mistake ends the process with exit code 2', () => {
  const { status, stderr } = run('nothing');
  assert.is(status, 2);
  assert.match(
    stderr,
    /^There is no suite "nothing"\. The suites are: decode, encode, mask, utf8, handshake, deflate,/,
  );
});

options('--help and --list run nothing', () => {
  assert.match(run('--help').stdout, /--against REV/);
  assert.match(run('--list', 'mask').stdout, / {2}peer {3}memcpy\n[\s\S]* {2}case {3}1 MiB/);
});

options('a Node is found by the beginning of its version', () => {
  const [major = ''] = process.version.slice(1).split('.');
  for (const wanted of [major, process.version, process.version.slice(1)]) {
    assert.equal(findNode(wanted), { path: process.execPath, version: process.version });
  }
  for (const wanted of ['1', `${major}0`, '', 'oldest']) {
    assert.throws(
      () => findNode(wanted),
      (error: Error) => error instanceof UsageError && error.message.includes(process.version.slice(1)),
    );
  }
});

const withNewest = newestNode() === undefined ? options.skip : options;
withNewest('--node measures on another Node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-'));
  const json = join(folder, 'rows.json');
  const args = ['--quick', '--node', 'newest', '--json', json];
  const { status, stderr } = run('mask', '--case', '16 B', '--peer', 'memcpy', ...args);
  assert.is(status, 0, stderr);
  const { node, rows } = JSON.parse(readFileSync(json, 'utf8')) as Result;
  assert.is(node, newestNode()?.version);
  assert.is(rows.length, 1);
  rmSync(folder, { recursive: true });
});

options('a run writes rows, and --from makes reports of them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-'));
  const [json, html, markdown] = [join(folder, 'rows.json'), join(folder, 'report.html'), join(folder, 'rows.md')];
  const { status, stdout, stderr } = run('mask', '--quick', '--case', '16 B', '--peer', 'memcpy', '--json', json);
  assert.is(status, 0, stderr);
  assert.match(stdout, /mask: sockless : memcpy \(the limit: 1 is reached\) +median/);
  const { node, rows } = JSON.parse(readFileSync(json, 'utf8'));
  assert.is(node, process.version);
  assert.is(rows.length, 1);
  assert.equal([rows[0].suite, rows[0].case, rows[0].subject, rows[0].peer], ['mask', '16 B', 'sockless', 'memcpy']);
  assert.ok(rows[0].low <= rows[0].ratio && rows[0].ratio <= rows[0].high);
  assert.is(run('--from', json, '--html', html, '--markdown', markdown).status, 0);
  assert.match(readFileSync(html, 'utf8'), /memcpy/);
  assert.match(readFileSync(markdown, 'utf8'), /^\| case \| memcpy \|\n\|---\|---\|\n\| 16 B \| [\d.]+~? \|$/m);
  writeFileSync(json, '{}');
  assert.match(run('--from', json, '--html', html).stderr, 'has no rows');
  rmSync(folder, { recursive: true });
});

options.run();

function run(...args: string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', 'src/run.ts', ...args], { cwd: BENCHMARKS, encoding: 'utf8' });
}
