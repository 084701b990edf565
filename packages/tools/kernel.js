// Compiles the WebAssembly of packages/core and writes it into the source that carries it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './install.js';
import { Failure, ROOT } from './workspace.js';

export const help = `node packages/tools/run.js kernel

Compiles packages/core/src/kernel.wat, and writes it as hexadecimal digits into kernel.ts beside it.`;

const TEXT = 'packages/core/src/kernel.wat';
const SOURCE = 'packages/core/src/kernel.ts';

/** The number of digits in a line, which keeps lines below 120 columns. */
const DIGITS = 108;

/** @returns {Promise<number>} the exit code */
export async function command() {
  install(ROOT, 'all');
  const path = join(ROOT, SOURCE);
  const before = readFileSync(path, 'utf8');
  const code = await compile(readFileSync(join(ROOT, TEXT), 'utf8'));
  const after = withCode(before, code);
  if (after === before) {
    console.log(`kernel: ${SOURCE} is up to date`);
  } else {
    writeFileSync(path, after);
    console.log(`kernel: ${SOURCE} has been written, with ${code.length} bytes`);
  }
  return 0;
}

/**
 * @param {string} text of a module
 * @returns {Promise<Uint8Array>} its binary format
 * @throws {Failure} with the mistake in the text
 */
export async function compile(text) {
  const { default: load } = await import('wabt');
  const wabt = await load();
  try {
    const module = wabt.parseWat(TEXT, text, { simd: true });
    module.validate();
    const { buffer } = module.toBinary({});
    module.destroy();
    return buffer;
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * @param {string} source
 * @param {Uint8Array} code
 * @returns {string} the source with this code in place of the old one
 * @throws {Failure} when the source has no place for it
 */
export function withCode(source, code) {
  const place = /^const CODE =\n[^;]*;$/m;
  if (!place.test(source)) {
    throw new Failure(`${SOURCE} has no "const CODE =".`);
  }
  const digits = Buffer.from(code).toString('hex');
  const lines = digits.match(new RegExp(`.{1,${DIGITS}}`, 'g')) ?? [];
  return source.replace(place, `const CODE =\n${lines.map((line) => `  '${line}'`).join(' +\n')};`);
}
