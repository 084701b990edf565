// Runs pnpm through npx and installs from the frozen lock file, unless nothing has changed since the last time.
import { spawnSync } from 'node:child_process';
import { Failure, hash, packages, readStamp, writeStamp } from './workspace.js';

const PNPM = 'pnpm@12.21.0';

/** What can be installed, each with less than the next one: which arguments of pnpm choose it. */
const SCOPES = {
  // Without dev dependencies the root, which pnpm always includes, costs nothing.
  demo: ['--prod', '--filter', '@sockless/demo...'],
  // The other versions of Node are hundreds of megabytes, and only `npm test -- --node` needs them.
  all: ['--filter', '!@sockless/nodes'],
  nodes: [],
};

/**
 * @param {string} root
 * @param {keyof typeof SCOPES} scope
 */
export function install(root, scope) {
  const manifests = packages(root).map(({ folder }) => `${folder}/package.json`);
  const inputs = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests];
  const current = hash(root, inputs, [PNPM, process.platform, process.arch]);
  const [last = '', installed = ''] = readStamp(root, 'install').split(' ');
  const scopes = Object.keys(SCOPES);
  if (installed === current && scopes.indexOf(last) >= scopes.indexOf(scope)) {
    console.log('install: up to date');
    return;
  }
  const started = Date.now();
  console.log(scope === 'demo' ? 'install: only what the demo needs …' : 'install: …');
  writeStamp(root, 'install', '');
  // The policies of the lock file are not checked again, since that would request all metadata of every package.
  const args = ['--yes', PNPM, 'install', '--frozen-lockfile', '--trust-lockfile', ...SCOPES[scope]];
  const { status, error, stdout, stderr } = spawnSync('npx', args, {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    env: { ...process.env, CI: 'true' }, // pnpm then asks no questions
  });
  if (status !== 0) {
    throw new Failure(`${stdout ?? ''}${stderr ?? ''}${error ?? ''}
install: failed. It needs the npm registry, for ${PNPM} (through npx) and for the packages of pnpm-lock.yaml.
After a change of dependencies run "npx ${PNPM} install" and commit the lock file.`);
  }
  writeStamp(root, 'install', `${scope} ${current}`);
  console.log(`install: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
