/** Garbage, collected when a test says so. */
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc') as () => void;

/**
 * Collects garbage, also where nobody passed --expose-gc. What a WeakRef has given lately is held until the next task, and
 * memory outside of the heap is given back by another thread: so it takes several rounds.
 */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setTimeout(resolve, round));
    gc();
  }
}
