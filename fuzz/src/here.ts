/** Where this package is, and what is in it. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Whether this runs from its sources, in the repository, and not from the build that npm installs. */
export const IS_SOURCE: boolean = import.meta.url.endsWith('.ts');

/** The folder of this package. A build has its modules in several folders, so it is searched. */
export const HERE: string = folderOf(dirname(fileURLToPath(import.meta.url)));

/** The folder with one file of inputs for each target. */
export const CORPORA: string = join(HERE, 'corpus');

function folderOf(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : folderOf(dirname(folder));
}

/** Returns the path of one of our modules that a process or a thread begins with. */
export const ownModule = (name: string): string => join(HERE, IS_SOURCE ? `src/${name}.ts` : `dist/${name}.js`);

/** What a target imports by the name of this package, which it need not have installed. */
export const ENTRY: string = pathToFileURL(ownModule('index')).href;

/** The name of this package. */
export const NAME = '@sockless/fuzz';
