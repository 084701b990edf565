/** The request of a client in each attempt: a URL, header fields and subprotocols, each given as a value or a function. */
import type { ClientOptions, HeaderFieldsInit } from '@sockless/core';
import type { ReconnectingOptions } from './client.ts';
import type { HostAbortSignal } from './host.ts';
import { clientOptions } from './names.ts';
import { normalize } from './url.ts';

/**
 * A value for every attempt, or a function that is called for each attempt and returns the value or a promise of it. The time
 * that the promise takes counts towards `handshakeTimeout`. The function's signal is aborted when the attempt ends before
 * its result was needed.
 */
export type Fresh<Value> = Value | ((signal: HostAbortSignal) => Value | PromiseLike<Value>);

/** A URL, or anything that becomes one when converted to a string. */
export type UrlInit = string | { toString(): string };

/** The URL and the options of one attempt, for core. */
export interface Asked {
  /** The WebSocket URI, normalised by a WHATWG URL if that can parse it. */
  readonly url: string;
  /** The options of core, including an Authorization field from the URL's user name and password. */
  readonly options: ClientOptions;
}

/** A snapshot of the application's options: every attempt uses the same ones. */
export class Target {
  readonly #url: Fresh<UrlInit>;
  readonly #headers: ReconnectingOptions['headers'];
  readonly #subprotocols: ReconnectingOptions['subprotocols'];
  /** The part that is known without calling a function. If the URL is not known, a placeholder stands in for it. */
  readonly known: Asked;
  /** Whether everything is known without calling a function. */
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

  /**
   * Calls the functions, all at the same time; rejects with the first error that one of them throws or rejects with.
   */
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

/** It is `async`, so that an error thrown by the function becomes a rejection. */
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
  // A field of the application's takes precedence over the URL.
  if (fields.some(([name]) => name.toLowerCase() === 'authorization')) return options;
  return { ...options, headers: [['Authorization', authorization], ...fields] };
}

const listOf = (headers: HeaderFieldsInit = {}): (readonly [name: string, value: string])[] =>
  Symbol.iterator in headers ? [...headers] : Object.entries(headers);
