/** Loads the modules of a program that is fuzzed: JavaScript and TypeScript, whatever the module type of their folders. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { transformSync } from '@swc/wasm-typescript';
import { HERE, IS_SOURCE } from './here.ts';
import { instrument, isModuleSyntax } from './instrument.ts';

/** Which modules count their branches. */
export interface Counted {
  /** Those whose paths contain one of these parts; all when there are none. */
  readonly parts: readonly string[];
}

/** How Node is to compile a module. */
export type Format = 'module' | 'commonjs';

/** The fuzzer's own modules, with the reference that judges frames: what they count does not come from the subject. */
const OWN = IS_SOURCE ? [join(HERE, 'src'), join(HERE, '../packages/core/test')] : [join(HERE, 'dist')];

/** Tells whether a module is the fuzzer's. */
export const isOwn = (path: string): boolean => OWN.some((folder) => path.startsWith(folder + sep));

/** Tells whether a file is a module that is loaded here. */
export const isProgram = (path: string): boolean => /\.[cm]?[jt]s$/.test(path);

/** Tells whether a module counts its branches. */
export function isCounted(path: string, counted: Counted | undefined): boolean {
  if (counted === undefined) return false;
  const plain = path.replaceAll('\\', '/');
  return counted.parts.length === 0 || counted.parts.some((part) => plain.includes(part));
}

/** Returns the JavaScript of a module, without types, and its format. */
export function readProgram(path: string): { code: string; format: Format } {
  const source = readFileSync(path, 'utf8');
  const code = /\.[cm]?ts$/.test(path) ? withoutTypes(source, path) : source;
  return { code, format: formatOf(path, code) };
}

/** Returns the module with counters, or as it is when this parser does not understand it. */
export function counting(code: string, path: string, format: Format | undefined): string {
  try {
    return instrument(code, path, format);
  } catch (error) {
    console.error(`The branches of ${path} cannot be counted: ${error instanceof Error ? error.message : error}`);
    return code;
  }
}

/** Types become spaces, so that every position stays; enums and the like have to be compiled. */
function withoutTypes(source: string, path: string): string {
  const options = { module: true, sourceMap: false, filename: path };
  try {
    return transformSync(source, { ...options, mode: 'strip-only' }).code;
  } catch (error) {
    if (codeOf(error) !== 'UnsupportedSyntax') throw new SyntaxError(`${path}: ${messageOf(error)}`, { cause: error });
    return transformSync(source, { ...options, mode: 'transform' }).code;
  }
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;
const messageOf = (error: unknown): unknown => (error as { message?: unknown } | null)?.message ?? error;

/** Module syntax makes a module even where the package.json says "commonjs", as `npm init` writes it. */
function formatOf(path: string, code: string): Format {
  if (/\.m[jt]s$/.test(path)) return 'module';
  if (/\.c[jt]s$/.test(path)) return 'commonjs';
  return typeOf(dirname(path)) === 'module' || isModuleSyntax(code) ? 'module' : 'commonjs';
}

function typeOf(folder: string): string | undefined {
  const path = join(folder, 'package.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')).type;
  return dirname(folder) === folder ? undefined : typeOf(dirname(folder));
}
