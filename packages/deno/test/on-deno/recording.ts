/** Recorded situations: connections of this Deno, and the simulated ones that the adapter is tested with, must behave as recorded. */
import { suite } from 'uvu';
import { difference } from '../../../adapter/test/recording.ts';
import { recorded } from './recording/main.ts';
import { SITUATIONS } from './recording/situations.ts';
import { playReally, playSimulated } from './recording/stages.ts';

const test = suite('recording');
const recording = recorded();

for (const [name, play] of [
  ['of Deno', playReally],
  ['simulated', playSimulated],
] as const) {
  test(`connections, ${name}, behave as recorded`, async () => {
    const wrong: string[] = [];
    for (const it of SITUATIONS) {
      const notes = await play(it);
      if (JSON.stringify(recording[it.title]) !== JSON.stringify(notes))
        wrong.push(difference(it.title, recording[it.title], notes));
    }
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  });
}

test.run();
