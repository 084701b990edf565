// Law 1: core knows no host. What one may offer is looked up once, and core works without all of it.
import * as crypto from 'node:crypto';
import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { host, lookUpHost } from '../src/host.ts';
import { utf8 } from './support.ts';

const test = suite('host');

test('lookUpHost finds no capability in a host without any, and can still allocate', () => {
  const { allocate, ...others } = lookUpHost({});
  const names = ['textDecoder', 'writeUtf8', 'writeLatin1', 'utf8Length', 'random', 'webAssembly', 'slices', 'sha1'];
  assert.equal(others, Object.fromEntries(names.map((name) => [name, undefined])));
  for (const length of [0, 64, 65, 10_000]) assert.equal(allocate(length), new Uint8Array(length));
});

test('this host has all capabilities', () => {
  const { textDecoder, random, webAssembly } = host;
  assert.equal([textDecoder?.fatal, textDecoder?.ignoreBOM], [true, true]);
  assert.is(textDecoder?.decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa');
  const bytes = new Uint8Array(64);
  random?.(bytes);
  assert.ok(new Set(bytes).size > 16);
  // A test that runs all of this without it deletes it.
  assert.is(webAssembly, Reflect.get(globalThis, 'WebAssembly'));
});

for (const [name, scope] of Object.entries({ "Node's Buffer": globalThis, 'a TextEncoder': { TextEncoder } })) {
  test(`${name} writes texts at the given index, lone surrogates as U+FFFD`, () => {
    const { writeUtf8 } = lookUpHost(scope);
    for (const text of ['', 'a', 'é€🐯', '\ud800', 'a\udc00b', '\ufeff', 'é'.repeat(5000)]) {
      const expected = utf8(text);
      for (const more of [0, 5]) {
        const into = new Uint8Array(3 + expected.length + more).fill(0xee);
        assert.is(writeUtf8?.(text, into, 3), expected.length);
        assert.equal(into.subarray(3, 3 + expected.length), expected);
        assert.ok(into.subarray(0, 3).every((byte) => byte === 0xee));
        assert.ok(into.subarray(3 + expected.length).every((byte) => byte === 0xee));
      }
    }
  });
}

test('the functions of the host measure a text in bytes of UTF-8, and write Latin-1 at the given index', () => {
  for (const text of ['', 'a', 'é€🐯', '\ud800', 'a\udc00b', '\ufeff', 'é'.repeat(5000)]) {
    assert.is(host.utf8Length?.(text), utf8(text).length);
  }
  const into = new Uint8Array(6);
  assert.is(host.writeLatin1?.('abc', into, 2), 3);
  assert.equal([...into], [0, 0, 0x61, 0x62, 0x63, 0]);
});

test("the methods of Node's Buffer decode ranges of any Uint8Array", () => {
  const bytes = utf8('-aé€🐯-');
  for (const plain of [bytes, Buffer.from(bytes), bytes.subarray(1)]) {
    const start = plain.length === bytes.length ? 1 : 0;
    assert.is(host.slices?.utf8(plain, start, start + 10), 'aé€🐯');
    assert.is(host.slices?.utf8(plain, start, start + 2), 'a\ufffd');
    assert.is(host.slices?.ascii(plain, start, start + 1), 'a');
    assert.is(host.slices?.ascii(plain, start, start), '');
    assert.is(host.slices?.ascii(plain, start + 1, start + 3), 'Ã©');
  }
  const utf16 = Uint8Array.of(0, 0x61, 0, 0xe9, 0, 0xac, 0x20, 0x2f, 0xd8, 0x2f, 0xdc);
  assert.is(host.slices?.utf16(utf16, 1, 11), 'aé€\ud82f\udc2f');
});

const { prototype, byteLength } = Buffer;
const { latin1Slice, utf8Slice, ucs2Slice, latin1Write, utf8Write } = prototype as unknown as Record<
  string,
  (...args: unknown[]) => unknown
>;
const SLICES = { latin1Slice, utf8Slice, ucs2Slice };
const WRITES = { latin1Write, utf8Write };

test("Buffer's slice methods are used if they decode as in Node", () => {
  assert.type(lookUpHost({ Buffer: { prototype: SLICES } }).slices?.ascii, 'function');
  assert.is(lookUpHost({ Buffer: { prototype: SLICES } }).slices?.utf8(Uint8Array.of(0x61, 0x62), 1, 2), 'b');
});

const stripMark = (bytes: Uint8Array, start: number, end: number): string =>
  new TextDecoder().decode(bytes.subarray(start, end));

for (const [name, Buffer] of Object.entries({
  'has no prototype': {},
  'has no slice method': { prototype: {} },
  'lacks a slice method': { prototype: { latin1Slice, utf8Slice } },
  'wants Buffers of its own': {
    prototype: {
      ...SLICES,
      latin1Slice() {
        throw new TypeError('not a Buffer');
      },
    },
  },
  'takes a byte order mark away': {
    prototype: {
      ...SLICES,
      utf8Slice(this: Uint8Array, start: number, end: number) {
        return stripMark(this, start, end);
      },
    },
  },
  'gives the upper byte first': { prototype: { ...SLICES, ucs2Slice: () => '\u6263\uefbb\ubfc3' } },
  'ignores the range': { prototype: { ...SLICES, latin1Slice: () => 'abcdef' } },
})) {
  test(`a Buffer that ${name} is not used for decoding`, () => {
    assert.is(lookUpHost({ Buffer }).slices, undefined);
  });
}

test("Buffer's write methods are used if they write as in Node", () => {
  const { writeUtf8, writeLatin1, utf8Length } = lookUpHost({ Buffer: { byteLength, prototype: WRITES } });
  assert.is(writeUtf8?.('é', new Uint8Array(2), 0), 2);
  assert.is(writeLatin1?.('a', new Uint8Array(2), 1), 1);
  assert.is(utf8Length?.('é'), 2);
});

for (const [name, Buffer] of Object.entries({
  'has no prototype': { byteLength },
  'has no write method': { byteLength, prototype: {} },
  'wants Buffers of its own': {
    byteLength,
    prototype: {
      latin1Write() {
        throw new TypeError('not a Buffer');
      },
      utf8Write() {
        throw new TypeError('not a Buffer');
      },
    },
  },
  'writes lone surrogates as they are': {
    byteLength,
    prototype: {
      utf8Write(this: Uint8Array, _text: string, at: number) {
        this.set([0xc3, 0xa9, 0xed, 0xa0, 0x80], at);
        return 5;
      },
    },
  },
  'reports bytes that it has not written': { byteLength, prototype: { latin1Write: () => 3, utf8Write: () => 5 } },
  'writes, but does not say how much': {
    byteLength,
    prototype: {
      latin1Write(this: Uint8Array, _text: string, at: number) {
        this.set([0x61, 0x62, 0xe9], at);
      },
      utf8Write(this: Uint8Array, _text: string, at: number) {
        this.set([0xc3, 0xa9, 0xef, 0xbf, 0xbd], at);
      },
    },
  },
})) {
  test(`a Buffer that ${name} is not used for writing`, () => {
    const { writeUtf8, writeLatin1 } = lookUpHost({ Buffer });
    assert.equal([writeUtf8, writeLatin1], [undefined, undefined]);
    assert.type(lookUpHost({ Buffer, TextEncoder }).writeUtf8, 'function');
  });
}

test('a Buffer without a correct byteLength is not used for measuring', () => {
  for (const byteLength of [undefined, (text: string) => 3 * text.length]) {
    const { writeUtf8, writeLatin1, utf8Length } = lookUpHost({ Buffer: { byteLength, prototype: WRITES } });
    assert.equal([typeof writeUtf8, typeof writeLatin1, utf8Length], ['function', 'function', undefined]);
  }
});

test('allocated memory is a plain Uint8Array that fills a buffer of its own', () => {
  const memories = [host.allocate, lookUpHost({}).allocate].flatMap((allocate) =>
    [0, 1, 64, 65, 100, 1000, 1024, 1025, 4096, 100_000].map((length) => {
      const memory = allocate(length);
      assert.equal([memory.byteOffset, memory.buffer.byteLength], [0, length]);
      assert.equal([memory.length, Object.getPrototypeOf(memory) === Uint8Array.prototype], [length, true]);
      return memory;
    }),
  );
  for (const [i, memory] of memories.entries()) memory.fill(i);
  for (const [i, memory] of memories.entries()) assert.ok(memory.every((byte) => byte === i));
});

test('memory above 1 KiB is uninitialised if Buffer.allocUnsafeSlow gives each a buffer of its own; otherwise it is zeros', () => {
  const asked: number[] = [];
  const allocUnsafeSlow = (length: number): Uint8Array => {
    asked.push(length);
    return new Uint8Array(length).fill(7);
  };
  const { allocate } = lookUpHost({ Buffer: { prototype: SLICES, allocUnsafeSlow } });
  assert.equal(allocate(1024), new Uint8Array(1024));
  const memory = allocate(1025);
  assert.equal([memory.length, memory[0], asked], [1025, 7, [1, 1025]]);
  // Without it, or if it differs from Node's, memory is filled with zeros.
  for (const other of [
    undefined,
    (length: number) => new Uint8Array(length + 20).fill(7).subarray(5, 5 + length),
    () => {
      throw new Error('not supported');
    },
  ]) {
    const plain = lookUpHost({ Buffer: { prototype: SLICES, allocUnsafeSlow: other } });
    assert.equal(plain.allocate(1025), new Uint8Array(1025));
  }
});

const withHash = (hash: unknown) => lookUpHost({ process: { getBuiltinModule: () => ({ hash }) } }).sha1;

test('SHA-1 of the host is used if it is correct', () => {
  const { sha1 } = lookUpHost({ process: { getBuiltinModule: () => crypto } });
  assert.is(sha1?.('The quick brown fox'), createHash('sha1').update('The quick brown fox').digest('base64'));
  const refuses = (): never => {
    throw new Error('not in FIPS mode');
  };
  for (const hash of [undefined, () => '', () => undefined, refuses]) assert.is(withHash(hash), undefined);
  for (const process of [undefined, null, {}, { getBuiltinModule: () => undefined }]) {
    assert.is(lookUpHost({ process }).sha1, undefined);
  }
});

test('getRandomValues is called as a method of crypto', () => {
  const crypto = {
    getRandomValues(bytes: Uint8Array) {
      assert.is(this, crypto);
      bytes.fill(7);
    },
  };
  const bytes = new Uint8Array(2);
  lookUpHost({ crypto }).random?.(bytes);
  assert.equal([...bytes], [7, 7]);
});

class Decoder {
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  constructor(_label: string, { fatal = false, ignoreBOM = false }) {
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
  }
  decode(): string {
    return '';
  }
}

test('a strict decoder is used', () => {
  assert.instance(lookUpHost({ TextDecoder: Decoder }).textDecoder, Decoder);
});

for (const [name, TextDecoder] of Object.entries({
  'refuses fatal': class {
    constructor() {
      throw new RangeError('fatal is not supported');
    }
  },
  'overlooks fatal': class extends Decoder {
    constructor(label: string) {
      super(label, { ignoreBOM: true });
    }
  },
  'overlooks ignoreBOM': class extends Decoder {
    constructor(label: string) {
      super(label, { fatal: true });
    }
  },
  'knows no options': class {
    decode(): string {
      return '';
    }
  },
})) {
  test(`a decoder that ${name} is not used`, () => {
    assert.is(lookUpHost({ TextDecoder }).textDecoder, undefined);
  });
}

test('an encoder without encodeInto is not used', () => {
  assert.is(lookUpHost({ TextEncoder: class {} }).writeUtf8, undefined);
});

test('crypto without getRandomValues is not used', () => {
  for (const crypto of [undefined, null, {}]) assert.is(lookUpHost({ crypto }).random, undefined);
});

test.run();
