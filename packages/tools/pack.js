// Packs the published packages for npm, and checks the tarballs. Anything that the sources leave open, such as addresses,
// is filled in only here.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { packages, ROOT } from './workspace.js';

/**
 * Stands for the repository's address until the package.json of the root has one. This host cannot exist (RFC 2606),
 * and packages with it are never released.
 */
export const NO_ADDRESS = 'https://repository.invalid/sockless';

const shell = process.platform === 'win32';

/**
 * @typedef {object} Manifest the parts of a package.json that are read
 * @property {string} name
 * @property {string} version
 * @property {boolean} [private]
 * @property {string | { url: string }} [repository] in that of the root only
 * @property {string[]} files
 * @property {Record<string, string | import('./workspace.js').Entry>} exports
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 */

/** @typedef {{ name: string, folder: string, tarball: string, size: number }} Packed the size of the tarball is in bytes */

/**
 * Returns the address of the repository's page, from the `repository` in the package.json of the root.
 * @param {string} root
 * @returns {string | undefined} `undefined` while it is not decided
 */
export function addressOf(root) {
  const { repository } = readManifest(root);
  const url = typeof repository === 'object' ? repository.url : repository;
  return url?.replace(/^git\+/, '').replace(/\.git$/, '');
}

/**
 * Returns the published packages, each after those that it depends on.
 * @param {string} root
 */
export function published(root) {
  return packages(root)
    .map(({ folder }) => ({ folder, manifest: readManifest(join(root, folder)) }))
    .filter(({ manifest }) => manifest.private !== true);
}

/**
 * Packs the packages from their builds, with the changelog of the root. `pnpm pack` could not: the README is another one, so npm packs a
 * copy of the files.
 * @param {string} root
 * @param {string} into the folder that gets the tarballs
 * @returns {Packed[]} each after those that it depends on
 */
export function pack(root, into) {
  const address = addressOf(root) ?? NO_ADDRESS;
  const all = published(root);
  const folders = all.map(({ folder, manifest: { devDependencies: _, ...manifest } }) => {
    const { version } = manifest;
    const staged = join(into, 'staged', folder);
    for (const path of manifest.files) cpSync(join(root, folder, path), join(staged, path), { recursive: true });
    cpSync(join(root, 'LICENSE'), join(staged, 'LICENSE'));
    for (const [name, from] of Object.entries({ 'README.md': folder, 'CHANGELOG.md': '' })) {
      const text = readFileSync(join(root, from, name), 'utf8');
      writeFileSync(join(staged, name), absoluteLinks(root, text, { folder: from, address, version }));
    }
    const complete = {
      ...manifest,
      files: [...manifest.files, 'CHANGELOG.md'], // npm takes a README and a licence without being told, and nothing else
      homepage: `${address}/tree/v${version}/${folder}#readme`,
      bugs: { url: `${address}/issues` },
      repository: { type: 'git', url: `git+${address}.git`, directory: folder },
      // All have one version. npm installs nothing that has another range of pnpm's.
      dependencies: Object.fromEntries(
        dependencies(manifest).map(([need, range]) => [need, range === 'workspace:^' ? `^${version}` : range]),
      ),
    };
    writeFileSync(join(staged, 'package.json'), `${JSON.stringify(complete, null, 2)}\n`);
    return staged;
  });
  const args = ['pack', ...folders, '--pack-destination', into, '--ignore-scripts', '--loglevel=error'];
  execFileSync('npm', args, { stdio: 'pipe', shell });
  rmSync(join(into, 'staged'), { recursive: true });
  return all.map(({ folder, manifest: { name, version } }) => {
    const tarball = join(into, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
    return { name, folder, tarball, size: statSync(tarball).size };
  });
}

/**
 * Packs the installed packages that ours depend on, so that a project can install everything without the network.
 * @param {string} root
 * @param {string} into the folder that gets the tarballs
 * @returns {string[]} the paths of the tarballs
 */
export function packDependencies(root, into) {
  return published(root).flatMap(({ folder, manifest }) =>
    dependencies(manifest)
      .filter(([, range]) => !range.startsWith('workspace:'))
      .map(([name]) => {
        // By tar, since npm refuses to pack a folder whose `prepare` it may not run.
        const tarball = join(into, `${name.replace('/', '-')}.tgz`);
        const from = realpathSync(join(root, folder, 'node_modules', name));
        execFileSync('tar', ['-czf', tarball, '--exclude=node_modules', '-C', from, '.'], { stdio: 'pipe' });
        return tarball;
      }),
  );
}

/**
 * Makes the links of a document absolute. In the repository they are relative, which does not work where npm shows a
 * README.
 * @param {string} root
 * @param {string} markdown
 * @param {{ folder: string, address: string, version: string }} about `folder` is that of the document
 */
export function absoluteLinks(root, markdown, { folder, address, version }) {
  const codeOrLink = /^```.*?^```$|(!?\[[^[\]]*\])\((?![a-z]+:|#)([^)#\s]+)([^)\s]*)\)/gms;
  return markdown.replace(codeOrLink, (code, text, path, fragment) => {
    if (text === undefined) return code;
    const target = posix.join(folder, path);
    // Throws where nothing is there. `npm run docs` looks for dead fragments.
    const kind = statSync(join(root, target)).isDirectory() ? 'tree' : text.startsWith('!') ? 'raw' : 'blob';
    return `${text}(${address}/${kind}/v${version}/${target}${fragment})`;
  });
}

/**
 * Packs the published packages, and checks the tarballs with publint and "Are the types wrong?".
 * @param {string} root
 * @returns {boolean} whether nothing was found
 */
export function checkPackages(root) {
  const into = mkdtempSync(join(tmpdir(), 'sockless-packed-'));
  try {
    return checkPacked(pack(root, into));
  } finally {
    rmSync(into, { recursive: true });
  }
}

/**
 * @param {Packed[]} packed
 * @returns {boolean} whether nothing was found
 */
export function checkPacked(packed) {
  const results = packed.map(({ name, tarball, size }) => {
    // Of the types, programs that cannot `require` an ES module are left out, because Node 20.19 and 22.12 can.
    const outputs = [
      ['publint', tarball, '--strict'],
      ['attw', tarball, '--profile', 'esm-only', '--no-emoji'],
    ].map(([tool = '', ...args]) => {
      const options = { encoding: /** @type {const} */ ('utf8'), shell };
      const { status, stdout, stderr } = spawnSync(join(ROOT, 'packages/tools/node_modules/.bin', tool), args, options);
      // publint's suggestions fail here as well.
      return status === 0 && (tool === 'attw' || stdout.includes('All good!')) ? '' : `${tool}: ${stdout}${stderr}`;
    });
    const found = outputs.join('');
    console.log(`packed: ${name}, ${(size / 1000).toFixed(0)} KB${found && `, failed\n${found}`}`);
    return found === '';
  });
  return results.every(Boolean);
}

/** @type {(manifest: Pick<Manifest, 'dependencies'>) => [name: string, range: string][]} */
const dependencies = (manifest) => Object.entries(manifest.dependencies ?? {});

/** @type {(folder: string) => Manifest} */
const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
