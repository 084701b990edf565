import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWorkspace, type Workspace } from './workspace.ts';

const build = suite<{ workspace: Workspace }>('npm run build');

build.before((context) => {
  context.workspace = createWorkspace({
    'pnpm-lock.yaml': '',
    'tsconfig.base.json':
      '{ "compilerOptions": { "declaration": true, "inlineSources": true, "lib": ["ES5"], "skipLibCheck": true, "sourceMap": true, "types": [] } }',
    ...packageFiles('a', {}, { 'x.ts': `export { y } from './y.ts';`, 'y.ts': 'export const y: number = 1;' }),
    ...packageFiles('b', { a: 'workspace:*' }, { 'x.ts': `export const z: string = 'z';` }),
  });
});

build.after(({ workspace }) => workspace.remove());

build('builds only packages that have changed and their dependents', ({ workspace }) => {
  assert.equal(built(workspace), ['a built', 'b built']);
  assert.equal(built(workspace), ['a up to date', 'b up to date']);
  workspace.write('packages/b/src/x.ts', `export const z: string = 'changed';`);
  assert.equal(built(workspace), ['a up to date', 'b built']);
  workspace.write('packages/a/test/y.test.ts', '');
  workspace.write('packages/a/API.md', 'text');
  assert.equal(built(workspace), ['a up to date', 'b up to date']);
  workspace.write('packages/a/src/y.ts', 'export const y: number = 2;');
  assert.equal(built(workspace), ['a built', 'b built']);
});

build(
  'builds a package again when it imports a file of another package by path and that file changes',
  ({ workspace }) => {
    const source = `export const z: string = 'z'; // and what comes from '../../../packages/a/test/shared.ts'`;
    workspace.write('packages/a/test/shared.ts', 'export const s = 1;');
    workspace.write('packages/b/src/x.ts', source);
    assert.equal(built(workspace), ['a up to date', 'b built']);
    workspace.write('packages/a/test/shared.ts', 'export const s = 2;');
    assert.equal(built(workspace), ['a up to date', 'b built']);
    assert.equal(built(workspace), ['a up to date', 'b up to date']);
  },
);

build('makes an entry, its declarations and a source map for each export', ({ workspace }) => {
  const read = (file: string) => readFileSync(join(workspace.root, 'packages/a/dist', file), 'utf8');
  assert.match(read('x.js'), /export \{ y \}/);
  assert.match(read('x.d.ts'), /export \{ y \} from/);
  assert.equal(JSON.parse(read('x.js.map')).sourcesContent, ['export const y: number = 2;']);
});

build('fails with the compiler’s message', ({ workspace }) => {
  workspace.write('packages/a/src/y.ts', `export const y: number = 'one';`);
  const { code, output } = workspace.run('build.js', 'tools.build(root)');
  assert.match(output, /TS2322: Type 'string' is not assignable to type 'number'/);
  assert.is(code, 1);
});

build.run();

function packageFiles(name: string, dependencies: Record<string, string>, sources: Record<string, string>) {
  const files = {
    'package.json': JSON.stringify({
      name,
      type: 'module',
      dependencies,
      exports: { './x': { default: './dist/x.js' } },
    }),
    'rollup.config.js': `import { library } from '../tools/rollup.js'; export default library();`,
    'tsconfig.json': `{
      "extends": "../../tsconfig.base.json",
      "compilerOptions": { "rootDir": "src", "outDir": "dist", "rewriteRelativeImportExtensions": true },
      "include": ["src"]
    }`,
    ...Object.fromEntries(Object.entries(sources).map(([file, source]) => [`src/${file}`, source])),
  };
  return Object.fromEntries(Object.entries(files).map(([file, content]) => [`packages/${name}/${file}`, content]));
}

function built(workspace: Workspace): string[] {
  const { output } = workspace.run('build.js', 'tools.build(root)');
  return [...output.matchAll(/^build: (\w+) (is up to date|in)/gm)].map(
    ([, name, how]) => `${name} ${how === 'in' ? 'built' : 'up to date'}`,
  );
}
