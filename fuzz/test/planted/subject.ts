/** The small receiver as a subject of the fuzzer. */
import type { Subject } from '../../src/index.ts';
import { HAS, type Planted, Receiver } from './receiver.ts';

export const lazySubject = (bug?: Planted, has = HAS): Subject => ({
  name: 'lazy',
  has,
  play(role, chunks) {
    const receiver = new Receiver(role, bug);
    for (const chunk of chunks) receiver.receive(chunk);
    const last = receiver.events.at(-1);
    const clean = last?.[0] === 'close';
    const end = ['end', clean ? (last[1] ?? 0) : 1006, clean] as const;
    return { events: [...receiver.events, end], sent: Buffer.concat(receiver.sent) };
  },
});
