/** `npm run fuzz -- --differential N`: compares with all available peers, and prints how often they agree. */
import { whyMissing } from '../../packages/tools/debian.ts';
import { differ } from './differential.ts';
import { driverClient, driverServer, type Opening, wsClient, wsServer } from './handshake.ts';
import type { Implementation } from './outcome.ts';
import { undici, websocketDriver, ws } from './peers.ts';
import { startWsproto, type Wsproto } from './wsproto.ts';

/** The peers that are installed with this package. */
export const PEERS: readonly Implementation[] = [ws, websocketDriver, undici];

/** Their opening handshakes, as far as we can drive them. */
export const OPENINGS: readonly Opening[] = [wsServer, wsClient, driverServer, driverClient];

/** Runs the comparison, prints its result, and returns the exit code. */
export async function compareAll(runs: number, seed: number): Promise<number> {
  const missing = whyMissing('python3-wsproto');
  const wsproto: Wsproto | undefined = missing === undefined ? startWsproto() : undefined;
  if (missing !== undefined) console.log(`python3-wsproto is missing (${missing}): it is left out`);
  const more = wsproto === undefined ? [] : [wsproto];
  console.log(`--differential ${runs} --seed ${seed}`);
  try {
    const { agreed, explained } = await differ({
      peers: [...PEERS, ...more],
      openings: [...OPENINGS, ...more.flatMap(({ openings }) => openings)],
      runs,
      seed,
    });
    for (const [peer, times] of agreed) console.log(`${String(times).padStart(9)}  ${peer} agrees`);
    for (const [what, times] of [...explained].sort()) console.log(`${String(times).padStart(9)}  ${what}`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    wsproto?.end();
  }
}
