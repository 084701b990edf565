/** Looks at every page of a site that was built: where its links lead, and whether it loads anything from elsewhere. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Elements that load something, by which a page that is offline would be broken. */
const LOADS = /<(?:script|img|link|iframe|source|use|video|audio)\b[^>]*?\s(?:src|href)="([^"]*)"/g;
const ANY = /\s(?:src|href)="([^"]*)"/g;
const CSS_URL = /url\((?!["']?data:)["']?([^)"']+)["']?\)|@import\s+["']([^"']+)/g;

/** Returns what is wrong with the links of a folder: files and anchors that are not there, and what is loaded from elsewhere. */
export function deadLinks(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const anchors = new Map<string, ReadonlySet<string>>();
  const anchorsOf = (path: string): ReadonlySet<string> => {
    const known = anchors.get(path) ?? ids(readFileSync(path, 'utf8'));
    anchors.set(path, known);
    return known;
  };
  const problems = new Set<string>();
  // Neither what a script says in place, nor icons, which a script brings.
  for (const name of files.filter((file) => file.endsWith('.html'))) {
    const path = join(folder, name);
    const html = readFileSync(path, 'utf8').replace(/<script>.*?<\/script>|<use href="#icon-[^>]*>/gs, '');
    for (const [, target = ''] of html.matchAll(LOADS)) {
      if (isElsewhere(target)) problems.add(`${name} loads ${target}`);
    }
    for (const [, target = ''] of html.matchAll(ANY)) {
      if (isElsewhere(target) || target.startsWith('data:')) continue;
      const problem = check(path, decodeEntities(target), anchorsOf);
      if (problem !== '') problems.add(`${name} → ${target}: ${problem}`);
    }
  }
  for (const name of files.filter((file) => file.endsWith('.css'))) {
    for (const [, url, imported] of readFileSync(join(folder, name), 'utf8').matchAll(CSS_URL)) {
      const target = url ?? imported ?? '';
      if (isElsewhere(target)) problems.add(`${name} loads ${target}`);
    }
  }
  return [...problems].map((problem) => problem.replaceAll(`${folder}/`, ''));
}

const isElsewhere = (target: string): boolean => /^(?:[a-z]+:)?\/\//i.test(target) || /^(?:mailto|tel):/i.test(target);

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
