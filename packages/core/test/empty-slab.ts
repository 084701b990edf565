// The memory that all senders share, as it is when nobody's bytes are in it.
import { resolveOptions } from '../src/options.ts';
import { Sender } from '../src/sender.ts';

const OPTIONS = resolveOptions({ random: (bytes) => bytes.fill(0) });
const LONG = new Uint8Array(60_000);

/** From here on the slab is empty, whoever has written to it before and not said that it has left. */
export function emptySlab(): void {
  const from = new Sender(OPTIONS, true);
  let view: Uint8Array | undefined;
  do {
    // The second of so many bytes is the first in a slab of its own.
    from.message(LONG);
    view = from.transmit();
  } while (view === undefined || view.byteOffset > 0);
  from.written();
}
