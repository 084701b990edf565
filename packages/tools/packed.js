// Checks the packed packages with publint and "Are the types wrong?".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { requireFrom } from './native.js';
import { pack } from './pack.js';

/**
 * Packs the published packages and checks them.
 * @param {string} root
 * @returns {Promise<boolean>} whether nothing was found
 */
export async function checkPackages(root) {
  const into = mkdtempSync(join(tmpdir(), 'sockless-packed-'));
  try {
    return await checkPacked(pack(root, into));
  } finally {
    rmSync(into, { recursive: true });
  }
}

/**
 * @param {import('./pack.js').Packed[]} packed
 * @returns {Promise<boolean>} whether nothing was found
 */
export async function checkPacked(packed) {
  let found = false;
  for (const { name, tarball, size } of packed) {
    const findings = [...(await askPublint(tarball)), ...askTypes(tarball)];
    console.log(`packed: ${name}, ${(size / 1000).toFixed(0)} KB${findings.length > 0 ? ', failed' : ''}`);
    for (const finding of findings) console.log(finding);
    found ||= findings.length > 0;
  }
  return !found;
}

/**
 * @param {string} tarball
 * @returns {Promise<string[]>}
 */
async function askPublint(tarball) {
  const bytes = Uint8Array.from(readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
  return messages.map((message) => `publint: ${message.code}: ${formatMessage(message, pkg) ?? ''}`);
}

/**
 * Problems of programs that cannot `require` an ES module are left out, because every supported Node can.
 * @param {string} tarball
 * @returns {string[]}
 */
function askTypes(tarball) {
  const cli = String(requireFrom(import.meta.url, '@arethetypeswrong/cli/package.json')).replace(
    /package\.json$/,
    'dist/index.js',
  );
  const args = [cli, tarball, '--profile', 'esm-only', '--no-color', '--no-emoji'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return status === 0 ? [] : [`attw: ${stdout}${stderr}`];
}
