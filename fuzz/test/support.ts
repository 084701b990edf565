/** Runs the command `npm run fuzz` as its users do, without what it installs. */
import { spawnSync } from 'node:child_process';
import { ROOT } from '../src/files.ts';

export function run(...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'fuzz/src/run.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { code: status, output: stderr + stdout };
}
