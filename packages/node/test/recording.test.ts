// What sockets do, in recorded situations: those of this Node, and the simulated ones that the adapters are tested with.
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
  test(`${name} sockets do what was recorded`, async () => {
    const seen = await Promise.all(SITUATIONS.map(async (it) => [it.title, await play(it)] as const));
    const wrong = seen.filter(([title, notes]) => JSON.stringify(recording[title]) !== JSON.stringify(notes));
    if (wrong.length > 0)
      throw new Error(wrong.map(([title, notes]) => difference(title, recording[title], notes)).join('\n'));
  });
}

test('all that was recorded is played', () => {
  const titles = SITUATIONS.map(({ title }) => title);
  if (JSON.stringify(titles) !== JSON.stringify(Object.keys(recording))) throw new Error('record anew');
});

test.run();
