import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { host, type WebAssemblyHost } from '../src/host.ts';
import { KERNEL_SIZE, type Kernel, kernel, loadKernel } from '../src/kernel.ts';
import { check } from './properties/check.ts';
import { anyText } from './properties/streams.ts';
import { octets, transform } from './reference.ts';
import { concat, decodeStrictly, equalBytes, hex, toHex, utf8 } from './support.ts';

const suiteOf = suite('kernel');

/** As much of wabt, which packages/tools brings, as is needed here. */
type Wabt = () => Promise<{
  parseWat(name: string, text: string, features: object): { toBinary(options: object): { buffer: Uint8Array } };
}>;
const wabt = createRequire(new URL('../../tools/package.json', import.meta.url))('wabt') as Wabt;

const WAT = new URL('../src/kernel.wat', import.meta.url);
/** This engine has one. */
const simd = kernel() as Kernel;

suiteOf('the kernel is compiled from kernel.wat: if not, run "node packages/tools/run.js kernel"', async () => {
  let code: Uint8Array | undefined;
  const { Module, Instance } = host.webAssembly as WebAssemblyHost;
  class Observed extends Module {
    constructor(bytes: Uint8Array) {
      super(bytes);
      code = bytes;
    }
  }
  assert.ok(loadKernel({ Module: Observed, Instance }));
  const { parseWat } = await wabt();
  const { buffer } = parseWat('kernel.wat', readFileSync(WAT, 'utf8'), { simd: true }).toBinary({});
  equalBytes(code, buffer);
});

suiteOf('each call of kernel() returns the same kernel', () => {
  assert.ok(simd !== undefined);
  assert.is(kernel(), simd);
  assert.equal([simd.block.length, simd.utf16.length], [KERNEL_SIZE, 2 * KERNEL_SIZE]);
});

const { Module, Instance } = host.webAssembly as WebAssemblyHost;

for (const [name, forbidden] of Object.entries<object>({
  'compiling is forbidden': {
    Module: class {
      constructor() {
        throw new EvalError("Refused to compile: neither 'wasm-eval' nor 'unsafe-eval' is an allowed source");
      }
    },
    Instance,
  },
  'the engine lacks SIMD': {
    Module: class {
      constructor() {
        throw new SyntaxError('invalid opcode 0xfd');
      }
    },
    Instance,
  },
  'nothing can be instantiated': {
    Module,
    Instance: class {
      constructor() {
        throw new RangeError('out of memory');
      }
    },
  },
  'there is nothing in WebAssembly': {},
})) {
  suiteOf(`there is no kernel where ${name}`, () => {
    assert.is(loadKernel(forbidden as WebAssemblyHost), undefined);
  });
}

suiteOf('`first` returns views of the beginning of the block', () => {
  for (const length of [0, 1, 5, 5, 1, KERNEL_SIZE]) {
    const view = simd.first(length);
    assert.equal([view.length, view.byteOffset, view.buffer], [length, simd.block.byteOffset, simd.block.buffer]);
  }
});

/** Fills the block, as earlier payloads do: bytes after a length must not count. */
function fill(byte: number): void {
  simd.block.fill(byte);
}

const LENGTHS = [
  ...Array.from({ length: 201 }, (_, length) => length),
  ...[255, 256, 257, 4095, 4096, 4097, KERNEL_SIZE - 65, KERNEL_SIZE - 17, KERNEL_SIZE - 16, KERNEL_SIZE - 15],
  ...[KERNEL_SIZE - 1, KERNEL_SIZE],
];

suiteOf('5.3 `mask` masks every length as the RFC says, whatever follows', () => {
  for (const length of LENGTHS) {
    const bytes = new Uint8Array(length).map((_, i) => (i * 31 + (i >> 8)) & 0xff);
    for (const key of [0x37fa213d, 0, -1, 0x80000001 | 0, 0x00ff7f80]) {
      fill(0xff);
      simd.block.set(bytes);
      simd.mask(length, key);
      equalBytes(simd.first(length), transform(bytes, octets(key)), `${length} bytes, key ${key}`);
      simd.mask(length, key >>> 0);
      equalBytes(simd.first(length), bytes, `${length} bytes, key ${key} again`);
    }
  }
});

suiteOf('8.1 `mask` returns 0 exactly when the result is all ASCII', () => {
  for (const key of [0, 0x37fa213d, -1, 0x80ff017f | 0]) {
    for (const length of LENGTHS) {
      const ascii = new Uint8Array(length).fill(0x7f);
      for (const behind of [0, 0x80, 0xff]) {
        fill(behind);
        simd.block.set(transform(ascii, octets(key)));
        assert.is(simd.mask(length, key), 0, `${length} bytes of ASCII, ${behind} behind, key ${key}`);
      }
      const places = length <= 200 ? ascii.keys() : [0, 1, 63, 64, length - 65, length - 17, length - 16, length - 1];
      for (const at of places) {
        fill(0);
        simd.block.set(transform(ascii, octets(key)));
        simd.block[at] = (simd.block[at] as number) ^ 0x80;
        assert.is.not(simd.mask(length, key), 0, `${length} bytes, not ASCII at ${at}, key ${key}`);
      }
    }
  }
});

/** Asserts that the kernel judges and decodes bytes as Node does. */
function compare(bytes: Uint8Array, name = toHex(bytes)): void {
  const { length } = bytes;
  const ascii = bytes.every((byte) => byte < 0x80);
  simd.block.set(bytes);
  const verdict = simd.look(length);
  if (verdict !== (ascii ? 2 : isUtf8(bytes) ? 1 : 0)) assert.unreachable(`${verdict} of ${name}`);
  equalBytes(simd.first(length), bytes, name);
  if (verdict === 0) return;
  const size = simd.toUtf16(length);
  const text = decodeStrictly(bytes);
  const found = Buffer.from(simd.utf16.slice(0, size)).toString('utf16le');
  if (found !== text) assert.unreachable(`${found.slice(0, 80)} of ${name}`);
}

