// Recorded situations: real sockets of this Node, and the simulated ones that adapters are tested with, must behave as recorded.
import { suite } from 'uvu';
import { difference } from '../../adapter/test/recording.ts';
import { recordingOfThisNode } from './recording/main.ts';
import { playReally } from './recording/real.ts';
import { playSimulated } from './recording/simulated.ts';
import { SITUATIONS } from './recording/situations.ts';

const test = suite('recording');
const recording = recordingOfThisNode();

for (const [name, play] of [
  ['real', playReally],
  ['simulated', playSimulated],
] as const) {
  test(`${name} sockets behave as recorded`, async () => {
    const seen = await Promise.all(SITUATIONS.map(async (it) => [it.title, await play(it)] as const));
    const wrong = seen.filter(([title, notes]) => JSON.stringify(recording[title]) !== JSON.stringify(notes));
    if (wrong.length > 0)
      throw new Error(wrong.map(([title, notes]) => difference(title, recording[title], notes)).join('\n'));
  });
}

test('every recorded situation is played', () => {
  const titles = SITUATIONS.map(({ title }) => title);
  if (JSON.stringify(titles) !== JSON.stringify(Object.keys(recording))) throw new Error('record anew');
});

test.run();
