/** The folders of targets, corpora and findings. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Target } from '../targets/support/target.ts';

/** The folder of this repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FUZZ = join(ROOT, 'fuzz');

/** A target that can be loaded: one of ours by name, or any module by path. */
export interface TargetFile {
  readonly name: string;
  readonly path: string;
  /** The inputs in the repository. */
  readonly corpus: string;
}

/** Returns all our targets. */
export function ownTargets(): TargetFile[] {
  return readdirSync(join(FUZZ, 'targets'), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => targetFile(join(FUZZ, 'targets', name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Finds a target by its name or path; returns `undefined` if there is none. */
export function findTarget(nameOrPath: string): TargetFile | undefined {
  const own = ownTargets().find(({ name }) => name === nameOrPath);
  return own ?? (existsSync(nameOrPath) ? targetFile(resolve(nameOrPath)) : undefined);
}

function targetFile(path: string): TargetFile {
  const name = basename(path).replace(/\.\w+$/, '');
  return { name, path, corpus: join(FUZZ, 'corpus', name) };
}

/** @throws {TypeError} when the module is not a target */
export async function loadTarget({ path }: TargetFile): Promise<Target> {
  const target = (await import(pathToFileURL(path).href)) as Partial<Target>;
  if (typeof target.fuzz !== 'function' || !target.name || !target.description) {
    throw new TypeError(`${path} does not export name, description and fuzz`);
  }
  return target as Target;
}

/** Returns the inputs of a folder with their paths; none if the folder does not exist. */
export function readInputs(folder: string): { path: string; data: Uint8Array }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => ({ path: join(folder, name), data: Uint8Array.from(readFileSync(join(folder, name))) }));
}

/** Returns a short name for bytes. */
export const nameOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 12);

/** Replaces the inputs of a folder that {@link nameOf} has named; those named by a person stay. */
export function writeInputs(folder: string, inputs: readonly Uint8Array[]): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (/^[0-9a-f]{12}$/.test(name)) rmSync(join(folder, name));
  for (const data of inputs) writeFileSync(join(folder, nameOf(data)), data);
}
