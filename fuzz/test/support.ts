/** Runs the command `npm run fuzz` as its users do, without what it installs. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function run(...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'fuzz/ours/run.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { code: status, output: stderr + stdout };
}
