/** What `npm run fuzz` does: our own targets, and what else is tried on a large scale. help.txt says it. */
import { readFileSync } from 'node:fs';
import type { Command } from '../src/main.ts';
import { number } from '../src/options.ts';

export const OURS: Command = {
  name: 'npm run fuzz --',
  help: readFileSync(new URL('../help.txt', import.meta.url), 'utf8').trimEnd(),
  findings: 'fuzz/findings',
  more: ['simulate', 'simulate-adapter', 'differential'],
  async run({ seed, json, more }, terminal) {
    const adapter = more['simulate-adapter'];
    const count = number('simulate', more.simulate, adapter === undefined ? 0 : 1000);
    const streams = number('differential', more.differential, 0);
    // Each is loaded only when it is asked for.
    if (adapter !== undefined) {
      const { simulateAdapter } = await import('./simulate-adapter.ts');
      return simulateAdapter({ count, seed, json }, adapter, terminal);
    }
    if (count > 0) {
      const { simulateAll } = await import('./simulate.ts');
      return simulateAll({ count, seed, json }, terminal);
    }
    if (streams === 0) return undefined;
    const { compareAll } = await import('../differential/main.ts');
    return compareAll(streams, seed);
  },
};
