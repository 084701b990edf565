import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const size = suite('run.js size');

size('every subpath is within its budget and close to it', () => {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const args = ['node_modules/size-limit/bin.js', '--json'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  const results: { name: string; passed: boolean; size: number; sizeLimit: number }[] = JSON.parse(stdout);
  assert.is(results.length, 9, stderr);
  for (const { name, passed, size, sizeLimit } of results) {
    assert.ok(passed && size > 0.9 * sizeLimit, `${name}: ${size} of ${sizeLimit}`);
  }
});

size.run();
