/** What a client asks for at each try: its URL, header fields and subprotocols, given as values or by functions. */
import type { ClientOptions, HeaderFieldsInit } from '@sockless/core';
import type { ReconnectingOptions } from './client.ts';
import type { HostAbortSignal } from './host.ts';
import { clientOptions } from './names.ts';
import { normalize } from './url.ts';

/**
 * A value that is the same for every try, or a function that returns it, or a promise of it, anew for each. What the function
 * takes counts against `handshakeTimeout`. Its signal is aborted when the try is over before its result was needed.
 */
export type Fresh<Value> = Value | ((signal: HostAbortSignal) => Value | PromiseLike<Value>);

/** A URL, or anything that is one when written as text. */
export type UrlInit = string | { toString(): string };

/** What core needs for one try. */
export interface Asked {
  /** A WebSocket URI, as far as a WHATWG URL can make it one. */
  readonly url: string;
  /** The options of core, with what the URL says of authorization. */
  readonly options: ClientOptions;
}

/** A snapshot of what an application has given: every try is made with the same. */
export class Target {
  readonly #url: Fresh<UrlInit>;
  readonly #headers: ReconnectingOptions['headers'];
  readonly #subprotocols: ReconnectingOptions['subprotocols'];
  /** What is known without calling a function; a URL that is not stands for none. */
  readonly known: Asked;
  /** Whether that is all. */
  readonly isKnown: boolean;

  /** @throws {SyntaxError} when the URL is known and its user name or password is not percent-encoded UTF-8 */
  constructor(url: Fresh<UrlInit>, options: ReconnectingOptions) {
    const { headers, subprotocols } = options;
    this.#url = url;
    this.#headers = headers;
    this.#subprotocols = subprotocols;
    this.isKnown = ![url, headers, subprotocols].some((value) => typeof value === 'function');
    this.known = asked(given(url) ?? 'ws://localhost', {
      ...clientOptions(options),
      headers: given(headers),
      subprotocols: given(subprotocols),
    });
  }

  /** Asks the functions, all of them at once; rejects with what the first one throws or rejects with. */
  async ask(signal: HostAbortSignal): Promise<Asked> {
    const [url, headers, subprotocols] = await Promise.all([
      fresh(this.#url, signal),
      fresh(this.#headers, signal),
      fresh(this.#subprotocols, signal),
    ]);
    return asked(url, { ...this.known.options, headers, subprotocols });
  }
}

type Given<Value> = Exclude<Value, (...values: never[]) => unknown>;

const given = <Value>(value: Value): Given<Value> | undefined =>
  typeof value === 'function' ? undefined : (value as Given<Value>);

/** An `async` function, so that what is thrown at once is a rejection as well. */
async function fresh<Value>(value: Fresh<Value>, signal: HostAbortSignal): Promise<Value> {
  return typeof value === 'function' ? await (value as (signal: HostAbortSignal) => Value)(signal) : value;
}

function asked(url: UrlInit, options: ClientOptions): Asked {
  const { text, authorization } = normalize(url);
  return { url: text, options: withAuthorization(options, authorization) };
}

function withAuthorization(options: ClientOptions, authorization: string | undefined): ClientOptions {
  if (authorization === undefined) return options;
  const fields = listOf(options.headers);
  // What the application says itself counts.
  if (fields.some(([name]) => name.toLowerCase() === 'authorization')) return options;
  return { ...options, headers: [['Authorization', authorization], ...fields] };
}

const listOf = (headers: HeaderFieldsInit = {}): (readonly [name: string, value: string])[] =>
  Symbol.iterator in headers ? [...headers] : Object.entries(headers);
