// What is instrumented does the same as before, on the same lines, and counts its branches.
import vm from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, isModuleSyntax } from '../src/instrument.ts';

const test = suite('instrument');

/** Runs a script, and returns its value and how often each branch was taken. */
function run(code: string): { value: unknown; counts: number[]; words: string[] } {
  let taken: Uint8Array = new Uint8Array(0);
  let found: string[] = [];
  const socklessCounters = (count: number, words: string[], path: string): Uint8Array => {
    assert.is(path, '/a.js');
    found = [...words];
    taken = new Uint8Array(count);
    return taken;
  };
  const value: unknown = vm.runInNewContext(instrument(code, '/a.js', 'commonjs'), { socklessCounters });
  return { value, counts: [...taken], words: found };
}

for (const [code, counts] of [
  ['if (1) 2; else 3;', [1, 0]],
  ['let n = 1; if (0) n = 2; n', [0, 1]],
  ['if (1) if (0) 2; else 3;', [1, 0, 0, 1]],
  ['if (0) 1; else if (1) { 2 } else 3', [0, 1, 1, 0]],
  ['let n = 0; for (const x of [1, 2, 3]) n += x; n', [3]],
  ['let n = 0; while (n < 3) n++; n', [3]],
  ['let n = 0; do n++; while (n < 3); n', [3]],
  ['let n = 0; for (let i = 0; i < 2; i++) for (const k in { a: 1 }) { n++; } n', [2, 2]],
  ['(1 ? 2 : 3) + (0 ? (4, 5) : 6)', [1, 0, 0, 1]],
  ['const f = () => ({ a: 1 }); f().a', [1]],
  ['const f = (x) => x ? 1 : 2; f(0) + f(1)', [2, 1, 1]],
  ['(null ?? (0 || 7)) + (0 && 8)', [1, 1, 0]],
  ['switch (2) { case 1: 1; break; case 2: { 2; } default: 3 }', [0, 1, 1]],
  ['try { throw 1 } catch (e) { e }', [1]],
  ['try { throw 1 } catch { 5 }', [1]],
  ['class A { x = 1 ? 2 : 3; m() { return this.x } static { this.y = 4 } } new A().m() + A.y', [1, 0, 1]],
  ['({ get a() { return 1 }, async b() {}, *c() { yield 2 } }).a', [1, 0, 0]],
  ['a: for (;;) { for (;;) break a; } 9', [1, 1]],
  ["'use strict'; (function () { return this === undefined })()", [1]],
  ["(function () { 'use strict'; return this === undefined })()", [1]],
  ['#!/usr/bin/env node\n1 ? 2 : 3', [1, 0]],
  [`'2'.replace(/2/, (x) => \`<\${x ? 1 : 2}>\`)`, [1, 0, 1]],
  ['[1, 2].map((x) => x * 2).join()', [2]],
] as const) {
  test(`counts the branches of ${code}`, () => {
    const { value, counts: actual } = run(code);
    assert.equal(JSON.stringify(value), JSON.stringify(vm.runInNewContext(code)));
    // The order in which branches are numbered does not matter.
    assert.equal([...actual].sort(), [...counts].sort());
    assert.is(instrument(code, '/a.js').split('\n').length, code.split('\n').length);
  });
}

test('string literals of one word are collected once each, for use in inputs', () => {
  assert.equal(run(`['upgrade', 'two words', 'x', "Sec-WebSocket-Key", 'upgrade']`).words, [
    'upgrade',
    'Sec-WebSocket-Key',
  ]);
});

test('without a package.json, the syntax decides whether a file is a module', () => {
  for (const code of ['import a from "a";', 'export const a = 1', 'await 1', 'import.meta.url']) {
    assert.ok(isModuleSyntax(code), code);
  }
  for (const code of ['', 'module.exports = 1', 'return 1', 'import("a")', 'with (a) b']) {
    assert.not(isModuleSyntax(code), code);
  }
  assert.throws(() => instrument('a b', '/a.js'), SyntaxError);
});

test.run();
