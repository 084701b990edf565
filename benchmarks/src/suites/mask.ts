/** Masking alone (RFC 6455 5.3), in place, for a payload behind the header of its frame. */
import { KIB, MIB, payload, sizeName } from '../codec/inputs.ts';
import { absent, loadBufferutil, loadWsMask, withoutBufferutil } from '../codec/peers.ts';
import { type Contestant, codecSuite, type Task, type TaskMaker } from '../codec/task.ts';
import { ours } from '../ours.ts';
import type { Case } from '../suite.ts';

interface MaskCase extends Case {
  readonly size: number;
}

/** Masks or unmasks `memory` from {@link START} on. */
type Mask = (memory: Buffer) => () => void;

/** The length of the header of a short frame, so no payload of a client is aligned to words. */
const START = 6;
const KEY = 0x37fa213d;
const KEY_BYTES = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

const cases: readonly MaskCase[] = [16, 125, KIB, 16 * KIB, 64 * KIB, MIB].map((size) => ({
  name: sizeName(size),
  size,
}));

/** `Uint8Array.set` does not mask; it is the limit. */
export const contestants: readonly Contestant[] = [
  {
    name: 'sockless',
    load: async () => {
      const { applyMask } = await ours('core/frame');
      // Older commits put the bounds first, and all five parameters were mandatory.
      const isOlder = applyMask.length === 5;
      return maker((memory) => {
        const { length } = memory;
        const [a, b, c, d]: [number, number, number, number] = isOlder
          ? [START, length, KEY, 0]
          : [KEY, 0, START, length];
        return () => void applyMask(memory, a, b, c, d);
      });
    },
  },
  {
    name: 'ws',
    env: { WS_NO_BUFFER_UTIL: '1' },
    missing: absent('ws'),
    load: () => Promise.resolve(maker(native(loadWsMask()))),
  },
  {
    name: 'bufferutil',
    missing: withoutBufferutil(),
    load: () => Promise.resolve(maker(native(loadBufferutil()))),
  },
  { name: 'memcpy', load: () => Promise.resolve((name) => task(name, copying, false)) },
];

export const suite = codecSuite({
  url: import.meta.url,
  name: 'mask',
  title: 'Masking a payload in place: `applyMask` of @sockless/core/frame; copying it (`Uint8Array.set`) is the limit',
  unit: 'ns/payload',
  cases,
  contestants,
  limit: 'memcpy',
});

function maker(mask: Mask): TaskMaker {
  return (name) => task(name, mask, true);
}

function native({ unmask }: { unmask(bytes: Buffer, key: Buffer): void }): Mask {
  return (memory) => {
    const bytes = memory.subarray(START);
    return () => unmask(bytes, KEY_BYTES);
  };
}

function copying(memory: Buffer): () => void {
  const source = memory.subarray(START);
  const target = Buffer.allocUnsafeSlow(memory.length).subarray(START);
  return () => target.set(source);
}

function task(name: string, mask: Mask, masks: boolean): Task | undefined {
  const size = cases.find((each) => each.name === name)?.size;
  if (size === undefined) return undefined;
  const data = payload('binary', size);
  const memory = Buffer.allocUnsafeSlow(START + size);
  memory.set(data, START);
  const once = mask(memory);
  if (masks) {
    once();
    const masked = data.map((byte, at) => byte ^ (KEY_BYTES[at & 3] as number));
    if (!memory.subarray(START).equals(masked)) throw new Error('the payload is not masked as in RFC 6455 5.3');
  }
  return {
    operations: 1,
    most: 1_000_000,
    run(rounds) {
      for (let round = 0; round < rounds; round++) once();
      return rounds;
    },
  };
}
