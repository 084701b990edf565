// Packs the published packages for npm. Anything that the sources leave open, such as addresses, is filled in only
// here.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { Failure, packages } from './workspace.js';

/**
 * Stands for the repository's address until the package.json of the root has one. This host cannot exist (RFC 2606),
 * and packages with it are never released.
 */
export const NO_ADDRESS = 'https://repository.invalid/sockless';

/**
 * @typedef {object} Packed
 * @property {string} name
 * @property {string} version
 * @property {string} folder where its sources are, relative to the root
 * @property {string} tarball its path
 * @property {number} size of the tarball in bytes
 */

/**
 * @typedef {object} Manifest the parts of a package.json that are read
 * @property {string} name
 * @property {string} version
 * @property {boolean} [private]
 * @property {string[]} files
 * @property {Record<string, string | import('./workspace.js').Entry>} exports
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 */

/**
 * Returns the address of the repository's page, from the `repository` in the package.json of the root.
 * @param {string} root
 * @returns {string | undefined} `undefined` while it is not decided
 */
export function addressOf(root) {
  const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const url = typeof repository === 'object' ? repository.url : repository;
  return url?.replace(/^git\+/, '').replace(/\.git$/, '');
}

/**
 * Returns the published packages, each after those that it depends on.
 * @param {string} root
 * @returns {{ folder: string, manifest: Manifest }[]}
 */
export function published(root) {
  return packages(root)
    .map(({ folder }) => ({ folder, manifest: readManifest(join(root, folder)) }))
    .filter(({ manifest }) => manifest.private !== true);
}

/**
 * Packs the packages from their builds.
 * @param {string} root
 * @param {string} into the folder that gets the tarballs
 * @param {string} [address] of the repository's page
 * @returns {Packed[]} each after those that it depends on
 */
export function pack(root, into, address = addressOf(root) ?? NO_ADDRESS) {
  const all = published(root);
  const versions = new Map(all.map(({ manifest }) => [manifest.name, manifest.version]));
  const staging = join(into, 'staged');
  for (const { folder, manifest } of all) {
    const target = join(staging, folder);
    mkdirSync(target, { recursive: true });
    for (const path of manifest.files) cpSync(join(root, folder, path), join(target, path), { recursive: true });
    cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
    const about = { folder, address, version: manifest.version };
    writeFileSync(
      join(target, 'README.md'),
      absoluteLinks(root, readFileSync(join(root, folder, 'README.md'), 'utf8'), about),
    );
    writeFileSync(join(target, 'package.json'), `${JSON.stringify(complete(manifest, versions, about), null, 2)}\n`);
  }
  npmPack(
    all.map(({ folder }) => join(staging, folder)),
    into,
  );
  rmSync(staging, { recursive: true });
  return all.map(({ folder, manifest: { name, version } }) => {
    const tarball = join(into, tarballName(name, version));
    return { name, version, folder, tarball, size: statSync(tarball).size };
  });
}

/**
 * Packs the installed packages that ours depend on, so that a project can install everything without the network.
 * @param {string} root
 * @param {string} into the folder that gets the tarballs
 * @returns {string[]} the paths of the tarballs
 */
export function packDependencies(root, into) {
  const folders = published(root).flatMap(({ folder, manifest }) =>
    Object.entries(manifest.dependencies ?? {})
      .filter(([, range]) => !range.startsWith('workspace:'))
      .map(([name]) => join(root, folder, 'node_modules', name)),
  );
  const staging = join(into, 'staged');
  const staged = folders.map((folder, at) => {
    const target = join(staging, String(at));
    cpSync(folder, target, { recursive: true, dereference: true, filter: (path) => basename(path) !== 'node_modules' });
    // npm refuses to pack a folder whose `prepare` it may not run.
    const { scripts: _, ...manifest } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
    writeFileSync(join(target, 'package.json'), JSON.stringify(manifest));
    return target;
  });
  npmPack(staged, into);
  rmSync(staging, { recursive: true });
  return folders.map((folder) => {
    const { name, version } = readManifest(folder);
    return join(into, tarballName(name, version));
  });
}

/**
 * @param {Manifest} manifest
 * @param {Map<string, string>} versions
 * @param {{ folder: string, address: string, version: string }} about
 */
function complete({ devDependencies, dependencies = {}, ...rest }, versions, { folder, address, version }) {
  return {
    ...rest,
    homepage: `${address}/tree/v${version}/${folder}#readme`,
    bugs: { url: `${address}/issues` },
    repository: { type: 'git', url: `git+${address}.git`, directory: folder },
    dependencies: Object.fromEntries(
      Object.entries(dependencies).map(([name, range]) => {
        if (!range.startsWith('workspace:')) return [name, range];
        if (range === 'workspace:^' && versions.has(name)) return [name, `^${versions.get(name)}`];
        throw new Failure(`${folder}/package.json: ${name} is ${range}, and not workspace:^ of a published package`);
      }),
    ),
  };
}

/**
 * Makes the links of a document absolute. In the repository they are relative, which does not work where npm shows a
 * README.
 * @param {string} root
 * @param {string} markdown
 * @param {{ folder: string, address: string, version: string }} about `folder` is that of the document
 */
export function absoluteLinks(root, markdown, { folder, address, version }) {
  const blocks = markdown.split(/^(```.*?^```)$/ms); // every second one is code
  return blocks
    .map((text, at) => (at % 2 === 0 ? text.replace(/(!?)\[([^[\]]*)\]\(([^)\s]+)\)/g, link) : text))
    .join('');

  /** @type {(whole: string, image: string, text: string, target: string) => string} */
  function link(whole, image, text, target) {
    const [, path = '', fragment = ''] = /^([^#]*)(.*)$/.exec(target) ?? [];
    if (path === '' || /^[a-z]+:/.test(path)) return whole;
    const resolved = posix.join(folder, path);
    if (resolved.startsWith('..') || !existsSync(join(root, resolved))) {
      throw new Failure(`${folder}: the README links to ${path}, which does not exist`);
    }
    if (resolved.endsWith('.md') && !headings(readFileSync(join(root, resolved), 'utf8')).includes(fragment)) {
      throw new Failure(`${folder}: the README links to ${path}${fragment}, which has no such heading`);
    }
    const kind = image ? 'raw' : statSync(join(root, resolved)).isDirectory() ? 'tree' : 'blob';
    return `${image}[${text}](${address}/${kind}/v${version}/${resolved}${fragment})`;
  }
}

/**
 * Returns the fragments that links to a document may have: none, or that of a heading.
 * @param {string} markdown
 */
function headings(markdown) {
  const texts = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text.toLowerCase());
  return ['', ...texts.map((text) => `#${text.replace(/[^\w\- ]/g, '').replaceAll(' ', '-')}`)];
}

/**
 * @param {string[]} folders
 * @param {string} into
 */
function npmPack(folders, into) {
  const args = ['pack', ...folders, '--pack-destination', into, '--ignore-scripts', '--loglevel=error'];
  const { status, error, stderr } = spawnSync('npm', args, { encoding: 'utf8', shell: process.platform === 'win32' });
  if (status !== 0) throw new Failure(`npm pack failed: ${stderr}${error ?? ''}`);
}

/** @type {(name: string, version: string) => string} */
const tarballName = (name, version) => `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;

/**
 * @param {string} folder
 * @returns {Manifest}
 */
function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
