/** Whatever an application does while a stream arrives, core keeps its promises: order, deadlines, bounds, typed errors. */
import { type ConnectionEvent, type Role, StateError } from '../../../packages/core/src/index.ts';
import { type Random, seeded } from '../../../packages/core/test/pair.ts';
import { decodeFrames } from '../../../packages/core/test/reference.ts';
import { join, toHex } from '../../../packages/core/test/support.ts';
import type { Setting } from '../../src/receive/subject.ts';
import { holds, typed } from '../../src/target.ts';
import { openConnection } from './core.ts';

const MAX_QUEUED = 1000;

/** The most that one call adds to the outbox, plus a Close frame and waiting pongs: twice 4 KiB, and two. */
const MAX_MORE = 300 + 4 * 139 + 2 * 4096;

const TIMES = { interval: 50, timeout: 70 } as const;

const ORDER = /^open ((text|binary|fragment|ping|pong) )*(close )?(fail )?end$/;

/**
 * Passes the chunks to an open connection while its application acts as the seed says.
 *
 * @throws {Violation} when core breaks a promise
 */
export function exercise(role: Role, chunks: readonly Uint8Array[], setting: Setting, seed: number): void {
  const random = seeded(seed);
  const connection = openConnection(role, setting, {
    ...{ maxQueuedBytes: MAX_QUEUED, heartbeat: TIMES, idleTimeout: 300, stallTimeout: 250, closeTimeout: 100 },
    messageProgress: { bytes: 50, within: 200 },
  });
  const events: ConnectionEvent[] = [];
  const sent: Uint8Array[] = [];
  let now = 0;
  let unreported = 0;
  const transmit = (most: number, max?: number): void => {
    for (let left = most; left > 0; ) {
      const part = connection.transmit(now, max);
      if (part === undefined) break;
      holds('no more than max is transmitted', part.length > 0 && part.length <= (max ?? Infinity));
      sent.push(part.slice());
      left -= part.length;
      unreported += part.length;
    }
  };
  const written = (count: number): void => {
    connection.written(count, now);
    unreported -= count;
  };

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
    () => written(unreported),
    () => written(Math.floor(random() * unreported)),
    () => transmit(Infinity),
    () => transmit(random() * 500, 1 + Math.floor(random() * 100)),
    () => random() < 0.2 && connection.close(1000, 'bye', now),
    () => random() < 0.2 && connection.fail('handler-failed', 'a bug', now),
    () => random() < 0.3 && connection.fail('reader-too-slow', undefined, now),
  ];
  const check = (): void => {
    connection.timeout(now);
    holds('no deadline is in the past', connection.deadline > now, () => `${connection.deadline} at ${now}`);
    holds('no deadline is beyond all timeouts', connection.deadline === Infinity || connection.deadline <= now + 300);
    const { queuedBytes } = connection;
    holds('every wait has a deadline', queuedBytes === 0 || connection.deadline < Infinity);
    holds('the transport does not end while bytes wait', queuedBytes === 0 || connection.transport !== 'end');
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
  events.push(...connection);
  const wasDestroyed = connection.transport === 'destroy';
  events.push(...connection.receiveEnd(now, 'end'));
  transmit(Infinity);
  events.push(...connection.timeout(now + 1e6));
  const types = events.map(({ type }) => type).join(' ');
  holds('the order of events is kept', ORDER.test(types), () => types);
  holds(
    'after end there is nothing',
    [...connection.receive(Uint8Array.of(0x81, 0)), ...connection.receiveEnd()].length === 0,
  );
  holds('after end there is no deadline', connection.deadline === Infinity && connection.state === 'closed');
  holds('after end nothing waits', connection.queuedBytes === 0 && connection.transmit() === undefined);
  checkSent(join(sent), role, wasDestroyed);
}

/** Checks that only whole frames are sent, masked as the role requires, and only Pong frames (5.5.2) after a Close frame (5.5.1). */
function checkSent(bytes: Uint8Array, role: Role, wasDestroyed: boolean): void {
  const { frames, rest } = decodeFrames(bytes);
  holds('only whole frames are sent', rest === 0 || wasDestroyed, () => toHex(bytes));
  holds(
    'what is sent is masked by clients only',
    frames.every(({ key }) => (key !== undefined) === (role === 'client')),
  );
  const close = frames.findIndex(({ opcode }) => opcode === 8);
  const behind = close === -1 ? [] : frames.slice(close + 1);
  holds(
    'nothing but Pong frames is sent behind a Close frame',
    behind.every(({ opcode }) => opcode === 10),
  );
}
