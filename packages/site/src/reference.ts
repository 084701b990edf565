/** TypeDoc: the reference of every public entry, and the pages around it. */
import {
  Application,
  Comment,
  type DeclarationReflection,
  type IndexEvent,
  JSX,
  Logger,
  LogLevel,
  type PageEvent,
  type Reflection,
  Renderer,
} from 'typedoc';
import { type Entry, summaryOf } from './entries.ts';

/** What the site is made of and where it goes. */
export interface Site {
  /** What others import. */
  readonly entries: readonly Entry[];
  /** The configuration of the compiler for the sources of all packages. */
  readonly tsconfig: string;
  /** The first page, and `none` for none. */
  readonly readme: string;
  /** The pages, as files with Markdown. */
  readonly documents: readonly string[];
  readonly css: string;
  readonly favicon: string;
  readonly out: string;
}

/** The page that the playground is on, and what it needs: a script, and its styles. */
export const PLAYGROUND = {
  page: 'documents/Playground.html',
  script: 'playground.js',
  css: 'playground.css',
} as const;

/** What became of it. */
export interface Written {
  /** How many exports have a place in the reference. */
  readonly exports: number;
  /** An export without documentation, a link in a docstring that leads nowhere. */
  readonly problems: readonly string[];
}

/**
 * Writes the site.
 *
 * @throws {Error} when TypeDoc cannot read the sources, or refuses an option
 */
export async function writeReference(site: Site): Promise<Written> {
  const all = site.entries;
  const app = await Application.bootstrapWithPlugins({
    tsconfig: site.tsconfig,
    compilerOptions: { paths: Object.fromEntries(all.map(({ name, path }) => [name, [path]])) },
    entryPoints: all.map(({ path }) => path),
    alwaysCreateEntryPointModule: true,
    name: 'sockless',
    readme: site.readme,
    projectDocuments: [...site.documents],
    out: site.out,
    customCss: site.css,
    favicon: site.favicon,
    hideGenerator: true,
    disableSources: true,
    excludePrivate: true,
    excludeInternal: true,
    // What node, deno and adapter export of core is documented once, and linked to.
    excludeExternals: true,
    includeHierarchySummary: false,
    useFirstParagraphOfCommentAsSummary: true,
    searchInComments: true,
    searchInDocuments: true,
    headings: { readme: false, document: true },
    navigation: { includeGroups: true, includeCategories: false, includeFolders: false },
    groupOrder: ['Guides', 'Packages', 'Rules and limits', 'Modules', 'Project', '*'],
    sort: ['kind', 'instance-first', 'alphabetical-ignoring-documents'],
    visibilityFilters: {},
    // Names of files and addresses in examples are no links: the repository's documents write each link as one.
    markdownItOptions: { html: true, linkify: false },
    highlightLanguages: ['typescript', 'javascript', 'json', 'bash', 'sh', 'text', 'yaml', 'html', 'python', 'ini'],
    validation: {
      notExported: true,
      invalidLink: true,
      invalidPath: true,
      rewrittenLink: true,
      notDocumented: true,
      unusedMergeModuleWith: true,
    },
    logLevel: 'Error',
  });
  // It prints which one, and would go on with its defaults.
  if (app.logger.hasErrors()) throw new Error('TypeDoc refuses an option.');
  const problems: string[] = [];
  app.logger = new Problems(problems);
  app.converter.on('resolveBegin', ({ project }) => {
    for (const module of project.children ?? []) nameModule(module, all);
  });
  app.renderer.on(Renderer.EVENT_PREPARE_INDEX, hideNameless);
  app.renderer.on(Renderer.EVENT_END_PAGE, finishPage);
  app.renderer.hooks.on('head.end', (context) => {
    return isPlayground(context.page)
      ? link(context.relativeURL(`assets/${PLAYGROUND.css}`))
      : JSX.createElement(JSX.Fragment, null);
  });
  app.renderer.hooks.on('body.end', (context) => {
    return isPlayground(context.page)
      ? JSX.createElement('script', { src: context.relativeURL(`assets/${PLAYGROUND.script}`) ?? '' })
      : JSX.createElement(JSX.Fragment, null);
  });
  const project = await app.convert();
  if (project === undefined) throw new Error(`TypeDoc: ${problems.join('\n')}`);
  app.validate(project);
  await app.generateDocs(project, site.out);
  const exported = (project.children ?? []).flatMap((module) => module.children ?? []);
  return { exports: exported.filter((one) => !one.isReference()).length, problems };
}

/** TypeDoc calls a type without a name `__type`. The search leaves it out, and says of its members that they are those of what has it. */
function hideNameless(index: IndexEvent): void {
  for (let at = index.searchResults.length - 1; at >= 0; at--) {
    const { name, parent } = index.searchResults[at] as Reflection;
    if (parent?.name === NAMELESS) parent.getFullName = (separator) => parent.parent?.getFullName(separator) ?? '';
    if (name === NAMELESS) index.removeResult(at);
  }
}

const NAMELESS = '__type';

/** Keeps what is wrong, and is silent about what it does. */
class Problems extends Logger {
  readonly #problems: string[];

  constructor(problems: string[]) {
    super();
    this.#problems = problems;
  }

  override log(message: string, level: LogLevel): void {
    super.log(message, level); // it counts
    if (level >= LogLevel.Warn) this.#problems.push(message);
  }
}

const isPlayground = ({ url }: PageEvent): boolean => url === PLAYGROUND.page;

const link = (href: string | undefined): JSX.Element =>
  JSX.createElement('link', { rel: 'stylesheet', href: href ?? '' });

function nameModule(module: DeclarationReflection, all: readonly Entry[]): void {
  const entry = all.find(({ path }) => path === module.project.files.getReflectionPath(module));
  if (entry === undefined) return;
  module.name = entry.name;
  module.comment ??= new Comment([{ kind: 'text', text: summaryOf(entry) }]);
}

/**
 * Links to the playground are written `playground:` and what it is to be opened with, since TypeDoc would look for an anchor.
 * A link to a folder needs a server that knows which file that is. And a browser shows no icon out of another file where the
 * pages are files: TypeDoc's script puts all icons into the page, so they need not come from there.
 */
function finishPage(page: PageEvent): void {
  const up = '../'.repeat(page.url.split('/').length - 1);
  if (page.contents === undefined) return;
  page.contents = page.contents
    .replaceAll('href="playground:', `href="${up}${PLAYGROUND.page}#`)
    .replace(/href="\.\.\/(#[^"]*)?"/g, 'href="../index.html$1"')
    .replace(/<use href="[^"]*icons\.svg#/g, '<use href="#');
}
