/** Sending a message without a copy of it, which the application asks for with `lend: true`. */
import type { SendOptions } from '@sockless/core';
import { MIB } from './codec/inputs.ts';
import { ours } from './ours.ts';

/** The option that lends. */
export const LOAN = { lend: true } as SendOptions;

/** The part of core that {@link knowsLoans} needs. */
export interface Sending {
  readonly Connection: {
    opened(role: 'server'): {
      send(data: Uint8Array, options?: SendOptions): void;
      transmit(): Uint8Array | undefined;
    };
  };
}

/** Tells whether our build copies what it sends unless it is lent. Older builds do not know `lend` and never copied. */
export async function knowsLoans(core: Promise<Sending> = ours('core')): Promise<boolean> {
  const { Connection } = await core;
  const isShared = (options?: SendOptions): boolean => {
    const connection = Connection.opened('server');
    const payload = new Uint8Array(MIB);
    connection.send(payload, options);
    for (let bytes = connection.transmit(); bytes !== undefined; bytes = connection.transmit()) {
      if (bytes.buffer === payload.buffer) return true;
    }
    return false;
  };
  try {
    return !isShared() && isShared(LOAN);
  } catch {
    // This build does not know the option.
    return false;
  }
}
