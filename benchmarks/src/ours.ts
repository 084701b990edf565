/** Our own built packages: those of this tree, or of the tree that SOCKLESS_ROOT names. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Packages {
  readonly core: typeof import('@sockless/core');
  readonly 'core/deflate': typeof import('@sockless/core/deflate');
  readonly 'core/frame': typeof import('@sockless/core/frame');
  readonly deflate: typeof import('@sockless/deflate');
  readonly node: typeof import('@sockless/node');
}

/** The environment of a subject without WebAssembly. */
export const NO_WEBASSEMBLY = { SOCKLESS_NO_WEBASSEMBLY: '1' };

/** Loads one of our packages, or one of its subpaths. */
export async function ours<Name extends keyof Packages>(name: Name): Promise<Packages[Name]> {
  if (process.env.SOCKLESS_NO_WEBASSEMBLY) Reflect.deleteProperty(globalThis, 'WebAssembly');
  const root = process.env.SOCKLESS_ROOT;
  const url = root && pathToFileURL(fileOf(name, root)).href;
  return (await import(url || `@sockless/${name}`)) as Packages[Name];
}

/** Returns an export of a package of another tree. */
function fileOf(name: keyof Packages, root: string): string {
  const [folder = ''] = name.split('/');
  return createRequire(join(root, 'packages', folder, 'package.json')).resolve(`@sockless/${name}`);
}
