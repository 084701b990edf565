/**
 * What the host may offer beyond ECMAScript, looked up once. Each is optional, and core works without all of them; this
 * file is the only one that reads `globalThis`.
 */

/** Fills the whole of `bytes` with unpredictable bytes, as `crypto.getRandomValues` does. */
export type RandomSource = (bytes: Uint8Array<ArrayBuffer>) => unknown;

/**
 * A decoder as `new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })` is: it throws when `bytes` is not UTF-8.
 */
export interface Utf8TextDecoder {
  decode(bytes: Uint8Array): string;
  readonly fatal?: boolean;
  readonly ignoreBOM?: boolean;
}

/** An encoder as `new TextEncoder()` is. */
export interface Utf8TextEncoder {
  encodeInto(text: string, into: Uint8Array): { written: number };
}

/** The capabilities of a host that core makes use of. */
export interface Host {
  readonly textDecoder: Utf8TextDecoder | undefined;
  readonly textEncoder: Utf8TextEncoder | undefined;
  readonly random: RandomSource | undefined;
}

interface Scope {
  TextDecoder?: new (label: string, options: { fatal: boolean; ignoreBOM: boolean }) => Utf8TextDecoder;
  TextEncoder?: new () => Utf8TextEncoder;
  crypto?: { getRandomValues?: RandomSource };
}

/** Looks the capabilities up in a global object. */
export function lookUpHost(scope: object): Host {
  const { TextDecoder, TextEncoder, crypto } = scope as Scope;
  const textEncoder = TextEncoder && new TextEncoder();
  return {
    textDecoder: TextDecoder && strictDecoder(TextDecoder),
    textEncoder: textEncoder?.encodeInto && textEncoder,
    random: crypto?.getRandomValues?.bind(crypto),
  };
}

/** Some decoders refuse to be strict, others overlook that they should be; core's own code is neither. */
function strictDecoder(TextDecoder: NonNullable<Scope['TextDecoder']>): Utf8TextDecoder | undefined {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.fatal && decoder.ignoreBOM ? decoder : undefined;
  } catch {
    return undefined;
  }
}

/** What this host offers. */
export const host: Host = lookUpHost(globalThis);
