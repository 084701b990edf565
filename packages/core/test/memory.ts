/** Measures memory as an application sees it, after garbage has been collected. */
import { Session } from 'node:inspector';
import { collectGarbage } from './garbage.ts';

export { collectGarbage };

/** Returns the number of bytes in all `ArrayBuffer`s that are in use. */
export async function bufferedBytes(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** Returns the number of bytes in use, on the heap and outside of it. */
export async function usedBytes(): Promise<number> {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Returns how much `measure` grows by `action`, while the result of that is still in use, and the result. */
export async function retained<T>(action: () => T, measure = usedBytes): Promise<[bytes: number, result: T]> {
  const before = await measure();
  const result = action();
  return [(await measure()) - before, result];
}

/** Returns the number of objects of a class that are in use. */
export function countObjects(of: { readonly prototype: object }): number {
  const session = new Session();
  session.connect();
  const seen = { prototype: of.prototype, count: Number.NaN };
  Object.assign(globalThis, { countedClass: seen });
  try {
    session.post('Runtime.evaluate', { expression: 'countedClass.prototype' }, (_, { result }) => {
      session.post('Runtime.queryObjects', { prototypeObjectId: result.objectId ?? '' }, (_, { objects }) => {
        const functionDeclaration = 'function () { countedClass.count = this.length }';
        session.post('Runtime.callFunctionOn', { objectId: objects.objectId ?? '', functionDeclaration });
      });
    });
  } finally {
    session.disconnect();
    Reflect.deleteProperty(globalThis, 'countedClass');
  }
  return seen.count;
}
