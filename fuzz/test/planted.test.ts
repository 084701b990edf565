// Eight planted bugs are found by the fuzzer, each under its rule, and by the conformance suite; without a bug, the receiver passes both.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pick, seeded } from '../../packages/adapter/src/testing/random.ts';
import { chooseCases, type Result, runCase, weight } from '../../packages/conformance/src/index.ts';
import { LAZY } from '../../packages/conformance/test/broken.ts';
import { budget } from '../../packages/core/test/budget.ts';
import { readCorpus } from '../src/corpus.ts';
import { findTarget } from '../src/files.ts';
import type { Finding } from '../src/finding.ts';
import { fault } from '../src/fuzzer.ts';
import { receiveTarget, type Target } from '../src/index.ts';
import { countedFor, runSession } from '../src/session.ts';
import { plantedServer } from './planted/link.ts';
import { HAS, PLANTED, type Planted } from './planted/receiver.ts';
import { lazySubject } from './planted/subject.ts';

const test = suite('planted bugs');
const BUGS = Object.entries(PLANTED) as [Planted, string][];
const CORPUS = readCorpus(fileURLToPath(new URL('../corpus/receive-server.txt', import.meta.url)));

/** What any run begins with: seeds, and the corpus. */
const firstInputs = (target: Target): Uint8Array[] =>
  [...(target.seeds?.() ?? []), ...CORPUS.map(({ data }) => data)].filter(({ length }) => length <= 4096);

/** The names of the rules that a subject breaks in these inputs. */
async function rulesBroken(target: Target, inputs = firstInputs(target)): Promise<string[]> {
  const rules = new Set<string>();
  for (const data of inputs) {
    const found = await fault(target, data);
    if (found !== undefined) rules.add(found.rule?.name ?? found.identity);
  }
  return [...rules].sort();
}

for (const role of ['server', 'client'] as const) {
  test(`a lazy but correct ${role} that declares its laziness passes the fuzzer`, async () => {
    assert.equal(await rulesBroken(receiveTarget(role, lazySubject())), []);
  });
}

test('if one part of its declaration is missing, the lazy subject fails with the matching rule', async () => {
  for (const [name, rule] of [
    ['lateUtf8', 'invalid-utf8'],
    ['mergedPongs', 'pongs'],
    ['longLengths', 'length-not-minimal'],
    ['unassignedCodes', 'close-code'],
  ] as const) {
    const broken = await rulesBroken(receiveTarget('server', lazySubject(undefined, { ...HAS, [name]: false })));
    assert.ok(broken.includes(rule), `without ${name}: ${broken}`);
  }
});

for (const [bug, rule] of BUGS) {
  test(`${bug}: random changes find the bug, as ${rule}`, async () => {
    const target = receiveTarget('server', lazySubject(bug));
    const inputs = firstInputs(target);
    const random = seeded(1);
    for (let tries = 0; tries < 20_000; tries++) {
      const data = target.mutate?.(pick(random, inputs), random) ?? new Uint8Array(0);
      if ((await fault(target, data))?.rule?.name === rule) return;
    }
    assert.unreachable('it was not found');
  });
}

for (const [bug, rule] of budget(BUGS.slice(5, 6), BUGS)) {
  test(`${bug}: a run of at most ten seconds finds the bug in at most 24 bytes`, async () => {
    const file = findTarget(fileURLToPath(new URL('planted/target.ts', import.meta.url)));
    assert.ok(file !== undefined);
    process.env.SOCKLESS_PLANTED = bug;
    const stop = new AbortController();
    let finding: Finding | undefined;
    const limits = { time: 10_000, timeout: 10, maxLength: 4096 };
    const task = { ...limits, runs: 1e9, target: file, seed: 1, keep: false, counted: countedFor(file, []) };
    await runSession(task, false, stop.signal, {
      loaded: (_, branches) => assert.ok(branches > 20),
      progress: () => undefined,
      finding: (each) => {
        if (each.rule?.name !== rule) return;
        finding = each;
        stop.abort();
      },
    });
    Reflect.deleteProperty(process.env, 'SOCKLESS_PLANTED');
    assert.ok(finding !== undefined);
    assert.ok(finding.bytes.length <= 2 * 24, finding.bytes);
    assert.match(finding.transcript, 'a server receives');
  });
}

/** The families about an open connection; the receiver has no HTTP and no compression. */
const FAMILIES = /\/(framing|masking|reserved|control|fragmentation|utf8|close)\//;
const CASES = chooseCases('server', { quick: true }).filter(({ id }) => FAMILIES.test(id));

async function conform(bug?: Planted, every = 1): Promise<Result[]> {
  const results: Result[] = [];
  for (const [at, item] of CASES.entries()) {
    if (at % every === 0) results.push(await runCase(item, plantedServer(bug)));
  }
  return results;
}

test('the lazy receiver fails only the conformance cases listed for laziness, and breaks no MUST', async () => {
  const failed = (await conform(undefined, budget(12, 1))).filter(({ verdict }) => verdict === 'fail');
  const undeclared = failed.filter(({ case: { id } }) => !LAZY.test(id.slice(id.indexOf('/') + 1)));
  assert.equal(
    undeclared.map(({ case: { id }, findings }) => [id, findings[0]]),
    [],
  );
  assert.ok(failed.every(({ findings }) => weight(findings) !== 'must'));
});

for (const [bug] of budget(BUGS.slice(0, 0), BUGS)) {
  test(`${bug}: the conformance suite finds the bug`, async () => {
    const failed = (await conform(bug)).filter(({ findings }) =>
      ['must', 'hardening'].includes(weight(findings) ?? ''),
    );
    assert.ok(failed.length > 0);
  });
}

test.run();
