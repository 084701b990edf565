/**
 * The capabilities of the host beyond ECMAScript, looked up once. All are optional: core works without any of them. No
 * other file reads `globalThis`.
 */

/**
 * Fills the whole of `bytes`, which are not shared memory, with unpredictable bytes, as `crypto.getRandomValues` does.
 *
 * The type of the parameter is `Uint8Array<ArrayBuffer>`; TypeScript before 5.7 has no such parameter and calls it `Uint8Array`.
 */
export type RandomSource = (bytes: ReturnType<typeof Uint8Array.of>) => unknown;

/** A decoder that behaves like `new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })`. */
export interface Utf8TextDecoder {
  /** Returns the text; throws when the bytes are not UTF-8. */
  decode(bytes: Uint8Array): string;
  /** Whether it throws on invalid bytes; a decoder with `false` is refused. */
  readonly fatal?: boolean;
  /** Whether it keeps a byte order mark; a decoder with `false` is refused. */
  readonly ignoreBOM?: boolean;
}

/** An encoder that behaves like `new TextEncoder()`. */
export interface Utf8TextEncoder {
  encodeInto(text: string, into: Uint8Array): { written: number };
}

/** Decodes `bytes[start]` to `bytes[end - 1]`. */
export type Slice = (bytes: Uint8Array, start: number, end: number) => string;

/** Decoders that never throw. */
export interface Slices {
  /** Decodes ASCII, or Latin-1: one character for each byte. */
  readonly ascii: Slice;
  /** Decodes UTF-8, with U+FFFD for invalid bytes. */
  readonly utf8: Slice;
  /** Decodes UTF-16 with the lower byte first. */
  readonly utf16: Slice;
}

/** Writes a text at `into[at]` and returns its length in bytes. A lone surrogate becomes U+FFFD. */
export type Write = (text: string, into: Uint8Array, at: number) => number;

