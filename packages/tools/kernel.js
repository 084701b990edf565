// Compiles the WebAssembly of packages/core and writes it into the source that carries it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './install.js';
import { Failure, ROOT } from './workspace.js';

export const help = `node packages/tools/run.js kernel

Compiles packages/core/src/kernel.wat, and writes it as hexadecimal digits into kernel.ts beside it.`;

/** @returns {Promise<number>} the exit code */
export async function command() {
  install(ROOT, 'all');
  const folder = join(ROOT, 'packages/core/src');
  const source = readFileSync(join(folder, 'kernel.ts'), 'utf8');
  writeFileSync(join(folder, 'kernel.ts'), await withCode(source, readFileSync(join(folder, 'kernel.wat'), 'utf8')));
  return 0;
}

/**
 * @param {string} source of kernel.ts
 * @param {string} text of a module
 * @returns {Promise<string>} the source with the code of this module, in lines of less than 120 columns
 */
export async function withCode(source, text) {
  const place = /^const CODE =\n[^;]*;$/m;
  if (!place.test(source)) throw new Failure('kernel.ts has no "const CODE =".');
  const { default: load } = await import('wabt');
  const module = (await load()).parseWat('kernel.wat', text, { simd: true });
  module.validate();
  const digits = Buffer.from(module.toBinary({}).buffer).toString('hex');
  const lines = digits.match(/.{1,108}/g) ?? [];
  return source.replace(place, `const CODE =\n${lines.map((line) => `  '${line}'`).join(' +\n')};`);
}
