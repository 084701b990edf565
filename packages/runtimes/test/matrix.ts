// The rows of the matrix as tests. Each runtime has a file, because the slowest take as long as a file may.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../core/test/budget.ts';
import { systemTool } from '../../tools/testing.ts';
import { digestOfAll } from '../src/inside.ts';
import { RUNTIMES } from '../src/runtimes.ts';

/** QuickJS has only ECMAScript, so this case is covered even when the other runtimes run once. */
const WHOLE = budget(false, true);

/** Computed once for all runtimes that a process tests. */
let expected: string | undefined;

/** Registers and runs the rows of runtimes: the name of one, or that name and a plus. */
export function testRuntimes(...wanted: string[]): void {
  const test = suite(`runtimes: ${wanted.join(', ')}`);
  for (const { name, missing, run } of RUNTIMES.filter(({ name }) => wanted.includes(name.split('+')[0] ?? ''))) {
    const tool = systemTool(name, missing);
    tool.test(test)(`${name} fulfils all expectations`, async () => {
      const { reports } = await run(WHOLE);
      for (const { cases, failures, digest } of reports) {
        assert.equal(failures, []);
        assert.ok(cases > 0);
        // Only transcripts of core have a digest.
        if (digest === '') continue;
        expected ??= digestOfAll();
        assert.is(digest, expected, 'the same events and bytes as here');
      }
      if (WHOLE && !name.includes('+'))
        assert.equal(reports.at(-1)?.offers, [], 'the last time with nothing but ECMAScript');
    });
  }
  test.run();
}
