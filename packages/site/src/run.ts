/** The program behind `npm run docs`. */
import { fileURLToPath } from 'node:url';
import { buildSite } from './build.ts';

const out = fileURLToPath(new URL('../dist/site', import.meta.url));
const { pages, exports, links, problems } = await buildSite(out);
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(
    `\n${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}: the site is not what it should be.`,
  );
  process.exitCode = 1;
} else {
  const [page, documented, checked] = [pages, exports, links].map((value) => value.toLocaleString('en-US'));
  console.log(`docs: ${page} pages, ${documented} exports documented, ${checked} links checked, 0 dead`);
  console.log('docs: open packages/site/dist/site/index.html');
}
