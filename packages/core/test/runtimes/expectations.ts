/** All that core must fulfil in every runtime. */
import { EXCHANGES } from './exchanges.ts';
import type { Expectation } from './expectation.ts';
import { HANDSHAKE } from './handshake.ts';
import { KERNELS } from './kernels.ts';
import { OWNERSHIP } from './ownership.ts';
import { WIRE } from './wire.ts';

export { BARE } from './bare.ts';
export { digest, transcript } from './transcript.ts';

/** What holds whatever the host offers. */
export const CORE: readonly Expectation[] = [...HANDSHAKE, ...WIRE, ...EXCHANGES, ...OWNERSHIP, ...KERNELS];
