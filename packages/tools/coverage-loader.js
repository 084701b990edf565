// Loaded into a process that is measured: it replaces the types in the covered sources by spaces, so V8 counts in the source
// itself and no source map loses positions (tsx minifies, which hides uncovered lines).
import { readdirSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import blankTypes from 'ts-blank-space';

const covered = process.env.SOCKLESS_COVERED ?? '';

/** @type {import('node:module').LoadHook} */
export function load(url, context, next) {
  if (!(url.startsWith(pathToFileURL(covered).href) && url.endsWith('.ts'))) {
    return next(url, context);
  }
  const source = blankTypes(readFileSync(fileURLToPath(url), 'utf8'));
  return { format: 'module', source, shortCircuit: true };
}

// Module hooks run in a thread of their own, which loads this file again.
if (isMainThread) {
  register(import.meta.url);
  // Without this, a file that no test loads would be missing from the table.
  process.once('beforeExit', async () => {
    for (const path of readdirSync(covered, { recursive: true })) {
      if (String(path).endsWith('.ts')) {
        await import(pathToFileURL(join(covered, String(path))).href);
      }
    }
  });
}
