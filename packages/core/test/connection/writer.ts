import * as assert from 'uvu/assert';
import type { Connection, ConnectionOptions, EndEvent, Role } from '../../src/index.ts';
import { join } from '../support.ts';
import { NEVER, opened, rule, types } from './tools.ts';

export const STALL = 1000;
export const OPTIONS: ConnectionOptions = {
  ...{ heartbeat: false, idleTimeout: NEVER, messageProgress: false, stallTimeout: STALL, closeTimeout: 50 },
};

/** Returns an open connection whose caller reports what has left, or does not. */
export function writer(role: Role, reports: boolean, options: ConnectionOptions = {}): Connection {
  const connection = opened(role, { ...OPTIONS, ...options });
  if (reports) connection.written(0, 0);
  return connection;
}

/** Transmits `count` bytes, or all that wait, at most `max` at a time. */
export function take(connection: Connection, now?: number, count = Infinity, max = Infinity): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let left = count; left > 0; ) {
    const part = connection.transmit(now, Math.min(left, max));
    if (part === undefined) break;
    assert.ok(part.length <= max);
    left -= part.length;
    parts.push(part.slice());
  }
  return join(parts);
}

/** Asserts that the stall deadline is `at`, lets it pass, and returns the event `end`. */
export function stalls(connection: Connection, at: number): EndEvent {
  assert.is(connection.deadline, at);
  assert.equal([...connection.timeout(at - 1)], []);
  const events = [...connection.timeout(at)];
  assert.is(types(events), 'fail end');
  assert.is(rule(events), 'stall-timeout');
  assert.equal([connection.transport, connection.deadline, connection.transmit()], ['destroy', NEVER, undefined]);
  return events[1] as EndEvent;
}
