/** The functions of the web platform that adapters are made with: declared here, where no host's types are known. */
import type { RandomSource } from '@sockless/core';

/** What is used of an `AbortSignal`. */
export interface AbortSignalLike {
  /** Whether it has been aborted. */
  readonly aborted: boolean;
  /** Why, once it has been. */
  readonly reason: unknown;
  /** Throws the reason when it is aborted already. */
  throwIfAborted(): void;
  /** Calls when it is aborted. */
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  /** Does not call any more. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The host's own `AbortSignal`, where its types are known. */
export type HostAbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : AbortSignalLike;

/** What is known of a stream where the host's types are not. */
export interface StreamLike {
  /** Whether somebody reads from it, or writes to it. */
  readonly locked: boolean;
}

/** The host's own `ReadableStream`, where its types are known. */
export type HostReadableStream = typeof globalThis extends { ReadableStream: { prototype: infer Stream } }
  ? Stream
  : StreamLike;

/** The host's own `WritableStream`, where its types are known. */
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

/** What is used of a `URL`. */
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

/** This host; its functions are looked up when they are called. The time and the timers are in `clock.ts`. */
export const host: Host = globalThis as unknown as Host;
