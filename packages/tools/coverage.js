// Measures with V8 how much of a package its tests reach; c8 prints it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * @param {string} root
 * @param {string} folder of the package, relative to the root
 */
export function startCoverage(root, folder) {
  const results = mkdtempSync(join(tmpdir(), 'sockless-coverage-'));
  return {
    // It replaces types by spaces, so that V8 counts in the source itself; tsx minifies, which hides uncovered lines.
    loader: 'ts-blank-space/register',
    env: { NODE_V8_COVERAGE: results },

    /**
     * Prints a table with a line for each file.
     * @param {boolean} judge whether anything below 100 % is a failure
     * @returns {boolean} whether it passed
     */
    report(judge) {
      const c8 = join(root, 'node_modules/c8/bin/c8.js');
      const sources = ['--all', '--src', join(root, folder, 'src'), '--include', `${folder}/src/**`];
      const args = ['report', '--temp-directory', results, ...sources, ...(judge ? ['--100', '--check-coverage'] : [])];
      const { status } = spawnSync(process.execPath, [c8, ...args], { cwd: root, stdio: 'inherit' });
      rmSync(results, { recursive: true, force: true });
      return status === 0;
    },
  };
}
