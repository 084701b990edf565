/** Mutates inputs without knowing their meaning: bits, numbers, blocks, words of a dictionary, parts of other inputs. */
import type { Random } from '../../packages/adapter/src/testing/random.ts';
import { concat } from '../../packages/core/test/bytes.ts';

/** Values likely to lie at a boundary. */
const BYTES = [0, 1, 2, 7, 8, 10, 13, 0x20, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x88, 0xbf, 0xc0, 0xed, 0xf4, 0xfe, 0xff];

/** The sources of the mutations. */
export interface Material {
  readonly random: Random;
  readonly dictionary: readonly Uint8Array[];
  /** Another input of the corpus. */
  readonly other: () => Uint8Array;
  /** The longest result, in bytes; a longer one is cut. */
  readonly maxLength: number;
}

/** Returns the input with one to eight changes. */
export function mutate(input: Uint8Array, material: Material): Uint8Array {
  let data = input;
  for (let change = 1 << (material.random() * 4); change > 0; change--) data = mutateOnce(data, material);
  return data.subarray(0, material.maxLength);
}

function mutateOnce(data: Uint8Array, { random, dictionary, other }: Material): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  const at = below(data.length + 1);
  const end = Math.min(data.length, at + 1 + below(random() < 0.7 ? 8 : data.length));
  const [before, block, behind] = [data.subarray(0, at), data.subarray(at, end), data.subarray(end)];
  const changed = (byte: (old: number) => number): Uint8Array => {
    const copy = data.slice();
    if (at < copy.length) copy[at] = byte(copy[at] as number);
    return copy;
  };
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => below(256));
  const word = (): Uint8Array => dictionary[below(dictionary.length)] ?? noise(2);
  const ways: (() => Uint8Array)[] = [
    () => changed((old) => old ^ (1 << below(8))),
    () => changed(() => below(256)),
    () => changed(() => BYTES[below(BYTES.length)] as number),
    () => changed((old) => old + below(33) - 16),
    () => concat(before, noise(1 + below(4)), block, behind),
    () => concat(before, behind),
    () => concat(before, behind),
    () => concat(before, block, block, behind),
    () => concat(before, word(), block, behind),
    () => concat(before, word(), data.subarray(at + word().length)),
    () => {
      // A part of another input, inserted or written over existing bytes.
      const source = other();
      const from = below(source.length);
      const part = source.subarray(from, from + 1 + below(source.length - from));
      return random() < 0.5
        ? concat(before, part, block, behind)
        : concat(before, part, data.subarray(at + part.length));
    },
    () => {
      // A number of two or four bytes, the most significant first.
      const copy = data.slice();
      const size = random() < 0.7 ? 2 : 4;
      const value = [0, 1, 125, 126, 127, 128, 255, 256, 1000, 1005, 1015, 4999, 5000, 32_767, 65_535][
        below(15)
      ] as number;
      for (let i = 0; i < size && at + i < copy.length; i++) copy[at + i] = value >> (8 * (size - 1 - i));
      return copy;
    },
  ];
  return (ways[below(ways.length)] as () => Uint8Array)();
}
