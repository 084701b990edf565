/** Whatever an application does while a stream arrives, core keeps its promises: order, deadlines, bounds, typed errors. */
import { type ConnectionEvent, type Role, StateError } from '../../../packages/core/src/index.ts';
import { type Random, seeded } from '../../../packages/core/test/pair.ts';
import { decodeFrames } from '../../../packages/core/test/reference.ts';
import { drain, join, toHex } from '../../../packages/core/test/support.ts';
import { openConnection, type Setting } from './subject.ts';
import { holds, typed } from './target.ts';

const MAX_QUEUED = 1000;

/** The longest that one call puts into the outbox, and besides it one pong and one Close frame wait. */
const MAX_MORE = 300 + 3 * 139;

const TIMES = { interval: 50, timeout: 70 } as const;

const ORDER = /^open ((text|binary|fragment|ping|pong) )*(close )?(fail )?end$/;

/**
 * Gives an open connection the chunks while its application does what the seed says.
 *
 * @throws {Violation} when a promise is not kept
 */
export function exercise(role: Role, chunks: readonly Uint8Array[], setting: Setting, seed: number): void {
  const random = seeded(seed);
  const connection = openConnection(role, setting, {
    ...{ maxQueuedBytes: MAX_QUEUED, heartbeat: TIMES, idleTimeout: 300, messageTimeout: 200, closeTimeout: 100 },
  });
  const events: ConnectionEvent[] = [];
  const sent: Uint8Array[] = [];
  let now = 0;

  const acts: ((random: Random) => void)[] = [
    () => {
      now += Math.floor(random() * 40);
    },
    () => {
      now = connection.deadline === Infinity ? now : Math.max(now, connection.deadline);
    },
    () => connection.send(random() < 0.5 ? 'é€'.repeat(random() * 50) : new Uint8Array(random() * 250)),
    () => connection.sendFragment('fragment', random() < 0.5),
    () => connection.ping('ping'),
    () => connection.pong('pong'),
    () => connection.pause(),
    () => connection.resume(now),
    () => connection.written(),
    () => void sent.push(drain(connection)),
    () => random() < 0.2 && connection.close(1000, 'bye', now),
  ];
  const check = (): void => {
    connection.timeout(now);
    holds('no deadline is in the past', connection.deadline > now, () => `${connection.deadline} at ${now}`);
    holds('no deadline is beyond all timeouts', connection.deadline === Infinity || connection.deadline <= now + 300);
    const { queuedBytes } = connection;
    holds('the outbox is bounded', queuedBytes < MAX_QUEUED + MAX_MORE, () => `${queuedBytes} bytes wait`);
  };

  for (const chunk of chunks) {
    if (random() < 0.3) typed(() => acts[Math.floor(random() * acts.length)]?.(random), StateError, TypeError);
    check();
    connection.receive(chunk, now);
    if (random() < 0.9) events.push(...connection);
    check();
  }
  connection.resume(now);
  events.push(...connection, ...connection.receiveEnd(now, 'end'), ...connection.timeout(now + 1e6));
  const types = events.map(({ type }) => type).join(' ');
  holds('the order of events is kept', ORDER.test(types), () => types);
  holds(
    'after end there is nothing',
    [...connection.receive(Uint8Array.of(0x81, 0)), ...connection.receiveEnd()].length === 0,
  );
  holds('after end there is no deadline', connection.deadline === Infinity && connection.state === 'closed');
  checkSent(join([...sent, drain(connection)]), role);
}

/** Whole frames, masked as the role asks for, and nothing behind a Close frame (5.5.1). */
function checkSent(bytes: Uint8Array, role: Role): void {
  const { frames, rest } = decodeFrames(bytes);
  holds('what is sent are whole frames', rest === 0, () => toHex(bytes));
  holds(
    'what is sent is masked by clients only',
    frames.every(({ key }) => (key !== undefined) === (role === 'client')),
  );
  const close = frames.findIndex(({ opcode }) => opcode === 8);
  holds('nothing is sent behind a Close frame', close === -1 || close === frames.length - 1);
}
