/**
 * Round trips at a fixed rate. Message k is due at k / rate, whether earlier ones have been answered or not, and its round trip
 * begins when it is due, not when it is written. So a server that stops for a moment is charged for every message that
 * would have been answered meanwhile (the error of waiting instead is known as coordinated omission).
 */
import { performance } from 'node:perf_hooks';
import { percentile } from '../method.ts';
import type { Frames } from './frames.ts';

/** Asks to send messages at a fixed rate on the connections that were prepared, one after the other. */
export interface PacedQuestion {
  readonly type: 'paced';
  /** Messages per second, on all connections together. */
  readonly rate: number;
  readonly milliseconds: number;
}

/** Round trips in nanoseconds. */
export interface RoundTrips {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly 'p99.9': number;
}

/** The part of a connection that is needed. */
export interface PacedClient {
  readonly socket: { write(bytes: Buffer): unknown };
  onBytes: (length: number, bytes: Uint8Array) => void;
  onEnd: (error: Error) => void;
}

/** What passes the time: replaced in tests. */
export interface Pacer {
  /** Returns milliseconds. */
  now(): number;
  /** Calls back soon, after sockets have been read. */
  next(callback: () => void): void;
}

/** Timers have a resolution of a millisecond, so this keeps a core busy. */
const REAL: Pacer = { now: () => performance.now(), next: (callback) => void setImmediate(callback) };

/** Sends messages for some time and resolves when all have been answered. */
export function paced(
  clients: readonly PacedClient[],
  { masked, echoLength }: Frames,
  { rate, milliseconds }: Omit<PacedQuestion, 'type'>,
  pacer: Pacer = REAL,
): Promise<RoundTrips> {
  const total = Math.max(1, Math.round((milliseconds / 1000) * rate));
  const times = new Float64Array(total);
  const start = pacer.now();
  const dueAt = (message: number): number => start + (message * 1000) / rate;
  let sent = 0;
  let answered = 0;
  return new Promise((resolve, reject) => {
    for (const [first, client] of clients.entries()) {
      // Messages go round the connections, so the echoes on this one are those of every so manieth message.
      let message = first;
      let partial = 0;
      client.onEnd = reject;
      client.onBytes = (length) => {
        partial += length;
        for (; partial >= echoLength; partial -= echoLength) {
          if (message >= sent) {
            reject(new Error('the echo is longer than the messages'));
            return;
          }
          times[message] = pacer.now() - dueAt(message);
          message += clients.length;
          if (++answered === total) resolve(roundTrips(times));
        }
      };
    }
    const send = (): void => {
      for (; sent < total && dueAt(sent) <= pacer.now(); sent++) {
        clients[sent % clients.length]?.socket.write(masked[1] as Buffer);
      }
      if (sent < total) pacer.next(send);
    };
    send();
  });
}

function roundTrips(times: Float64Array): RoundTrips {
  const sorted = [...times].map((milliseconds) => milliseconds * 1e6);
  const [p50 = 0, p99 = 0, most = 0] = [0.5, 0.99, 0.999].map((part) => percentile(sorted, part));
  return { count: times.length, p50, p99, 'p99.9': most };
}
