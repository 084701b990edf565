/** The modules of targets, and their corpora. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CORPORA, HERE } from './here.ts';
import { registerHooks } from './register.ts';
import type { Target } from './target.ts';

/** A target that can be loaded: one of ours by name, or any module by path. */
export interface TargetFile {
  readonly name: string;
  readonly path: string;
  /** Whether it is in `targets/` of the repository. */
  readonly isOurs: boolean;
  /** The file with its inputs. */
  readonly corpus: string;
}

const TARGETS = join(HERE, 'targets');

/** Returns all our targets; the package that npm installs has none. */
export function ownTargets(): TargetFile[] {
  if (!existsSync(TARGETS)) return [];
  return readdirSync(TARGETS, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map(({ name }) => targetFile(join(TARGETS, name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Finds a target by its name or path; returns `undefined` if there is none. */
export function findTarget(nameOrPath: string): TargetFile | undefined {
  const own = ownTargets().find(({ name }) => name === nameOrPath);
  return own ?? (existsSync(nameOrPath) ? targetFile(resolve(nameOrPath)) : undefined);
}

function targetFile(path: string): TargetFile {
  const name = basename(path).replace(/\.\w+$/, '');
  const isOurs = path === join(TARGETS, basename(path));
  return { name, path, isOurs, corpus: isOurs ? join(CORPORA, `${name}.txt`) : path.replace(/\.\w+$/, '.corpus.txt') };
}

/**
 * Imports a target: the `target` that a module exports, or the module itself.
 *
 * @throws {TypeError} when it is not a target
 */
export async function loadTarget({ path }: TargetFile): Promise<Target> {
  registerHooks();
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const all = { ...(module.default as object | undefined), ...module };
  const target = (all.target ?? all) as Partial<Target>;
  if (typeof target.fuzz !== 'function' || !target.name || !target.description) {
    throw new TypeError(`${path} does not export a target, or name, description and fuzz`);
  }
  return target as Target;
}

/** Returns a short name for bytes. */
export const nameOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 12);
