// Mutants are what their names say, and each is reported as killed or survived correctly.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mutantsOf, mutate } from '../mutants.ts';
import { sample } from '../mutation.ts';
import { createTree, TESTED_BY, testFiles } from '../mutation-tree.ts';
import { ROOT } from '../workspace.js';
import { createWorkspace } from './workspace.ts';

const mutation = suite('npm run mutation');

/** A source, and the mutated line for each mutant. */
const MUTANTS: [source: string, ...mutated: string[]][] = [
  ['a(b < c);', ';', 'a(b <= c);'],
  ['const a = b === c && d;', 'const a = b === c || d;', 'const a = b !== c && d;'],
  ['const a = b + c;', 'const a = b - c;'],
  ["const a = b + 'c ';", "const a = b + '';"],
  ['const a = b << 1;', 'const a = b >> 1;', 'const a = b << (1 + 1);', 'const a = b << (1 - 1);'],
  ['const a = ~b ?? c;', 'const a = ~b;', 'const a =  b ?? c;'],
  ['const a = b?.c;', 'const a = b.c;'],
  ['const a: 1 | true = true;', 'const a: 1 | true = false;'],
  ["type A = 'b' | 1;"],
  ["import a from 'b';"],
  ['const OPTIONS: Names<Options> = { a: true };'],
  ['if (a) throw b;', 'if (false) throw b;', 'if (!(a)) throw b;'],
  ['while (true) a++;', 'while (false) a++;', 'while (true) ;', 'while (true) a--;'],
  ["throw new TypeError('no mutant');"],
  [
    "const a = [new ProtocolError('b'), new ProtocolError('c')];",
    "const a = [new ProtocolError('c'), new ProtocolError('c')];",
    "const a = [new ProtocolError('b'), new ProtocolError('b')];",
  ],
  ['const a = /^b$/;', 'const a = /b$/;', 'const a = /^b/;'],
  ['const a = Math.min(b);', 'const a = Math.max(b);'],
  [
    'switch (a) { case b: c; default: d; }',
    'switch (a) {  default: d; }',
    'switch (a) { case b: ; default: d; }',
    'switch (a) { case b: c;  }',
    'switch (a) { case b: c; default: ; }',
  ],
];

for (const [source, ...mutated] of MUTANTS) {
  mutation(`mutants of ${source}`, () => {
    const found = mutantsOf('a.ts', source);
    assert.equal(
      found.map((mutant) => mutate(source, mutant)),
      mutated,
    );
  });
}

mutation('equal changes in one line are distinguished', () => {
  const changes = mutantsOf('a.ts', 'const a = b < c || d < e;').map(({ change }) => change);
  assert.equal(changes, ['|| → &&', '< → <=', '< → <= #2']);
});

mutation('a sample has a mutant of each kind before a second of any kind, and the seed decides which', () => {
  const source = `const a = [${'1, '.repeat(50)} b < c, true];`;
  const mutants = mutantsOf('a.ts', source).map((mutant) => ({ ...mutant, package: 'a' }));
  const kinds = sample(mutants, 3, 1).map(({ kind }) => kind);
  assert.equal(kinds.sort(), ['boolean', 'comparison', 'number']);
  assert.equal(sample(mutants, 20, 1), sample(mutants, 20, 1));
  assert.not.equal(sample(mutants, 20, 1), sample(mutants, 20, 2));
});

const SOURCE = `export function sum(to: number): number {
  let total = 0;
  for (let i = 0; i < to; i++) total += i;
  return total;
}
export const unused = (): boolean => true;
export const untested = (): boolean => false;
`;
const TESTS = `import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sum, untested } from '../src/sum.ts';
const test = suite('sum');
test('sums', () => assert.is(sum(3), 3));
test('reaches', () => untested());
test('fails', () => assert.is(sum(3), 4));
test.run();
`;

mutation('a mutant is killed by a failing test or a timeout, or survives', async () => {
  const workspace = createWorkspace({
    'packages/a/package.json': '{ "name": "a", "type": "module" }',
    'packages/a/src/sum.ts': SOURCE,
    'packages/a/test/sum.test.ts': TESTS,
  });
  const tree = createTree(workspace.root, 'a', ['a'], { factor: 20, more: 1000, loading: 60_000 });
  try {
    const mutants = mutantsOf('sum.ts', SOURCE);
    const measured = await tree.measure(mutants, [], () => undefined);
    assert.equal(
      measured.tests.map(({ name }) => name),
      ['sums', 'reaches'],
    );
    assert.match(measured.left.join(), 'sum.test.js: fails: ');
    const put = (wanted: string) => {
      const mutant = mutants.find(({ change }) => change === wanted);
      if (mutant === undefined) throw new Error(`no mutant ${wanted}`);
      return tree.put(mutant, measured);
    };
    assert.equal(await put('< → <='), { by: 'test/sum.test.js: sums' });
    assert.equal(await put('++ → --'), { by: 'test/sum.test.js: sums (it did not end)' });
    assert.equal(await put('true → false'), { by: undefined, reached: false });
    assert.equal(await put('false → true'), { by: undefined, reached: true });
  } finally {
    tree.remove();
    workspace.remove();
  }
});

mutation('tests can kill mutants in another package that they import', async () => {
  const workspace = createWorkspace({
    'packages/a/package.json': '{ "name": "a", "type": "module", "exports": { ".": "./dist/index.js" } }',
    'packages/a/src/index.ts': 'export const yes: boolean = true;',
    'packages/b/package.json': '{ "name": "b", "type": "module", "dependencies": { "a": "workspace:*" } }',
    'packages/b/test/b.test.ts': `import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { yes } from 'a';
const test = suite('b');
test('says yes', async () => {
  await using it = { async [Symbol.asyncDispose]() {} };
  assert.ok(it && yes);
});
test.run();
`,
  });
  const tree = createTree(workspace.root, 'a', ['b']);
  try {
    const mutants = mutantsOf('index.ts', 'export const yes: boolean = true;');
    const measured = await tree.measure(mutants, [], () => undefined);
    assert.equal(measured.left, []);
    assert.equal(await Promise.all(mutants.map((mutant) => tree.put(mutant, measured))), [
      { by: '../b/test/b.test.js: says yes' },
    ]);
  } finally {
    tree.remove();
    workspace.remove();
  }
});

mutation('Deno runs its own tests and those it shares with Node’s adapter', () => {
  const found = testFiles(ROOT, TESTED_BY.deno ?? [], true);
  for (const path of ['deno/test/on-deno/attach.ts', 'node/test/serve.test.ts'])
    assert.ok(found.includes(`packages/${path}`));
  for (const path of ['deno/test/on-deno/leak.ts', 'node/test/upgrade.test.ts'])
    assert.not.ok(found.includes(`packages/${path}`));
});

mutation.run();
