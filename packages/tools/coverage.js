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
    /** The arguments of the process to be measured. */
    imports: ['--import', new URL('coverage-loader.js', import.meta.url).href],
    env: { NODE_V8_COVERAGE: results, SOCKLESS_COVERED: join(root, folder, 'src') },

    /**
     * Prints a table with a line for each file.
     * @param {boolean} judge whether anything below 100 % is a failure
     * @returns {boolean} whether it passed
     */
    report(judge) {
      const everything = ['lines', 'branches', 'functions', 'statements'].flatMap((part) => [`--${part}`, '100']);
      const { status } = spawnSync(
        process.execPath,
        [
          join(root, 'node_modules/c8/bin/c8.js'),
          'report',
          ...['--temp-directory', results, '--include', `${folder}/src/**`, '--reporter', 'text'],
          ...(judge ? ['--check-coverage', ...everything] : []),
        ],
        { cwd: root, stdio: 'inherit' },
      );
      rmSync(results, { recursive: true, force: true });
      return status === 0;
    },
  };
}
