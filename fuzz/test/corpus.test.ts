// Every input that is kept, and every seed, once through its target: what was found once stays mended.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadTarget, ownTargets, readInputs } from '../src/files.ts';
import { fault } from '../src/fuzzer.ts';

const corpus = suite('fuzz/corpus');

for (const file of ownTargets()) {
  corpus(file.name, async () => {
    const target = await loadTarget(file);
    assert.is(target.name, file.name);
    const inputs = readInputs(file.corpus).map(({ path, data }) => [path, data] as const);
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

corpus.run();
