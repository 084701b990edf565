// Packs what is published, looks at it, tries it in an empty project, and hands it to npm.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.js';
import { install } from './install.js';
import { addressOf, NO_ADDRESS, pack, published } from './pack.js';
import { Failure, ROOT } from './workspace.js';

export const help = `npm run release -- [--dry-run] [--into FOLDER]

Builds and packs the packages that are published, has publint and "Are the types wrong?" look at the tarballs, installs
them into an empty project, and runs the programs of the README files there: on Node, and on Deno and Bun where npm has brought them.
Then it stages them at npm, with provenance, where a maintainer approves them: .github/workflows/release.yml does that.

  --dry-run  stage nothing
  --into     leave the tarballs in this folder; npm installs them from there

Without the address of the repository (the \`repository\` of the package.json of the root) only a dry run is possible.`;

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function command(args) {
  const options = /** @type {const} */ ({ 'dry-run': { type: 'boolean' }, into: { type: 'string' } });
  const { 'dry-run': dryRun, into } = parseArgs({ args, options }).values;
  if (!dryRun) checkReleasable(ROOT);
  install(ROOT, 'all');
  build(ROOT);
  const folder = resolve(into ?? mkdtempSync(join(tmpdir(), 'sockless-release-')));
  mkdirSync(folder, { recursive: true });
  try {
    const packed = pack(ROOT, folder);
    // What these import has been installed by now.
    const { checkPacked } = await import('./packed.js');
    if (!(await checkPacked(packed))) throw new Failure('release: the packages are not as they should be');
    await tryPacked(packed);
    if (dryRun) {
      console.log(
        `release: a dry run, nothing was published${addressOf(ROOT) ? '' : `; ${NO_ADDRESS} stands for the address`}`,
      );
    } else {
      for (const { tarball } of packed) stage(tarball);
    }
  } finally {
    if (into === undefined) rmSync(folder, { recursive: true });
  }
  return 0;
}

/**
 * @param {string} root
 * @throws {Failure} when what is there is not to be released
 */
export function checkReleasable(root) {
  if (addressOf(root) === undefined) {
    throw new Failure(
      "release: refused, since the repository's address is not decided. It belongs into `repository` of the package.json of the root.",
    );
  }
  const git = (/** @type {string[]} */ ...args) => {
    // In a container the folder may be somebody else's.
    const all = ['-c', `safe.directory=${resolve(root)}`, ...args];
    const { status, stdout, stderr } = spawnSync('git', all, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Failure(`release: refused, since git ${args.join(' ')} fails: ${stderr}`);
    return stdout.trim();
  };
  if (git('status', '--porcelain') !== '')
    throw new Failure('release: refused, since not all that is here is committed.');
  const [version, ...others] = new Set(published(root).map(({ manifest }) => manifest.version));
  if (others.length > 0) throw new Failure('release: refused, since the packages do not have one version.');
  if (!git('tag', '--points-at', 'HEAD').split('\n').includes(`v${version}`)) {
    throw new Failure(`release: refused, since this commit is not tagged v${version}.`);
  }
  if (!readFileSync(join(root, 'CHANGELOG.md'), 'utf8').includes(`\n## ${version}`)) {
    throw new Failure(`release: refused, since CHANGELOG.md has no heading ${version}.`);
  }
}

/** @param {import('./pack.js').Packed[]} packed */
async function tryPacked(packed) {
  const { createProject } = await import('./project.js');
  const { runtimes, tryReadme } = await import('./trial.js');
  const project = createProject(ROOT, { packed });
  try {
    const readmes = [
      { name: 'the repository', readme: join(ROOT, 'README.md') },
      ...packed.map(({ name }) => ({ name, readme: join(project.folder, 'node_modules', name, 'README.md') })),
    ];
    for (const runtime of runtimes(ROOT)) {
      for (const { name, readme } of readmes) {
        const done = await tryReadme(project, readme, runtime);
        if (done.length > 0) console.log(`release: README of ${name}, ${done.join(', ')}: ran on ${runtime.name}`);
      }
    }
  } finally {
    project.remove();
  }
}

/**
 * Nobody gets it before a maintainer has approved it. Tokens and provenance are those of the workflow.
 * @param {string} tarball
 */
function stage(tarball) {
  const { status } = spawnSync('npm', ['stage', 'publish', tarball, '--access', 'public', '--provenance'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Failure(`release: npm did not stage ${tarball}; it needs npm 11.15 or newer.`);
}
