/** The public entries: what others import, and the sources of each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './pages.ts';

/** Something that others import. */
export interface Entry {
  /** As they import it: `@sockless/core/frame`. */
  readonly name: string;
  /** Its source. */
  readonly path: string;
}

/** The packages that are published. */
const PACKAGES = ['core', 'deflate', 'adapter', 'node', 'deno'];

/** Returns every export of every published package: `./dist/x.js` is built from `src/x.ts`. */
export function entries(): Entry[] {
  return PACKAGES.flatMap((folder) => {
    const { name, exports } = JSON.parse(readFileSync(join(ROOT, 'packages', folder, 'package.json'), 'utf8'));
    return Object.entries<{ default?: string }>(exports).flatMap(([subpath, { default: output }]) => {
      const [, source] = /^\.\/dist\/(.+)\.js$/.exec(output ?? '') ?? [];
      if (source === undefined) return []; // ./package.json
      return [{ name: join(name, subpath), path: join(ROOT, 'packages', folder, 'src', `${source}.ts`) }];
    });
  });
}

/** Returns what the first comment of an entry says of it: TypeDoc would want a tag in it. */
export function summaryOf({ path }: Entry): string {
  const text = readFileSync(path, 'utf8');
  const [range] = ts.getLeadingCommentRanges(text, 0) ?? [];
  const comment = range === undefined ? '' : text.slice(range.pos, range.end);
  if (!comment.startsWith('/**')) return '';
  return comment
    .slice(3, -2)
    .replace(/^\s*\* ?/gm, '')
    .trim();
}
