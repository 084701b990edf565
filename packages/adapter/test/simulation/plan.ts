// The plan of a schedule, chosen from its seed before it begins.
import { anyManner, type Manner, pick, type Random } from '@sockless/adapter/testing';
import type { Options, Subject, Way } from './subject.ts';

/** A connection under test and its surroundings. */
export interface ConnectionPlan {
  readonly way: Way;
  readonly manner: Manner;
  /** What is done to the transport before the adapter gets it. */
  readonly before: readonly string[];
  readonly connecting: boolean;
  readonly tls: boolean;
  readonly allowHalfOpen: boolean;
  /** How `createSocket` or `createConn` delivers the transport: at once, as a promise, never, or with an error. */
  readonly created: 'at once' | 'later' | 'never' | 'throws' | 'rejects' | 'at first';
  readonly reconnect: boolean;
  readonly peer: 'polite' | 'slow' | 'silent' | 'raw';
  readonly latency: number;
  readonly capacity: number;
  readonly most: number;
}

/** A schedule. */
export interface Plan {
  readonly steps: number;
  readonly options: Options;
  readonly connections: readonly ConnectionPlan[];
}

/** Short deadlines. The closing handshake's is the longest, so that a fruitless wait for it is visible. */
export const DEADLINES = {
  heartbeat: { interval: 1000, timeout: 1000 },
  idleTimeout: 4000,
  stallTimeout: 2500,
  closeTimeout: 7000,
  handshakeTimeout: 3000,
  messageProgress: { bytes: 10, within: 6000 },
} as const;

export function makePlan(random: Random, subject: Subject): Plan {
  return {
    steps: 3 + Math.floor(random() * 40),
    options: {
      ...DEADLINES,
      highWaterMark: subject.highWaterMark ?? pick(random, [65_536, 65_536, 1000, 0]),
      maxQueuedBytes: pick(random, [500_000, 2 ** 24, 30_000]),
      messages: random() < 0.1 ? 'fragments' : 'whole',
      fragmentSize: pick(random, [Infinity, Infinity, 700]),
    },
    connections: Array.from({ length: pick(random, [1, 1, 2]) }, () => makeConnection(random, subject)),
  };
}

const BEFORE = [
  'FIN',
  'RST',
  'destroy',
  'end',
  'pause',
  'read',
  'bytes',
  'fail',
  'read to the end',
  'full',
  'answering',
];

function makeConnection(random: Random, subject: Subject): ConnectionPlan {
  const way = pick(random, subject.ways);
  const connecting = subject.connects && (way === 'client' || way === 'connect') && random() < 0.4;
  return {
    way,
    manner: anyManner(random),
    before: random() < 0.7 ? [] : Array.from({ length: pick(random, [1, 1, 2]) }, () => pick(random, BEFORE)),
    connecting,
    tls: (way === 'client' || way === 'connect') && random() < 0.2,
    allowHalfOpen: way !== 'connect' || random() < 0.2,
    created: pick(random, [
      'at once',
      'at once',
      'at once',
      'later',
      'later',
      'never',
      'throws',
      'rejects',
      'at first',
    ]),
    reconnect: random() < 0.3,
    peer: pick(random, ['polite', 'polite', 'polite', 'slow', 'silent', 'raw']),
    latency: pick(random, [0, 0, 5, 40]),
    capacity: pick(random, [1000, 50_000, 200_000, 1_000_000]),
    most: pick(random, [Infinity, Infinity, 100, 5000]),
  };
}

/** Returns the kind of an error. */
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
