/**
 * The subject of the targets receive-server and receive-client: by default core's `Connection`, and with a few lines
 * any other implementation, adapter or runtime (fuzz/README.md).
 */
import v8 from 'node:v8';
import { type DeflateAgreement, DeflateTransform } from '../../../packages/core/src/deflate/index.ts';
import { Connection, type ConnectionEvent, PROTOCOL_RULES, type Role } from '../../../packages/core/src/index.ts';
import { ProtocolError } from '../../../packages/core/src/rules.ts';
import { drain, joinFragments, SEVENS, type Summary, summarize } from '../../../packages/core/test/support.ts';
import { pako } from '../../../packages/deflate/src/index.ts';
import { holds } from './target.ts';

/** The options of a connection, and how it is read. */
export interface Setting {
  /** In bytes. */
  readonly maxMessageSize: number;
  /** Whether permessage-deflate is agreed on, with windows of 2^15 bytes that are kept. */
  readonly compression: boolean;
  /** Whether messages are delivered in parts as they arrive; the subject joins them. */
  readonly fragments: boolean;
  /** When the application takes its events. */
  readonly poll: 'each chunk' | 'at the end';
}

/** The outcome of the bytes. */
export interface Outcome {
  /**
   * In this order: `['text', string]`, `['binary' | 'ping' | 'pong', hex]`, `['close', code, reason]`,
   * `['fail', code, …]` with further facts that must not depend on how the stream was cut, and last `['end', code, clean]`.
   * Hexadecimal digits are lower case, with a space between bytes.
   */
  readonly events: readonly Summary[];
  /** The bytes sent, if the subject sends only after it has received everything. */
  readonly sent: Uint8Array | undefined;
}

/** An implementation that receives. */
export interface Subject {
  readonly name: string;
  /** The settings that it supports; for the others `play` gets the default. */
  readonly has: Readonly<Record<'maxMessageSize' | 'compression' | 'fragments', boolean>>;
  /**
   * Passes the chunks to an open connection, which owns them from then on, one after the other, and then the end of the
   * transport.
   */
  play(role: Role, chunks: readonly Uint8Array[], setting: Setting): Outcome | Promise<Outcome>;
}

/** The default of every setting. */
export const PLAIN: Setting = { maxMessageSize: 2 ** 20, compression: false, fragments: false, poll: 'each chunk' };

const AGREEMENT: DeflateAgreement = {
  ...{ serverNoContextTakeover: false, clientNoContextTakeover: false },
  ...{ serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
};

/** Rules of a compressed payload; which of them breaks first depends on how much is inflated at once. */
export const OF_COMPRESSED: readonly unknown[] = ['message-too-big', 'invalid-utf8', 'invalid-deflate'];

/** Returns an open connection of core. */
export function openConnection(role: Role, setting: Setting, more: object = {}): Connection {
  const { maxMessageSize, compression, fragments } = setting;
  const options = { level: 1, memLevel: 1, threshold: 0 };
  const transform = compression ? new DeflateTransform(role, AGREEMENT, pako, options) : undefined;
  const messages = fragments ? 'fragments' : 'whole';
  return Connection.opened(role, { transform }, { random: SEVENS, maxMessageSize, messages, ...more });
}

/** How much memory outside the heap may grow, besides a multiple of the bytes received and sent: pools and windows. */
const MEMORY = 2 ** 20;

/** The default subject. */
export const core: Subject = {
  name: '@sockless/core',
  has: { maxMessageSize: true, compression: true, fragments: true },
  play(role, chunks, setting) {
    const before = v8.getHeapStatistics().external_memory;
    const connection = openConnection(role, setting, { heartbeat: false });
    const all: ConnectionEvent[] = [];
    let received = 0;
    for (const chunk of chunks) {
      received += chunk.length;
      connection.receive(chunk);
      if (setting.poll === 'each chunk') all.push(...connection);
    }
    all.push(...connection.receiveEnd());
    holds('nothing follows end', [...connection.receive(Uint8Array.of(0x81, 0))].length === 0);
    const sent = drain(connection);
    const delivered = all.reduce((sum, event) => sum + ('data' in event ? event.data.length : 0), 0);
    const grown = v8.getHeapStatistics().external_memory - before;
    const bound = MEMORY + 16 * (received + delivered);
    holds('memory follows the bytes received', grown <= bound, () => `${grown} bytes for ${received} received`);
    const [open, ...events] = joinFragments(all);
    holds('the first event is open', open?.type === 'open');
    return { events: events.map(summary), sent };
  },
};

/** Summarises an event. A failure begins with its code, which every implementation has. */
function summary(event: ConnectionEvent): Summary {
  if (event.type !== 'fail') return summarize(event);
  const { error } = event;
  holds('an open connection fails with a ProtocolError', error instanceof ProtocolError);
  holds('a failure has the code of its rule', error.code === PROTOCOL_RULES[error.rule].code);
  return ['fail', error.code, error.rule, error.offset];
}