/** The part of `WebAssembly` that core uses. */
export interface WebAssemblyHost {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** The capabilities of a host that core uses. */
export interface Host {
  readonly slices: Slices | undefined;
  /**
   * Returns bytes that the caller overwrites. Their content is arbitrary, because to fill many with zeros costs as much as
   * copying them. They fill a buffer of their own.
   */
  readonly allocate: (length: number) => Uint8Array;
  readonly webAssembly: WebAssemblyHost | undefined;
  readonly textDecoder: Utf8TextDecoder | undefined;
  /** Writes a text as UTF-8 at `into[at]`, where there must be room, and returns its length in bytes. */
  readonly writeUtf8: Write | undefined;
  /** Writes a text of ASCII or Latin-1: one byte for each character. */
  readonly writeLatin1: Write | undefined;
  /** Returns the length of a text in bytes, as UTF-8. */
  readonly utf8Length: ((text: string) => number) | undefined;
  readonly random: RandomSource | undefined;
  readonly sha1: Sha1 | undefined;
}

/** Returns the SHA-1 hash of an ASCII text in base64. */
export type Sha1 = (text: string) => string;

interface Scope {
  TextDecoder?: new (label: string, options: { fatal: boolean; ignoreBOM: boolean }) => Utf8TextDecoder;
  TextEncoder?: new () => Utf8TextEncoder;
  crypto?: { getRandomValues?: RandomSource };
  WebAssembly?: WebAssemblyHost;
  Buffer?: {
    allocUnsafeSlow?(length: number): Uint8Array;
    byteLength(text: string): number;
    prototype: Record<'latin1Slice' | 'utf8Slice' | 'ucs2Slice', BufferSlice> &
      Record<'latin1Write' | 'utf8Write', BufferWrite>;
  };
  process?: { getBuiltinModule?(name: string): { hash?: BuiltinHash } | undefined };
}

type BuiltinHash = (algorithm: string, text: string, encoding: string) => string;

type BufferSlice = (this: Uint8Array, start: number, end: number) => string;
type BufferWrite = (this: Uint8Array, text: string, at: number, room: number) => number;

/** Looks up the capabilities in a global object. */
export function lookUpHost(scope: object): Host {
  const { TextDecoder, TextEncoder, crypto, WebAssembly, Buffer, process } = scope as Scope;
  return {
    textDecoder: TextDecoder && strictDecoder(TextDecoder),
    writeUtf8: (Buffer && bufferWrite(Buffer)) ?? (TextEncoder && encoderWrite(new TextEncoder())),
    writeLatin1: Buffer && bufferLatin1(Buffer),
    utf8Length: Buffer && bufferLength(Buffer),
    random: crypto?.getRandomValues?.bind(crypto),
    webAssembly: WebAssembly,
    slices: Buffer && bufferSlices(Buffer.prototype),
    allocate: allocator(Buffer),
    sha1: builtinSha1(process),
  };
}

/** Up to this many bytes the engine makes an array of zeros faster than the host makes one without. */
const ZEROED_TO = 1024;

/** `allocUnsafe` would not do: its short arrays share one buffer, so an application that gets one could read all others. */
function allocator(Buffer: Scope['Buffer']): Host['allocate'] {
  const allocUnsafeSlow = tried(() => {
    const allocate = Buffer?.allocUnsafeSlow;
    return allocate?.(1).buffer.byteLength === 1 ? allocate : undefined;
  });
  // V8 keeps the bytes of a small array in its heap, and must move them out for a system call. Those of an ArrayBuffer stay in place.
  const zeroed = (length: number): Uint8Array => new Uint8Array(new ArrayBuffer(length));
  if (allocUnsafeSlow === undefined) return zeroed;
  return (length) => (length <= ZEROED_TO ? zeroed(length) : new Uint8Array(allocUnsafeSlow(length).buffer));
}

/** The methods behind Node's `Buffer.toString`. In Node they accept any Uint8Array; whether they do here is tried out. */
function bufferSlices(prototype: NonNullable<Scope['Buffer']>['prototype']): Slices | undefined {
  return tried(() => {
    const { latin1Slice, utf8Slice, ucs2Slice } = prototype;
    const slices = { ascii: callable(latin1Slice), utf8: callable(utf8Slice), utf16: callable(ucs2Slice) };
    const strings = [slices.ascii(TRIAL, 1, 5), slices.utf8(TRIAL, 4, 10), slices.utf16(TRIAL, 2, 8)];
    return strings.join() === 'abcï,\ufeffé\ufffd,\u6362\ubbef\uc3bf' ? slices : undefined;
  });
}

const TRIAL = Uint8Array.of(0, 0x61, 0x62, 0x63, 0xef, 0xbb, 0xbf, 0xc3, 0xa9, 0xff);

const callable =
  (slice: BufferSlice): Slice =>
  (bytes, start, end) =>
    slice.call(bytes, start, end);

/** The method behind Node's `Buffer.write`, for which no view has to be made. */
function bufferWrite({ prototype }: NonNullable<Scope['Buffer']>): Write | undefined {
  return tried(() => {
    const { utf8Write } = prototype;
    const write: Write = (text, into, at) => utf8Write.call(into, text, at, into.length - at);
    return works(write, 'é\ud800', [0xc3, 0xa9, 0xef, 0xbf, 0xbd]) ? write : undefined;
  });
}

function encoderWrite(encoder: Utf8TextEncoder): Write | undefined {
  return encoder.encodeInto && ((text, into, at) => encoder.encodeInto(text, into.subarray(at)).written);
}

function bufferLatin1({ prototype }: NonNullable<Scope['Buffer']>): Write | undefined {
  return tried(() => {
    const { latin1Write } = prototype;
    const write: Write = (text, into, at) => latin1Write.call(into, text, at, text.length);
    return works(write, 'abé', [0x61, 0x62, 0xe9]) ? write : undefined;
  });
}

function bufferLength(Buffer: NonNullable<Scope['Buffer']>): Host['utf8Length'] {
  return tried(() => {
    const byteLength = (text: string): number => Buffer.byteLength(text);
    return byteLength('é\ud800') === 5 ? byteLength : undefined;
  });
}

function works(write: Write, text: string, expected: readonly number[]): boolean {
  const into = new Uint8Array(16);
  return write(text, into, 2) === expected.length && expected.every((byte, index) => into[2 + index] === byte);
}

/** `hash` of `node:crypto`, if there is one and it allows SHA-1. In FIPS mode, for instance, it does not. */
function builtinSha1(process: Scope['process']): Sha1 | undefined {
  return tried(() => {
    const hash = process?.getBuiltinModule?.('node:crypto')?.hash;
    const sha1 = hash && ((text: string) => hash('sha1', text, 'base64'));
    return sha1?.('abc') === 'qZk+NkcGgWq6PiVxeFDCbJzQ2J0=' ? sha1 : undefined;
  });
}

/** Some hosts have a decoder that throws when it should be strict, or ignores the options. Core decodes by itself then. */
function strictDecoder(TextDecoder: NonNullable<Scope['TextDecoder']>): Utf8TextDecoder | undefined {
  return tried(() => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.fatal && decoder.ignoreBOM ? decoder : undefined;
  });
}

/** Decodes with a fatal decoder of the host or the application. Returns `undefined` when that throws. */
export function decodeBy(decoder: Utf8TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns the result of `make`, or `undefined` when it throws because the host has something else under that name. */
function tried<Capability>(make: () => Capability | undefined): Capability | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** The capabilities of this host. */
export const host: Host = lookUpHost(globalThis);
