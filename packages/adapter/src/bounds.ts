/** How much a server takes on, whoever comes. */
import type { Names } from '@sockless/core';

/** The bounds of a server, for all its connections together. A number that is `Infinity` is no bound. */
export interface ServerBounds {
  /** The most connections, those among them that are not open yet. Whoever comes beyond is refused with 503. Default: `Infinity`. */
  readonly maxConnections?: number | undefined;
  /**
   * The most connections from one address, or from one network of 64 bits where it is IPv6. Whoever comes beyond is refused with 429. Behind a
   * proxy all connections have its address. Default: `Infinity`.
   */
  readonly maxConnectionsPerAddress?: number | undefined;
  /**
   * The most connections whose request has not come, or is not decided. Whoever comes beyond is closed at once, without an answer. Default:
   * `Infinity`.
   */
  readonly maxPendingHandshakes?: number | undefined;
  /**
   * The most bytes that wait to be sent in all connections together. Beyond that those for which most waits are failed with 1013,
   * `reader-too-slow`, until it fits. Default: `Infinity`.
   */
  readonly maxTotalQueuedBytes?: number | undefined;
}

/** The names of {@link ServerBounds}. */
export const SERVER_BOUNDS: Names<ServerBounds> = {
  maxConnections: true,
  maxConnectionsPerAddress: true,
  maxPendingHandshakes: true,
  maxTotalQueuedBytes: true,
};

/**
 * Fills in the defaults.
 *
 * @throws {TypeError | RangeError} when a bound is not a whole number from 1 or `Infinity`
 */
export function resolveBounds(bounds: ServerBounds): Readonly<Record<keyof ServerBounds, number>> {
  const resolve = (name: keyof ServerBounds): number => {
    const { [name]: value = Infinity } = bounds;
    if (value === Infinity || (Number.isSafeInteger(value) && value >= 1)) return value;
    const Kind = typeof value === 'number' ? RangeError : TypeError;
    throw new Kind(`${name}: a whole number from 1, or Infinity, not ${String(value)}`);
  };
  return {
    maxConnections: resolve('maxConnections'),
    maxConnectionsPerAddress: resolve('maxConnectionsPerAddress'),
    maxPendingHandshakes: resolve('maxPendingHandshakes'),
    maxTotalQueuedBytes: resolve('maxTotalQueuedBytes'),
  };
}

/**
 * Returns what counts as one address: an IPv4 address, also where it is written as IPv6, or the first 64 bits of an IPv6 address, which is the
 * least that one customer of a provider has.
 */
export function networkOf(address: string): string {
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1);
  const [before = '', after] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = before === '' ? [] : before.split(':');
  // What `::` stands for are zeros.
  if (after !== undefined) {
    const last = after === '' ? [] : after.split(':');
    while (groups.length + last.length < 8) groups.push('0');
    groups.push(...last);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
