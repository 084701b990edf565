/** Looks at every page of a site that was built: where its links lead, and whether it loads anything from elsewhere. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Elements that load something, by which a page that is offline would be broken. */
const LOADS = /<(?:script|img|link|iframe|source|use|video|audio)\b[^>]*?\s(?:src|href)="([^"]*)"/g;
const ANY = /\s(?:src|href)="([^"]*)"/g;
const CSS_URL = /url\((?!["']?data:)["']?([^)"']+)["']?\)|@import\s+["']([^"']+)/g;

/**
 * The hosts that pages may link to. A link to another one is a problem, since most often nobody wrote it: an address in an example,
 * or the name of a file that was taken for one, as `CHANGELOG.md` is by those who know that .md is a top-level domain.
 */
const HOSTS: readonly string[] = ['www.rfc-editor.org', 'github.com', 'keepachangelog.com', 'semver.org'];

/** What was looked at, and what was found. */
export interface Links {
  /** How many links there are, be they to the site's own pages and files or to other hosts. */
  readonly checked: number;
  readonly problems: readonly string[];
}

/**
 * Looks at the links of a folder. Problems are files and anchors that are not there, links to hosts that are not known, and what is loaded
 * from elsewhere.
 */
export function checkLinks(folder: string): Links {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const anchors = new Map<string, ReadonlySet<string>>();
  const anchorsOf = (path: string): ReadonlySet<string> => {
    const known = anchors.get(path) ?? ids(readFileSync(path, 'utf8'));
    anchors.set(path, known);
    return known;
  };
  const problems = new Set<string>();
  let checked = 0;
  // Neither what a script says in place, nor icons, which a script brings.
  for (const name of files.filter((file) => file.endsWith('.html'))) {
    const path = join(folder, name);
    const html = readFileSync(path, 'utf8').replace(/<script>.*?<\/script>|<use href="#icon-[^>]*>/gs, '');
    for (const [, target = ''] of html.matchAll(LOADS)) {
      if (isElsewhere(target)) problems.add(`${name} loads ${target}`);
    }
    for (const [, target = ''] of html.matchAll(ANY)) {
      if (target.startsWith('data:')) continue;
      checked++;
      if (problems.has(`${name} loads ${target}`)) continue;
      const problem = isElsewhere(target) ? checkHost(target) : check(path, decodeEntities(target), anchorsOf);
      if (problem !== '') problems.add(`${name} → ${target}: ${problem}`);
    }
  }
  for (const name of files.filter((file) => file.endsWith('.css'))) {
    for (const [, url, imported] of readFileSync(join(folder, name), 'utf8').matchAll(CSS_URL)) {
      const target = url ?? imported ?? '';
      if (isElsewhere(target)) problems.add(`${name} loads ${target}`);
    }
  }
  return { checked, problems: [...problems].map((problem) => problem.replaceAll(`${folder}/`, '')) };
}

const isElsewhere = (target: string): boolean => /^(?:[a-z]+:)?\/\//i.test(target) || /^(?:mailto|tel):/i.test(target);

function checkHost(target: string): string {
  const [, host = ''] = /^https:\/\/([^/?#]*)/i.exec(target) ?? [];
  return HOSTS.includes(host.toLowerCase()) ? '' : 'this is none of the hosts in links.ts';
}

function check(from: string, target: string, anchorsOf: (path: string) => ReadonlySet<string>): string {
  const [file = '', anchor = ''] = target.split('#');
  if (file.startsWith('/')) return 'it begins with "/", which leads elsewhere where the site is a file or below a path';
  const to = file === '' ? from : normalize(join(dirname(from), decodeURIComponent(file.split('?')[0] ?? '')));
  if (!(existsSync(to) && statSync(to).isFile())) return 'there is no such file';
  // An anchor with "=" is for the script of the page.
  if (anchor === '' || anchor.includes('=') || !to.endsWith('.html')) return '';
  return anchorsOf(to).has(decodeURIComponent(anchor)) ? '' : 'there is no such anchor';
}

function ids(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id = '']) => decodeEntities(id)));
}

const decodeEntities = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
