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

/** The folders of the packages that are published, in the order of the navigation. */
export const PUBLISHED: readonly string[] = [
  'packages/core',
  'packages/deflate',
  'packages/adapter',
  'packages/node',
  'packages/deno',
  'packages/conformance',
  'fuzz',
];

/** Returns what others import of every published package: `./dist/x.js` is built from `src/x.ts`. */
export function entries(): Entry[] {
  return PUBLISHED.flatMap((folder) => {
    const { name, exports, bin = {} } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
    const commands = Object.values(bin); // they export nothing
    return Object.entries<{ default?: string }>(exports).flatMap(([subpath, { default: output }]) => {
      const [, source] = /^\.\/dist\/(.+)\.js$/.exec(output ?? '') ?? [];
      if (source === undefined || commands.includes(output)) return []; // ./package.json is no source either
      return [{ name: join(name, subpath), path: join(ROOT, folder, 'src', `${source}.ts`) }];
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
