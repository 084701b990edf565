/** The documents of the repository as pages of the site. */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A page, as Markdown. */
export interface Page {
  /** Where it lies in the repository, or would. Links are relative to it. */
  readonly path: string;
  readonly title: string;
  /** Under which heading the navigation has it; a page that is the child of another one has none. */
  readonly group?: string;
  /** The paths of the pages below it. */
  readonly children?: readonly string[];
  /** Without the heading that is its title. */
  readonly text: string;
}

/** The documents, in the order of the navigation. */
const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  Guides: [
    'packages/docs/handlers-and-errors.md',
    'packages/docs/back-pressure.md',
    'packages/docs/rooms-and-broadcast.md',
    'packages/docs/watching-a-server.md',
    'packages/docs/shutdown.md',
    'packages/docs/authentication.md',
    'packages/docs/origins-and-proxies.md',
    'packages/docs/reconnecting.md',
    'packages/docs/compression.md',
    'packages/docs/fake-clock.md',
    'packages/docs/embedding.md',
    'packages/examples/README.md',
  ],
  Packages: [
    'packages/node/README.md',
    'packages/deno/README.md',
    'packages/core/README.md',
    'packages/deflate/README.md',
    'packages/adapter/README.md',
    'packages/conformance/README.md',
    'fuzz/README.md',
  ],
  Project: [
    'ARCHITECTURE.md',
    'SECURITY.md',
    'BENCHMARKS.md',
    'packages/conformance/PEERS.md',
    'packages/conformance/COMPLIANCE.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
  ],
};

/** What pages are called whose headings are names of packages, as the reference has pages with those. */
const TITLES: Readonly<Record<string, string>> = {
  'packages/node/README.md': 'On Node',
  'packages/deno/README.md': 'On Deno',
  'packages/core/README.md': 'Core by itself',
  'packages/deflate/README.md': 'Engines for compression',
  'packages/adapter/README.md': 'An adapter of your own',
  'packages/conformance/README.md': 'Testing any implementation',
  'fuzz/README.md': 'Fuzzing',
};

/** Returns the documents of the repository, and the sources that the page of the examples links to. */
export function documentPages(): Page[] {
  return Object.entries(DOCUMENTS).flatMap(([group, paths]) =>
    paths.flatMap((path) => {
      const [, heading = '', text = ''] = /^# ([^\n]*)\n(.*)$/s.exec(readFileSync(join(ROOT, path), 'utf8')) ?? [];
      const title = TITLES[path] ?? heading;
      if (path !== 'packages/examples/README.md') return [{ path, title, text, group }];
      const programs = [...new Set([...text.matchAll(/\]\(([\w-]+\.ts)\)/g)].map(([, name = '']) => name))];
      const children = programs.map((name) => programPage(join(dirname(path), name)));
      return [{ path, title, text, group, children: children.map((page) => page.path) }, ...children];
    }),
  );
}

function programPage(path: string): Page {
  const source = readFileSync(join(ROOT, path), 'utf8').trimEnd();
  return { path, title: path.slice(path.lastIndexOf('/') + 1), text: `\`\`\`ts\n${source}\n\`\`\`\n` };
}

/** Returns the README, which is the site's first page. */
export function readme(): Page {
  return { path: 'README.md', title: 'sockless', text: readFileSync(join(ROOT, 'README.md'), 'utf8') };
}

/** Returns where a page lies below the folder of the pages: TypeDoc takes Markdown only. */
export const fileOf = (path: string): string => (path.endsWith('.md') ? path : `${path}.md`);

/**
 * Returns a page as TypeDoc reads it: with its title before it, and links to other pages and to files that are `kept`.
 * What else they point to is in the repository and not on the site: there a link becomes its text.
 */
export function render(
  { path, title, group, children, text }: Page,
  paths: ReadonlySet<string>,
  kept: string[] = [],
): string {
  const linked = text.replace(
    /(!?)\[([^\]]*)\]\(([^)\s]+)\)/g,
    (link, image: string, words: string, target: string) => {
      if (/^[a-z]+:|^#/.test(target)) return link;
      const [file = '', anchor] = target.split('#');
      const to = normalize(join(dirname(path), file)).replace(/\/$/, '');
      const page = [to, join(to, 'README.md')].find((one) => paths.has(one));
      if (page === undefined) return kept.includes(to) ? link : words;
      const relative = relativeTo(dirname(fileOf(path)), fileOf(page));
      return `${image}[${words}](${relative}${anchor === undefined ? '' : `#${anchor}`})`;
    },
  );
  // TypeDoc leaves code out of the anchor of a heading, which the links to it have.
  const anchored = linked.replace(/^##+ .*`.*$/gm, (heading) => heading.replace(/`([^`<&]+)`/g, '<code>$1</code>'));
  const facts = {
    title,
    ...(group && { group }),
    ...(children && { children: children.map((child) => `./${relativeTo(dirname(path), fileOf(child))}`) }),
  };
  const head = Object.entries(facts).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return path === 'README.md' ? anchored : `---\n${head.join('\n')}\n---\n${anchored}`;
}

/** Returns a table as Markdown, whose rows are blocks of their own on a narrow window. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], kind = ''): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const lines = [line(head), line(head.map(() => '---')), ...rows.map(line)];
  return `<div class="${`stacked ${kind}`.trim()}">\n\n${lines.join('\n')}\n\n</div>`;
}

function relativeTo(folder: string, path: string): string {
  const up = folder === '.' ? [] : folder.split('/');
  const down = path.split('/');
  while (up.length > 0 && up[0] === down[0]) {
    up.shift();
    down.shift();
  }
  return [...up.map(() => '..'), ...down].join('/');
}
