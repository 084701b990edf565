/** The functions of the web platform that adapters are made with: declared here, where no host's types are known. */

/** What `setTimeout` gives. */
export interface Timer {
  /** Where there is it: the timer keeps no process alive. */
  unref?(): unknown;
}

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
  setTimeout(call: () => void, milliseconds: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
  queueMicrotask(call: () => void): void;
  /** Not on the web; where there is none, a timer has to do. */
  setImmediate?<Argument>(call: (argument: Argument) => void, argument: Argument): unknown;
  readonly performance: { now(): number };
  readonly crypto: { getRandomValues(bytes: Uint8Array<ArrayBuffer>): unknown };
  readonly URL: { new (url: string): Url; canParse(url: string): boolean };
  btoa(bytes: string): string;
}

/** This host; its functions are looked up when they are called, so that tests may replace them. */
export const host: Host = globalThis as unknown as Host;

/** Calls when what has arrived meanwhile has been delivered. */
export function soon<Argument>(call: (argument: Argument) => void, argument: Argument): void {
  if (host.setImmediate === undefined) host.setTimeout(() => call(argument), 0);
  else host.setImmediate(call, argument);
}
