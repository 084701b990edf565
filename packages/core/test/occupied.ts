// How much memory an object keeps, and how many of a class there are, by what a debugger sees of it.
import { Session } from 'node:inspector';

/** Of its answer, what its types do not have. */
interface Properties {
  readonly privateProperties?: readonly { readonly value?: { readonly objectId?: string } }[];
}

/** Gives the bytes of all `ArrayBuffer`s whose views an object holds in its private fields, or in arrays there. */
export function occupied(of: object): number {
  const session = new Session();
  session.connect();
  const seen: unknown[] = [];
  Object.assign(globalThis, { occupiedBy: of, occupiedSeen: seen });
  try {
    session.post('Runtime.evaluate', { expression: 'occupiedBy' }, (_, { result: { objectId = '' } }) => {
      session.post('Runtime.getProperties', { objectId }, (_, found) => {
        for (const { value } of (found as Properties).privateProperties ?? []) {
          const functionDeclaration = 'function () { occupiedSeen.push(this) }';
          if (value?.objectId)
            session.post('Runtime.callFunctionOn', { objectId: value.objectId, functionDeclaration });
        }
      });
    });
  } finally {
    session.disconnect();
    for (const name of ['occupiedBy', 'occupiedSeen']) Reflect.deleteProperty(globalThis, name);
  }
  if (seen.length === 0) throw new Error('it holds nothing in private fields');
  const views = seen.flat().filter((value) => ArrayBuffer.isView(value));
  return [...new Set(views.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Gives the number of objects of a class that are reachable; garbage is collected for it. */
export function alive(of: { readonly prototype: object }): number {
  const session = new Session();
  session.connect();
  const seen = { prototype: of.prototype, count: Number.NaN };
  Object.assign(globalThis, { aliveOf: seen });
  try {
    session.post('Runtime.evaluate', { expression: 'aliveOf.prototype' }, (_, { result }) => {
      session.post('Runtime.queryObjects', { prototypeObjectId: result.objectId ?? '' }, (_, { objects }) => {
        const functionDeclaration = 'function () { aliveOf.count = this.length }';
        session.post('Runtime.callFunctionOn', { objectId: objects.objectId ?? '', functionDeclaration });
      });
    });
  } finally {
    session.disconnect();
    Reflect.deleteProperty(globalThis, 'aliveOf');
  }
  return seen.count;
}
