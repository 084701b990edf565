import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWorkspace } from './workspace.ts';

const api = suite('the list of the public API');

const manifest = {
  name: 'p',
  version: '1.0.0',
  exports: { '.': { types: './dist/index.d.ts' }, './sub': { types: './dist/sub.d.ts' } },
};
const workspace = createWorkspace({
  'packages/p/package.json': JSON.stringify(manifest),
  'packages/p/tsconfig.json': JSON.stringify({
    compilerOptions: { lib: ['ES5'], skipLibCheck: true, module: 'NodeNext', types: [] },
  }),
  'packages/p/dist/index.d.ts': "export { one } from './one.ts';\n",
  'packages/p/dist/one.d.ts':
    'interface Size {\n    bytes: number;\n}\nexport declare function one(size: Size): string;\n',
  'packages/p/dist/sub.d.ts': 'export declare const two = 2;\n',
  'packages/private/package.json': JSON.stringify({ name: 'q', private: true }),
});
api.after(() => workspace.remove());

const check = (fix: boolean) => workspace.run('api.js', `process.exitCode = tools.checkApi(root, ${fix}) ? 0 : 1;`);
const list = (name: string): string => readFileSync(join(workspace.root, `packages/p/api/${name}.api.md`), 'utf8');

api('--fix lists the exports of each entry point and the types they refer to; then the list is up to date', () => {
  assert.is(check(false).code, 1, 'there is no list yet');
  assert.is(check(true).code, 0);
  assert.match(list('index'), /interface Size \{[^}]*bytes: number;\n\}/);
  assert.match(list('index'), 'export function one(size: Size): string;');
  assert.match(list('sub'), 'export const two = 2;');
  assert.equal(check(false), { code: 0, output: 'api: packages/p .\napi: packages/p ./sub\n' });
});

api('a changed signature fails, and the message names it and the command that updates the list', () => {
  const before = list('sub');
  workspace.write('packages/p/dist/sub.d.ts', 'export declare const two: number;\n');
  const { code, output } = check(false);
  assert.is(code, 1);
  assert.match(output, '-export const two = 2;\n+export const two: number;\n');
  assert.match(output, 'api: packages/p ./sub differs; "npm run check -- --fix"');
  assert.is(list('sub'), before, 'nothing is written unless asked');
  // This also holds for a type that an exported name refers to.
  workspace.write('packages/p/dist/sub.d.ts', 'export declare const two = 2;\n');
  const one = readFileSync(join(workspace.root, 'packages/p/dist/one.d.ts'), 'utf8');
  workspace.write('packages/p/dist/one.d.ts', one.replace('bytes', 'bits'));
  assert.match(check(false).output, /-.* bytes: number;\n\+.* bits: number;\n/);
});

api.run();
