// Runs pnpm through npx and installs from the frozen lock file, unless nothing has changed since the last time.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, hash, packages, readStamps, writeStamps } from './workspace.js';

const PNPM = 'pnpm@12.21.0';
/** It is hundreds of megabytes, and only `npm test -- --node` needs it. */
const NODES = '@sockless/nodes';

/**
 * @param {string} root
 * @param {string} scope `all`, `nodes` for all and the other versions of Node, or the name of the one package that will be
 * built and run
 */
export function install(root, scope) {
  const manifests = packages(root).map(({ folder }) => `${folder}/package.json`);
  const current = hash(
    root,
    ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests],
    [PNPM, process.platform, process.arch],
  );
  const last = readStamps(root).install;
  if (
    last?.hash === current &&
    (last.scope === scope || last.scope === 'nodes' || (last.scope === 'all' && scope !== 'nodes')) &&
    existsSync(join(root, 'node_modules/.pnpm'))
  ) {
    console.log('install: up to date');
    return;
  }

  const started = Date.now();
  const whole = scope === 'all' || scope === 'nodes';
  console.log(whole ? 'install: …' : `install: only what ${scope} needs …`);
  writeStamps(root, { install: undefined });
  // The policies of the lock file are not checked again, since that would request all metadata of every
  // package. Without dev dependencies the root, which pnpm always includes, costs nothing.
  const args = ['--yes', PNPM, 'install', '--frozen-lockfile', '--trust-lockfile'];
  const filter = whole ? (scope === 'all' ? [`!${NODES}`] : []) : [`${scope}...`];
  const narrow = [...(whole ? [] : ['--prod']), ...filter.flatMap((each) => ['--filter', each])];
  const { status, error, stdout, stderr } = spawnSync('npx', [...args, ...narrow], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    env: { ...process.env, CI: 'true' }, // pnpm then asks no questions
  });
  if (status !== 0) {
    throw new Failure(
      [
        `${stdout ?? ''}${stderr ?? ''}${error ?? ''}`,
        `install: failed. It needs the npm registry, for ${PNPM} (through npx) and for the packages of pnpm-lock.yaml.`,
        `After a change of dependencies run "npx ${PNPM} install" and commit the lock file.`,
      ].join('\n'),
    );
  }
  writeStamps(root, { install: { hash: current, scope } });
  console.log(`install: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
