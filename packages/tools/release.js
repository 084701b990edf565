// Packs the published packages, checks them, tries them in an empty project, and stages them at npm.
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

Builds and packs the published packages, checks the tarballs with publint and "Are the types wrong?", installs them into an
empty project, and runs the programs of the README files there, on Node, Deno and Bun (the last two if npm has installed them).
Then it stages the tarballs at npm, with provenance, for a maintainer to approve. .github/workflows/release.yml runs it.

  --dry-run  stage nothing
  --into     keep the tarballs in this folder, from which npm can install them

Without the address of the repository (\`repository\` in the package.json of the root) only a dry run is possible.`;

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
    // Imported here, because their dependencies are installed only now.
    const { checkPacked } = await import('./packed.js');
    if (!(await checkPacked(packed))) throw new Failure('release: refused, because the checks above failed.');
    await tryPacked(packed);
    if (dryRun) {
      console.log(
        `release: a dry run, nothing was staged${addressOf(ROOT) ? '' : `; ${NO_ADDRESS} stands for the address`}`,
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
 * @throws {Failure} when this state of the repository may not be released
 */
export function checkReleasable(root) {
  if (addressOf(root) === undefined) {
    throw new Failure(
      "release: refused, because the repository's address is missing. Put it into `repository` in the package.json of the root.",
    );
  }
  const git = (/** @type {string[]} */ ...args) => {
    // In a container the folder may belong to another user.
    const all = ['-c', `safe.directory=${resolve(root)}`, ...args];
    const { status, stdout, stderr } = spawnSync('git', all, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Failure(`release: refused, since git ${args.join(' ')} fails: ${stderr}`);
    return stdout.trim();
  };
  if (git('status', '--porcelain') !== '')
    throw new Failure('release: refused, because there are uncommitted changes.');
  const [version, ...others] = new Set(published(root).map(({ manifest }) => manifest.version));
  if (others.length > 0) throw new Failure('release: refused, because the packages have different versions.');
  if (!git('tag', '--points-at', 'HEAD').split('\n').includes(`v${version}`)) {
    throw new Failure(`release: refused, because this commit is not tagged v${version}.`);
  }
  if (!readFileSync(join(root, 'CHANGELOG.md'), 'utf8').includes(`\n## ${version}`)) {
    throw new Failure(`release: refused, because CHANGELOG.md has no heading ${version}.`);
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
 * Stages a tarball: it is not published before a maintainer approves it. Token and provenance come from the workflow.
 * @param {string} tarball
 */
function stage(tarball) {
  const { status } = spawnSync('npm', ['stage', 'publish', tarball, '--access', 'public', '--provenance'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Failure(`release: npm did not stage ${tarball}; it needs npm 11.15 or newer.`);
}
