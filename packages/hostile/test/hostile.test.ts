// Hostile clients on each target and runtime for some seconds; `npm run hostile` takes longer.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../core/test/budget.ts';
import { systemTool } from '../../tools/testing.ts';
import { attack } from '../src/attack.ts';
import { RUNTIMES, readmeServer, runtimeProgram } from '../src/servers.ts';

const SECONDS = budget(1, 4);

const test = suite('hostile clients');

for (const runtime of RUNTIMES) {
  const missing = runtimeProgram(runtime) === undefined ? 'npm has no build of it for this platform' : undefined;
  const tool = systemTool(runtime, missing);
  // The demo runs only on Node.
  for (const target of runtime === 'deno' ? (['readme'] as const) : (['readme', 'demo'] as const)) {
    tool.test(test)(`${runtime}: the ${target} lives, serves others, and explains each end`, async () => {
      for (const { server, violations, echoed, ends } of await attack(target, runtime, SECONDS, () => undefined)) {
        assert.equal(violations, [], server);
        assert.ok(echoed > 0 && ends.size > 1, server);
      }
    });
  }
}

test('each variant of the README’s server differs from it in one place', () => {
  for (const isDeno of [false, true]) {
    const plain = readmeServer('plain', isDeno).split('\n');
    const others = (text: string): string[] => text.split('\n').filter((line) => !plain.includes(line));
    assert.match(others(readmeServer('tls', isDeno)).join('\n'), /^ *\{ port: 0, .*cert: "-----BEGIN.*\},$/);
    assert.match(others(readmeServer('faulty', isDeno)).join('\n'), /^ *message\(ws, data\) \{\n/);
  }
});

test.run();
