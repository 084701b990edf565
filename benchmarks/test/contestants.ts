/** Contestants for the tests of the processes that they run in. */
import type { Contestant, Task } from '../src/codec/task.ts';

const nothing: Task = { operations: 1, most: 64, run: (rounds) => rounds };

export const contestants: readonly Contestant[] = [
  {
    name: 'well',
    load: () => {
      if (process.env.GREETING !== 'hello') throw new Error('its environment is not its own');
      return Promise.resolve((name) => (name === 'one' ? nothing : undefined));
    },
  },
  { name: 'saying its version', load: () => Promise.reject(new Error(process.version)) },
  { name: 'failing', load: () => Promise.reject(new Error('on purpose')) },
  {
    name: 'ending',
    load: () => {
      process.stderr.write('last words\n');
      process.exit(7);
    },
  },
];