/** Each byte beside which the grammar of RFC 3629 changes. */
const EDGES = [...hex('00 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 f7 f8 ff')];
const TAILS = [...hex('7f 80 8f 90 9f a0 bf c0')];

suiteOf('8.1 `look` judges every sequence of 1 and 2 bytes as Node does', () => {
  fill(0x80);
  for (let a = 0; a < 256; a++) {
    compare(Uint8Array.of(a));
    for (let b = 0; b < 256; b++) compare(Uint8Array.of(a, b));
  }
});

suiteOf(
  '8.1 `look` judges sequences of 3 and 4 bytes at the edges of the grammar as Node does, also across the end of 16 bytes',
  () => {
    for (const before of [0, 13, 14, 15]) {
      const bytes = new Uint8Array(before + 4).fill(0x61);
      for (const a of EDGES) {
        for (const b of EDGES) {
          for (const c of TAILS) {
            bytes.set([a, b, c], before);
            compare(bytes.subarray(0, before + 3));
            if (a < 0xe0) continue;
            for (const d of TAILS) {
              bytes[before + 3] = d;
              compare(bytes);
            }
          }
        }
      }
    }
  },
);

suiteOf('8.1 bytes after a text neither complete nor spoil it', () => {
  for (const behind of [0x61, 0x80, 0xbf, 0xff]) {
    for (let length = 0; length <= 70; length++) {
      for (const end of ['', 'c3', 'e2', 'e2 82', 'f0', 'f0 9f', 'f0 9f 90', 'c3 a9', 'e2 82 ac', 'f0 9f 90 af']) {
        fill(behind);
        compare(concat(new Uint8Array(length).fill(0x61), hex(end)), `${length} bytes and ${end} before ${behind}`);
      }
    }
  }
});

suiteOf('8.1 every code point is decoded, and every surrogate refused', () => {
  for (let first = 0; first < 0x110000; first += 0x1000) {
    const points = Array.from({ length: 0x1000 }, (_, i) => String.fromCodePoint(first + i));
    const surrogates = first >= 0xd000 && first < 0xe000;
    const text = points.filter((_, i) => !surrogates || i < 0x800).join('');
    const bytes = utf8(text);
    for (let at = 0; at < bytes.length; ) {
      let end = Math.min(at + KERNEL_SIZE, bytes.length);
      while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;
      compare(bytes.subarray(at, end), `from U+${first.toString(16)}`);
      at = end;
    }
  }
  for (let point = 0xd800; point < 0xe000; point++) {
    const bytes = Uint8Array.of(0xed, 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
    simd.block.set(bytes);
    assert.is(simd.look(3), 0, point.toString(16));
  }
});

suiteOf('8.1 a full block of characters of each length is decoded, at every alignment', () => {
  for (const character of [
    'a',
    'é',
    '€',
    '漢',
    '\ufffd',
    '🐯',
    'a€',
    '€a',
    '€€€a',
    'é€🐯',
    '€€€€🐯',
    'abcdefghijklmno€',
  ]) {
    const size = utf8(character).length;
    for (const before of ['', 'x', 'xy', 'xyz', 'é', 'x'.repeat(15), 'x'.repeat(16)]) {
      const text = before + character.repeat((KERNEL_SIZE - before.length * 2) / size);
      compare(utf8(text), `${before}, then ${character}`);
      for (let count = 0; count < 24; count++) compare(utf8(before + character.repeat(count)));
    }
  }
});

/** Bytes that are UTF-8, or nearly. */
const nearlyUtf8 = fc
  .tuple(
    fc.array(fc.oneof(anyText(20), fc.constantFrom('漢字かな交じり文', 'plain text')), {
      maxLength: 12,
    }),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }),
  )
  .map(([texts, changes]) => {
    const bytes = utf8(texts.join(''));
    for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
    return bytes;
  });

suiteOf('8.1 `look` and `toUtf16` agree with Node for any bytes and keys', () => {
  check(
    6000,
    fc.property(
      fc.oneof(nearlyUtf8, fc.uint8Array({ maxLength: 70 })),
      fc.integer(),
      fc.nat(255),
      (bytes, key, behind) => {
        fill(behind);
        compare(bytes);
        fill(behind);
        simd.block.set(transform(bytes, octets(key)));
        const ascii = bytes.every((byte) => byte < 0x80);
        assert.is(simd.mask(bytes.length, key) === 0, ascii);
        equalBytes(simd.first(bytes.length), bytes);
        assert.is(simd.look(bytes.length), ascii ? 2 : isUtf8(bytes) ? 1 : 0);
      },
    ),
  );
});

suiteOf('the kernel writes only to the block, the 16 bytes after it, and its UTF-16 output', () => {
  const memory = new Uint8Array(simd.block.buffer);
  const end = simd.utf16.byteOffset + simd.utf16.length;
  for (const character of ['a', 'é', '€', '🐯']) {
    const text = character.repeat(KERNEL_SIZE / utf8(character).length);
    memory.fill(0xee, end);
    simd.block.set(utf8(text));
    simd.mask(KERNEL_SIZE, 0);
    simd.look(KERNEL_SIZE);
    simd.toUtf16(KERNEL_SIZE);
    assert.ok(memory.subarray(0, 16).every((byte) => byte === 0));
    assert.ok(memory.subarray(end).every((byte) => byte === 0xee));
  }
});

suiteOf.run();
