/** Another revision of ours, installed and built in its own folder, which is kept. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from './options.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, 'node_modules/.sockless/revisions');

/** A revision that can be loaded. */
export interface Revision {
  /** The short name of the commit, and which of its builds, if not the first. */
  readonly name: string;
  /** The folder of its tree. */
  readonly root: string;
}

/**
 * Installs and builds a revision, unless that has been done before.
 *
 * @param rev anything that Git accepts as a commit
 * @param copy `'again'` for a second build in another folder
 * @throws {UsageError} when the commit does not exist or cannot be built
 */
export function prepareRevision(rev: string, log: (line: string) => void, copy: '' | 'again' = ''): Revision {
  const sha = run('git', ['rev-parse', '--verify', '--quiet', '--end-of-options', `${rev}^{commit}`]);
  if (sha === undefined) throw new UsageError(`There is no commit "${rev}".`);
  const name = copy === '' ? sha.slice(0, 10) : `${sha.slice(0, 10)}, ${copy}`;
  const root = join(FOLDER, copy === '' ? sha : `${sha}-${copy}`);
  if (existsSync(root)) return { name, root };
  log(`${name}: installing and building it once …`);
  // The folder gets its final name only when it is complete.
  const draft = `${root}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const archive = join(draft, 'tree.tar');
  if (
    run('git', ['archive', '--output', archive, sha]) === undefined ||
    run('tar', ['-xf', 'tree.tar'], draft) === undefined
  ) {
    throw new UsageError(`${name}: its files could not be extracted.`);
  }
  rmSync(archive);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['packages/tools/run.js', 'build'], {
    cwd: draft,
    encoding: 'utf8',
  });
  if (status !== 0) throw new UsageError(`${name} cannot be built.\n${stdout}${stderr}`);
  renameSync(draft, root);
  return { name, root };
}

function run(command: string, args: readonly string[], cwd = ROOT): string | undefined {
  const { status, stdout } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
