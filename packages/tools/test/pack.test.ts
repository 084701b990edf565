// What packing fills in and what it refuses, in a workspace with two packages; packages/consumers looks at our own tarballs.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { absoluteLinks, addressOf } from '../pack.js';
import { ROOT } from '../workspace.js';
import { createWorkspace } from './workspace.ts';

const ABOUT = { folder: 'packages/a', address: 'https://example.org/us/it', version: '1.2.3' };

const pack = suite('packing');

pack('relative links become absolute, at the tag of the version; other links and code stay', () => {
  const links = (markdown: string): string => absoluteLinks(ROOT, markdown, { ...ABOUT, folder: 'packages/core' });
  const at = (kind: string): string => `https://example.org/us/it/${kind}/v1.2.3`;
  assert.is(links('[a](../../README.md#try-it).'), `[a](${at('blob')}/README.md#try-it).`);
  assert.is(
    links('[`a`](src) [b](package.json)'),
    `[\`a\`](${at('tree')}/packages/core/src) [b](${at('blob')}/packages/core/package.json)`,
  );
  assert.is(links('![a picture](../../LICENSE)'), `![a picture](${at('raw')}/LICENSE)`);
  for (const same of ['[a](https://example.com/x)', '[a](#below)', '```ts\n[a](none.md)\n```\n'])
    assert.is(links(same), same);
  assert.throws(() => links('[a](none.md)'), /no such file.*packages\/core\/none\.md/);
  assert.throws(() => links('[a](../../../outside)'), /no such file/);
});

pack('the address of the repository is read from the package.json of the root, however it is written there', () => {
  const workspace = createWorkspace({});
  const address = (repository: unknown): string | undefined => {
    workspace.write('package.json', JSON.stringify({ repository }));
    return addressOf(workspace.root);
  };
  assert.is(address(undefined), undefined);
  assert.is(address('https://example.org/us/it'), 'https://example.org/us/it');
  assert.is(address({ type: 'git', url: 'git+https://example.org/us/it.git' }), 'https://example.org/us/it');
  workspace.remove();
});

pack(
  'a tarball has the versions of its dependencies, licence, changelog, and the addresses of repository, homepage and bugs',
  () => {
    const { files, tarball } = packed({ a: 'workspace:^', '@noble/hashes': '^2.0.0' });
    const manifest = JSON.parse(tarball('p-b-1.2.3.tgz', 'package.json'));
    assert.equal(manifest.dependencies, { a: '^1.2.3', '@noble/hashes': '^2.0.0' });
    assert.is(manifest.devDependencies, undefined);
    assert.equal(manifest.repository, {
      type: 'git',
      url: 'git+https://example.org/us/it.git',
      directory: 'packages/b',
    });
    assert.is(manifest.homepage, 'https://example.org/us/it/tree/v1.2.3/packages/b#readme');
    assert.equal(manifest.bugs, { url: 'https://example.org/us/it/issues' });
    assert.is(tarball('p-b-1.2.3.tgz', 'LICENSE'), 'free');
    assert.is(tarball('p-b-1.2.3.tgz', 'README.md'), '[a](https://example.org/us/it/tree/v1.2.3/packages/a)');
    for (const name of ['a-1.2.3.tgz', 'p-b-1.2.3.tgz']) {
      const changes = tarball(name, 'CHANGELOG.md');
      assert.is(changes, '# 1.2.3\n[b](https://example.org/us/it/tree/v1.2.3/packages/b)', name);
    }
    assert.is(tarball('a-1.2.3.tgz', 'dist/index.js'), 'a');
    assert.equal(files, ['a-1.2.3.tgz', 'p-b-1.2.3.tgz']);
  },
);

pack('a finding of publint or attw fails the check', () => {
  const workspace = createWorkspace({
    LICENSE: 'free',
    'CHANGELOG.md': '# 1.2.3',
    'package.json': '{}',
    'packages/a/package.json': JSON.stringify({
      name: 'a',
      version: '1.2.3',
      type: 'module',
      files: ['dist'],
      exports: { '.': { default: './dist/index.js', types: './dist/index.d.ts' }, './b': './dist/b.js' },
    }),
    'packages/a/README.md': 'a',
    'packages/a/dist/index.js': 'export const a = 1;',
    'packages/a/dist/index.d.ts': 'export declare const a: number;',
    'packages/a/dist/b.js': 'export const b = 1;',
  });
  const { output } = workspace.run('pack.js', 'console.log(tools.checkPackages(root));');
  assert.match(output, /packed: a, \d KB, failed/);
  assert.match(output, /publint: [\s\S]*types should be the first/);
  assert.match(output, /attw: [\s\S]*"a\/b"/);
  assert.match(output, /false\n$/);
  workspace.remove();
});

pack.run();

/** Packs `a`, and `@p/b` with these dependencies, beside a private package. */
function packed(dependencies: Record<string, string>) {
  const files = ['dist'];
  const manifest = (name: string, more: object): string => JSON.stringify({ name, version: '1.2.3', files, ...more });
  const workspace = createWorkspace({
    LICENSE: 'free',
    'CHANGELOG.md': '# 1.2.3\n[b](packages/b)',
    'package.json': JSON.stringify({ repository: 'https://example.org/us/it' }),
    'packages/a/package.json': manifest('a', {}),
    'packages/a/README.md': 'a',
    'packages/a/dist/index.js': 'a',
    'packages/b/package.json': manifest('@p/b', { dependencies, devDependencies: { uvu: '*' } }),
    'packages/b/README.md': '[a](../a)',
    'packages/b/dist/index.js': 'b',
    'packages/private/package.json': manifest('private', { private: true }),
  });
  const into = join(workspace.root, 'into');
  mkdirSync(into);
  const { output } = workspace.run(
    'pack.js',
    `for (const { tarball, size } of tools.pack(root, ${JSON.stringify(into)})) console.log(tarball, size > 0);`,
  );
  const tarballs = [...output.matchAll(/into\/(\S+) true$/gm)].map(([, name = '']) => name);
  const contents = new Map<string, string>();
  for (const name of tarballs) {
    for (const path of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'dist/index.js']) {
      const { stdout } = spawnSync('tar', ['-xzOf', join(into, name), `package/${path}`], { encoding: 'utf8' });
      contents.set(`${name}/${path}`, stdout);
    }
  }
  workspace.remove();
  return {
    output,
    files: tarballs.sort(),
    tarball: (name: string, path: string) => contents.get(`${name}/${path}`) ?? '',
  };
}
