/** The result of a `request` handler: only `accept` and `reject` make one. */
import type { AcceptOptions, BytesLike, Connection, HeaderFieldsInit } from '@sockless/core';

/** How to accept a request. */
export interface DecisionOptions extends AcceptOptions {
  /**
   * Identifies the owner of the connection, for example a user's id: `server.find(key)` returns all open connections
   * with that key, compared as `Map` does. Default: none.
   */
  readonly key?: unknown;
}

/** How a request is answered: what {@link accept} or {@link reject} returned. */
export class Decision {
  readonly #answer: (connection: Connection, now: number | undefined) => void;
  readonly #key: unknown;

  /**
   * For this file only. A plain object that looks like a decision is not one, so that nothing is accepted by mistake.
   */
  constructor(answer: (connection: Connection, now: number | undefined) => void, key?: unknown) {
    this.#answer = answer;
    this.#key = key;
  }

  /** Answers the pending request as decided, and returns the key that was given to `accept`. */
  static apply(decision: unknown, connection: Connection, now: number | undefined): unknown {
    if (!(decision instanceof Decision)) {
      throw new TypeError(
        `a request handler returns what accept() or reject() returned, or a promise of it, not ${describe(decision)}` +
          (decision === undefined ? ': is a "return" missing?' : ''),
      );
    }
    // The client may have gone while the application was deciding.
    if (connection.state === 'connecting') decision.#answer(connection, now);
    return decision.#key;
  }
}

/**
 * Returns the decision to accept a request: return it from the `request` handler.
 *
 * If an option is not valid, for example a subprotocol that was not offered, the client gets a 500 and the error goes
 * to the `error` handler.
 *
 * @example
 * ```ts
 * request: (ws, request) => (isAllowed(request) ? accept({ subprotocol: 'chat' }) : reject(403)),
 * ```
 */
export function accept(options: DecisionOptions = {}): Decision {
  const { key, ...answer } = options;
  return new Decision((connection, now) => connection.accept(answer, now), key);
}

/**
 * Returns the decision to refuse a request with an HTTP response: return it from the `request` handler.
 *
 * @param status 200 to 599
 * @param headers further header fields
 * @param body a string is sent as UTF-8
 */
export function reject(status: number, headers?: HeaderFieldsInit, body?: string | BytesLike): Decision {
  return new Decision((connection, now) => connection.reject(status, headers, body, now));
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null)
    return `an object with ${Object.keys(value).join(', ') || 'nothing'}`;
  return String(value);
}
