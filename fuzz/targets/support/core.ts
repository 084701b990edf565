/** Core's `Connection` as the subject of the targets receive-server and receive-client. */
import v8 from 'node:v8';
import { type DeflateAgreement, DeflateTransform } from '../../../packages/core/src/deflate/index.ts';
import { Connection, type ConnectionEvent, PROTOCOL_RULES, type Role } from '../../../packages/core/src/index.ts';
import { ProtocolError } from '../../../packages/core/src/rules.ts';
import { drain, joinFragments, SEVENS, type Summary, summarize } from '../../../packages/core/test/support.ts';
import { pako } from '../../../packages/deflate/src/index.ts';
import type { Setting, Subject } from '../../src/receive/subject.ts';
import { holds } from '../../src/target.ts';

const AGREEMENT: DeflateAgreement = {
  ...{ serverNoContextTakeover: false, clientNoContextTakeover: false },
  ...{ serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
};

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

/** Core, with everything that it has. */
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
