/** The bounds of a server, which protect it from too many clients. */
import type { Names } from '@sockless/core';

/** The bounds of a server, for all its connections together. `Infinity` means no bound. */
export interface ServerBounds {
  /**
   * The most connections, including those that are not open yet. Further clients are refused with 503. Default:
   * `Infinity`.
   */
  readonly maxConnections?: number | undefined;
  /**
   * The most connections from one IPv4 address or one IPv6 network (its first 64 bits). Further clients are refused
   * with 429. Behind a proxy all connections have the proxy's address. Default: `Infinity`.
   */
  readonly maxConnectionsPerAddress?: number | undefined;
  /**
   * The most connections whose request has not arrived or is undecided. Further ones are closed at once, without an
   * answer. Default: `Infinity`.
   */
  readonly maxPendingHandshakes?: number | undefined;
  /**
   * The most bytes that wait to be written, over all connections. Above it, the connections with the most waiting bytes
   * are failed with 1013, `reader-too-slow`, until the rest fits. Their messages are dropped; what is left of each, at
   * most 512 KiB, no longer counts. Default: `Infinity`.
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
 * Returns what counts as one address: an IPv4 address, even if written as IPv6, or the first 64 bits of an IPv6
 * address, because a provider gives each customer at least that whole network.
 */
export function networkOf(address: string): string {
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1);
  const [before = '', after] = (address.split('%', 1)[0] as string).split('::');
  const groups = before === '' ? [] : before.split(':');
  // `::` stands for as many groups of zeros as are missing.
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
