/** What finds dead links finds them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkLinks } from '../src/links.ts';

const links = suite<{ folder: string }>('links');
links.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'sockless-links-'));
  mkdirSync(join(context.folder, 'a'));
});
links.after.each(({ folder }) => rmSync(folder, { recursive: true }));

links('links to files and anchors that exist are not reported', ({ folder }) => {
  writeFileSync(
    join(folder, 'index.html'),
    '<a href="a/b.html#x">b</a><a href="#top" id="top">top</a><script src="a/c.js"></script>',
  );
  writeFileSync(
    join(folder, 'a/b.html'),
    '<h1 id="x">x</h1><a href="../index.html#hex=81&amp;to=client">i</a><a href="https://github.com/">g</a>',
  );
  writeFileSync(join(folder, 'a/c.js'), '');
  writeFileSync(join(folder, 'a/d.css'), 'a { background: url(data:image/png;base64,AA) }');
  assert.equal(checkLinks(folder), { checked: 5, problems: [] });
});

links('missing files and anchors, links to folders, and resources loaded from elsewhere are reported', ({ folder }) => {
  writeFileSync(
    join(folder, 'a/b.html'),
    '<a href="c.html">c</a><a href="#y">y</a><a href="../a/">a</a><a href="/b.html">b</a><script src="https://cdn.example/x.js"></script>',
  );
  writeFileSync(join(folder, 'd.css'), '@import "https://cdn.example/x.css";');
  assert.equal(checkLinks(folder).problems, [
    'a/b.html loads https://cdn.example/x.js',
    'a/b.html → c.html: there is no such file',
    'a/b.html → #y: there is no such anchor',
    'a/b.html → ../a/: there is no such file',
    'a/b.html → /b.html: it begins with "/", which leads elsewhere where the site is a file or below a path',
    'd.css loads https://cdn.example/x.css',
  ]);
});

links('a link to a host that is not listed is reported, and so is one without TLS', ({ folder }) => {
  writeFileSync(
    join(folder, 'index.html'),
    `<a href="http://CHANGELOG.md">c</a><a href="https://evil.example/x">e</a><a href="http://github.com/">g</a>
<a href="//github.com.evil.example">g</a><a href="mailto:x@y.example">m</a><a href="https://semver.org">s</a>`,
  );
  const why = 'this is none of the hosts in links.ts';
  assert.equal(checkLinks(folder).problems, [
    `index.html → http://CHANGELOG.md: ${why}`,
    `index.html → https://evil.example/x: ${why}`,
    `index.html → http://github.com/: ${why}`,
    `index.html → //github.com.evil.example: ${why}`,
    `index.html → mailto:x@y.example: ${why}`,
  ]);
});

links.run();
