/** The site: an export without documentation fails it; and in the whole budget all of it, on a wide and a narrow window. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inflateSync } from 'node:zlib';
import { PROTOCOL_RULES } from '@sockless/core';
import { debianTool } from '@sockless/tools/testing';
import { type Browser, chromium } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../core/test/budget.ts';
import { CHROMIUM, CHROMIUM_ARGS } from '../../tools/chromium.ts';
import { buildSite } from '../src/build.ts';
import { entries, PUBLISHED, summaryOf } from '../src/entries.ts';
import { checkLinks } from '../src/links.ts';
import { documentPages, fileOf, ROOT, readme, render } from '../src/pages.ts';
import { type Written, writeReference } from '../src/reference.ts';

const test = suite('site');

test('every entry that is published is documented', () => {
  const all = entries();
  const names = all.map(({ name }) => name);
  for (const name of [
    'core',
    'core/frame',
    'core/deflate',
    'core/handshake',
    'deflate',
    'deflate/zlib',
    'adapter',
    'adapter/testing',
    'node',
    'deno',
    'conformance',
    'fuzz',
  ]) {
    assert.ok(names.includes(`@sockless/${name}`), name);
  }
  assert.not.ok(names.includes('@sockless/fuzz/cli'), 'a command exports nothing');
  for (const entry of all) assert.match(summaryOf(entry), /^\S.*\.$/s, entry.name);
});

test('the packages of the site are those that are published', () => {
  const folders = [...readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}`), 'benchmarks', 'fuzz'];
  const published = folders.filter((folder) => {
    const file = join(ROOT, folder, 'package.json');
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).private !== true;
  });
  assert.equal([...PUBLISHED].sort(), published.sort());
});

test('every guide and the README of every published package is a page, and so is what the home page says of other implementations', () => {
  const pages = new Set(documentPages().map(({ path }) => path));
  const guides = readdirSync(join(ROOT, 'packages/docs')).filter(
    (name) => name.endsWith('.md') && name !== 'README.md',
  );
  for (const name of guides) assert.ok(pages.has(`packages/docs/${name}`), name);
  for (const folder of PUBLISHED) assert.ok(pages.has(`${folder}/README.md`), folder);
  const home = render(readme(), pages);
  for (const path of ['README', 'PEERS', 'COMPLIANCE']) {
    assert.ok(home.includes(`](packages/conformance/${path}.md)`), path);
  }
});

test('links between pages lead to their files, and a link to a page that the site lacks becomes plain text', () => {
  const page = {
    path: 'a/b.md',
    title: 'B',
    text: '[c](c.ts#x) [d](../d.md) [e](../e) [f](f.md) [g](https://example.com) [h](#h) ![p](p.webp)',
  };
  const text = render(page, new Set(['a/c.ts', 'd.md', 'e/README.md']), ['a/p.webp']);
  assert.is(
    text,
    '---\ntitle: "B"\n---\n[c](c.ts.md#x) [d](../d.md) [e](../e/README.md) f [g](https://example.com) [h](#h) ![p](p.webp)',
  );
  assert.is(fileOf('a/c.ts'), 'a/c.ts.md');
});

test('code in a heading is written as `<code>`, since TypeDoc leaves code in backticks out of the anchor', () => {
  const page = { path: 'a.md', title: 'A', text: '## From `ws`\n\n`code`\n\n### `x` and `y`\n' };
  assert.match(render(page, new Set()), '## From <code>ws</code>\n\n`code`\n\n### <code>x</code> and <code>y</code>\n');
});

/** What TypeDoc makes of a small entry and one page, which `use` looks at. */
async function withReference(
  source: string,
  page: string,
  use: (site: Written & { readonly out: string }) => void,
): Promise<void> {
  // Inside of the repository, where the compiler finds its libraries.
  const dist = fileURLToPath(new URL('../dist/', import.meta.url));
  mkdirSync(dist, { recursive: true });
  const folder = mkdtempSync(join(dist, 'fixture-'));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const out = join(folder, 'out');
  try {
    const options = '{ "compilerOptions": { "types": [], "target": "ES2022" }, "include": ["index.ts"] }';
    const written = await writeReference({
      entries: [{ name: 'fixture', path: write('index.ts', source) }],
      tsconfig: write('tsconfig.json', options),
      readme: 'none',
      documents: [write('page.md', page)],
      css: write('site.css', ''),
      favicon: write('favicon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'),
      out,
    });
    use({ ...written, out });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('an export or a member without documentation, and a link that leads nowhere, are problems', async () => {
  const source = `/** An entry. */
/** Has {@link Nothing}. */
export interface Documented { bare: number }
export function undocumented(): void {}
`;
  await withReference(source, '', ({ problems }) => {
    const text = problems.join('\n');
    for (const words of [
      /Documented\.bare.*does not have any documentation/,
      /undocumented.*does not have any documentation/,
      /Nothing/,
    ]) {
      assert.match(text, words);
    }
    assert.is(problems.length, 3, text);
  });
});

test('the name of a file and an address in an example are no links', async () => {
  const page = 'See CHANGELOG.md, or https://evil.example/, or <b>www.example.com</b>.';
  await withReference('/** An entry. */\nexport {};\n', page, ({ problems, out }) => {
    assert.match(
      readFileSync(join(out, 'documents/page.html'), 'utf8'),
      /CHANGELOG\.md, or .*<b>www\.example\.com<\/b>/,
    );
    assert.equal([...problems, ...checkLinks(out).problems], []);
  });
});

test('exports are counted, and the search finds what is in a type without a name by the name of what has it', async () => {
  const source = `/** An entry. */
/** A table. */
export const TABLE: {
  /** A row. */
  readonly row: number;
} = { row: 1 };
/** Something that it has. */
export interface Named {
  /** Its size. */
  readonly size: number;
}
`;
  await withReference(source, '', ({ problems, exports, out }) => {
    assert.equal([exports, ...problems], [2]);
    const names = search(out).map(({ parent = '', name }) => `${parent}.${name}`);
    assert.equal(
      names.filter((name) => name.includes('__type')),
      [],
    );
    for (const name of ['fixture.TABLE', 'fixture.TABLE.row', 'fixture.Named.size'])
      assert.ok(names.includes(name), names.join(' '));
  });
});

/** Returns what the search of a site finds. */
function search(out: string): { readonly name: string; readonly parent?: string }[] {
  const [, packed = ''] = /"([^"]*)"/.exec(readFileSync(join(out, 'assets/search.js'), 'utf8')) ?? [];
  return JSON.parse(String(inflateSync(Buffer.from(packed, 'base64')))).rows;
}

