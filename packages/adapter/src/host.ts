/** The web platform APIs that adapters use, declared here because no host's types are available. */
import type { RandomSource } from '@sockless/core';

/** The part of an `AbortSignal` that is used. */
export interface AbortSignalLike {
  /** Whether it has been aborted. */
  readonly aborted: boolean;
  /** The reason, once it has been aborted. */
  readonly reason: unknown;
  /** Throws the reason if it has been aborted. */
  throwIfAborted(): void;
  /** Adds a listener, which is called when it is aborted. */
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  /** Removes a listener. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The host's own `AbortSignal`, if its types are available. */
export type HostAbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : AbortSignalLike;

/** The part of a stream that is declared if the host's types are not available. */
export interface StreamLike {
  /** Whether it has a reader or a writer. */
  readonly locked: boolean;
}

/** The host's own `ReadableStream`, if its types are available. */
export type HostReadableStream = typeof globalThis extends { ReadableStream: { prototype: infer Stream } }
  ? Stream
  : StreamLike;

/** The host's own `WritableStream`, if its types are available. */
export type HostWritableStream = typeof globalThis extends { WritableStream: { prototype: infer Stream } }
  ? Stream
  : StreamLike;

interface Source {
  pull(controller: { enqueue(chunk: unknown): void; close(): void }): Promise<void>;
  cancel(): Promise<void>;
}

interface Sink {
  start(controller: { error(error: Error): void }): void;
  write(chunk: unknown): Promise<void>;
  close(): Promise<void>;
  abort(): void;
}

/** The part of a `URL` that is used. */
interface Url {
  readonly protocol: string;
  readonly host: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
  readonly username: string;
  readonly password: string;
}

interface Host {
  readonly crypto: { getRandomValues: RandomSource };
  readonly console: { error(...values: unknown[]): void };
  readonly AbortController: { new (): { readonly signal: HostAbortSignal; abort(reason?: unknown): void } };
  readonly ReadableStream: { new (source: Source, strategy: { highWaterMark: number }): HostReadableStream };
  readonly WritableStream: { new (sink: Sink): HostWritableStream };
  readonly URL: { new (url: string): Url; canParse(url: string): boolean };
  btoa(bytes: string): string;
}

/** This host. Its functions are looked up when they are called. Time and timers are in `clock.ts`. */
export const host: Host = globalThis as unknown as Host;
