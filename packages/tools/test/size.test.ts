import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { excesses, measure, SUBPATHS } from '../size.js';

const size = suite('run.js size');

size('every subpath is within its budget and close to it', async () => {
  const sizes = await Promise.all(SUBPATHS.map(measure));
  assert.equal(excesses(sizes), []);
  for (const { subpath, minified, gzipped, budget } of sizes) {
    assert.ok(gzipped < minified && gzipped > 0.9 * budget, `${subpath}: ${gzipped} of ${budget}`);
  }
});

size('a subpath over its budget is named, with the excess', () => {
  const sizes = [
    { subpath: 'a', minified: 300, gzipped: 100, budget: 100 },
    { subpath: 'b', minified: 300, gzipped: 107, budget: 100 },
  ];
  assert.equal(excesses(sizes), ['b is 7 bytes over its budget: make it smaller, or raise the budget and say why.']);
});

size.run();