/** One page of each kind, and what is to be seen on it. */
const PAGES: readonly (readonly [path: string, words: string])[] = [
  ['index.html', 'npm install @sockless/node'],
  ['documents/Back-pressure_and_slow_readers.html', 'await ws.drained'],
  ['documents/Rules.html', 'masked-frame'],
  ['documents/Rules.masked-frame.html', PROTOCOL_RULES['masked-frame'].sentence.slice(1)],
  ['documents/Limits_and_defaults.html', '16 MiB'],
  ['documents/Examples.in-memory.ts.html', 'import'],
  ['documents/Playground.html', 'text, 5 characters: "Hello"'],
  ['modules/_sockless_core.html', 'Connection'],
  ['modules/_sockless_core_frame.html', 'decodeFrameHeader'],
  ['classes/_sockless_core.Connection.html', 'One end of a WebSocket connection'],
  ['modules/_sockless_deno.html', 'serve'],
  ['interfaces/_sockless_node.ConnectOptions.html', 'createSocket'],
  ['interfaces/_sockless_conformance.RunOptions.html', 'severity'],
  ['documents/Fuzzing.html', 'A finding'],
  ['documents/Testing_any_implementation.html', 'npx @sockless/conformance server'],
  ['documents/What_other_implementations_do.html', 'framing'],
  ['documents/Compliance.html', 'MUST NOT'],
];

async function look(browser: Browser, out: string, width: number): Promise<string[]> {
  const page = await browser.newPage({ viewport: { width, height: 844 } });
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error.stack)));
  page.on('console', (message) => problems.push(message.text()));
  page.on('requestfailed', (request) => problems.push(`failed: ${request.url()}`));
  page.on('request', (request) => /^(file|data|blob):/.test(request.url()) || problems.push(request.url()));
  for (const [path, words] of PAGES) {
    await page.goto(String(pathToFileURL(join(out, path))));
    if (!(await page.textContent('.col-content'))?.includes(words)) problems.push(`${path} does not say ${words}`);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (overflow > 0) problems.push(`${path} is ${overflow} pixels wider than ${width}`);
  }
  await page.goto(String(pathToFileURL(join(out, 'documents/Rules.masked-frame.html'))));
  await page.click('a:text-is("Decode these bytes") >> nth=0');
  await page.waitForSelector('.verdict:has-text("with masked-frame")');
  await page.close();
  return problems;
}

const whole = budget(false, true);
const out = fileURLToPath(new URL('../dist/site', import.meta.url));
if (whole) {
  test('the whole site has no undocumented export and no dead link', async () => {
    const { pages, exports, links, problems } = await buildSite(out);
    assert.equal(problems, []);
    assert.ok(
      pages > exports && exports > 250 && links > 10 * pages,
      `${pages} pages, ${exports} exports, ${links} links`,
    );
  });
  debianTool('chromium').test(test)('its pages read well as files, without a network, wide and narrow', async () => {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
    try {
      assert.ok(existsSync(out));
      for (const width of [1280, 390]) assert.equal(await look(browser, out, width), [], `${width} pixels wide`);
    } finally {
      await browser.close();
    }
  });
}

test.run();
