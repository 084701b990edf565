/** The functions of the web platform that adapters are made with: declared here, where no host's types are known. */
import type { RandomSource } from '@sockless/core';

/** What is used of an `AbortSignal`. */
export interface AbortSignalLike {
  /** Throws the reason when it is aborted already. */
  throwIfAborted(): void;
  /** Calls when it is aborted. */
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  /** Does not call any more. */
  removeEventListener(type: 'abort', listener: () => void): void;
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
  readonly URL: { new (url: string): Url; canParse(url: string): boolean };
  btoa(bytes: string): string;
}

/** This host; its functions are looked up when they are called. The time and the timers are in `clock.ts`. */
export const host: Host = globalThis as unknown as Host;
