/** Collects garbage when a test asks for it. */
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc') as () => void;

/**
 * Collects garbage, even without the flag --expose-gc. It takes several rounds: what a WeakRef returned is kept until the
 * next task, and memory outside of the heap is released by another thread.
 */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setTimeout(resolve, round));
    gc();
  }
}
