// Every input that is kept, and every seed, once through its target: what was found once stays mended.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCorpus, writeCorpus } from '../src/corpus.ts';
import { loadTarget, ownTargets } from '../src/files.ts';
import { fault } from '../src/fuzzer.ts';

const corpus = suite('fuzz/corpus');

for (const file of ownTargets()) {
  corpus(`${file.name}: the corpus is sorted, and none of its inputs or the seeds is a finding`, async () => {
    const target = await loadTarget(file);
    assert.is(target.name, file.name);
    const text = readFileSync(file.corpus, 'utf8');
    const lines = text.split('\n').slice(0, -1);
    assert.equal(lines, [...new Set(lines)].sort(), 'its lines are sorted');
    const inputs = readCorpus(file.corpus).map(({ name, data }, at) => [name ?? `line ${at + 1}`, data] as const);
    assert.ok(inputs.length > 0, 'there is a corpus');
    const seeds = [...(target.seeds?.() ?? [])].map((data, at) => [`seed ${at}`, data] as const);
    assert.ok(seeds.length > 0, 'there are seeds');
    for (const [name, data] of [...inputs, ...seeds]) {
      const found = await fault(target, data);
      assert.is(found?.identity, undefined, `${name}: ${found?.error}`);
      assert.type(target.describe?.(data) ?? '', 'string');
    }
  });
}

corpus('rewriting a corpus replaces its unnamed inputs and keeps those that a person has named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-corpus-'));
  const path = join(folder, 'a.txt');
  assert.equal(readCorpus(path), []);
  writeFileSync(path, 'AQID\r\nmended-1 BQY=\r\n');
  assert.equal(readCorpus(path), [
    { name: undefined, data: Uint8Array.of(1, 2, 3) },
    { name: 'mended-1', data: Uint8Array.of(5, 6) },
  ]);
  writeCorpus(path, [Uint8Array.of(255), new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(255)]);
  assert.is(readFileSync(path, 'utf8'), '/w==\nAA==\nmended-1 BQY=\n');
  for (const wrong of ['mended 1 AQID', 'AQI', '=', 'AQJ=']) {
    writeFileSync(path, `AQID\n${wrong}\n`);
    assert.throws(() => readCorpus(path), /a\.txt:2 is not "base64" or "name base64"/, wrong);
  }
  rmSync(folder, { recursive: true });
});

corpus.run();
