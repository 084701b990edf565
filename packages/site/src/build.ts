/** Builds the site: pages, reference, playground; then looks for dead links. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle, transform } from 'esbuild';
import { entries } from './entries.ts';
import { limitsPage } from './limits.ts';
import { checkLinks } from './links.ts';
import { documentPages, fileOf, type Page, ROOT, readme, render } from './pages.ts';
import { PLAYGROUND, writeReference } from './reference.ts';
import { rulePages } from './rules.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const DEMO = join(ROOT, 'packages/demo/src/page');

/** Files of the repository that pages show. */
const PICTURES = ['packages/demo/inspector.webp'];

/** A site that was built. */
export interface Built {
  readonly pages: number;
  /** How many exports have a place in the reference. */
  readonly exports: number;
  /** How many links were looked at. */
  readonly links: number;
  /** What is wrong with it; an empty list is a site that may be shown. */
  readonly problems: readonly string[];
}

/** Builds the site into a folder. */
export async function buildSite(out: string): Promise<Built> {
  const pages = [...documentPages(), limitsPage(), ...rulePages(), playgroundPage()];
  const written = `${out}-pages`;
  writePages(written, [readme(), ...pages]);
  const children = new Set(pages.flatMap((page) => page.children ?? []));
  const { exports, problems } = await writeReference({
    entries: entries(),
    tsconfig: join(PACKAGE, 'reference.json'),
    readme: join(written, 'README.md'),
    documents: pages.filter(({ path }) => !children.has(path)).map(({ path }) => join(written, fileOf(path))),
    css: join(PACKAGE, 'src/site.css'),
    favicon: join(DEMO, 'favicon.svg'),
    out,
  });
  await writePlayground(join(out, 'assets'));
  rmSync(written, { recursive: true });
  const links = checkLinks(out);
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  return { pages: files.length, exports, links: links.checked, problems: [...problems, ...links.problems] };
}

function writePages(folder: string, pages: readonly Page[]): void {
  rmSync(folder, { recursive: true, force: true });
  const paths = new Set(pages.map(({ path }) => path));
  for (const page of pages) {
    const file = join(folder, fileOf(page.path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, render(page, paths, PICTURES));
  }
  for (const path of PICTURES) cpSync(join(ROOT, path), join(folder, path));
}

function playgroundPage(): Page {
  return {
    path: 'playground.md',
    title: 'Playground',
    group: 'Rules and limits',
    text: `Paste bytes that went over a WebSocket, in hexadecimal. \`@sockless/core\` decodes them here, in your browser: each frame bit by bit, what the
application is given, and the rule that they break. Nothing leaves this page.

<div id="playground" class="playground"><p>This page needs JavaScript.</p></div>
`,
  };
}

/** Writes the playground's script, a plain one, since a module cannot be loaded from a file, and its styles. */
export async function writePlayground(folder: string): Promise<void> {
  await bundle({
    entryPoints: [join(PACKAGE, 'src/playground/main.ts')],
    outfile: join(folder, PLAYGROUND.script),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    logLevel: 'error',
  });
  const { code } = await transform(playgroundCss(), { loader: 'css', target: 'chrome110' });
  writeFileSync(join(folder, PLAYGROUND.css), code);
}

/** The colours and frames of the demo, for the playground alone, and by the theme that the reader has chosen. */
function playgroundCss(): string {
  const css = (name: string): string => readFileSync(join(DEMO, name), 'utf8');
  const [light, dark] = [...css('style.css').matchAll(/:root \{(.*?)\}/gs)].map(([, block]) => block);
  if (light === undefined || dark === undefined) throw new Error('style.css of the demo has no two :root any more');
  return `
.playground { ${light} }
@media (prefers-color-scheme: dark) { .playground { ${dark} } }
:root[data-theme="light"] .playground { ${light} }
:root[data-theme="dark"] .playground { ${dark} }
.playground { ${css('inspector.css')}\n${css('frame.css')} }
${readFileSync(join(PACKAGE, 'src/playground/playground.css'), 'utf8')}`;
}
