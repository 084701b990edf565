// A project as a user has it: a folder into which npm installs the packed packages.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pack, packDependencies } from './pack.js';
import { Failure } from './workspace.js';

/**
 * @typedef {object} Project
 * @property {string} folder
 * @property {import('./pack.js').Packed[]} packed our packages that are installed
 * @property {(path: string, content: string) => string} write writes a file, and returns its path
 * @property {() => void} remove; the end of the process removes it as well
 */

/**
 * Makes such a project without the network: tarballs of the dependencies are made from the packages installed here.
 * @param {string} root
 * @param {{ packed?: import('./pack.js').Packed[] }} [options] default: packs the builds
 * @returns {Project}
 */
export function createProject(root, { packed } = {}) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sockless-project-')));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  /** @type {Project['write']} */
  const write = (path, content) => {
    const whole = join(folder, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, content);
    return whole;
  };
  write('package.json', JSON.stringify({ name: 'project', private: true, type: 'module' }));
  const tarballs = join(folder, 'tarballs');
  mkdirSync(tarballs);
  const ours = packed ?? pack(root, tarballs);
  const all = [...ours.map(({ tarball }) => tarball), ...packDependencies(root, tarballs)];
  const quiet = [
    '--offline',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--ignore-scripts',
    '--loglevel=error',
  ];
  const { status, error, stdout, stderr } = spawnSync('npm', ['install', ...quiet, ...all], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Failure(`npm install of the tarballs failed: ${stdout}${stderr}${error ?? ''}`);
  return { folder, packed: ours, write, remove };
}
