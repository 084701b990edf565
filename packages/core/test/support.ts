/**
 * Helpers for all tests of core: bytes as hexadecimal digits, bytes in parts, and events as short values that compare well. They
 * need no test framework and no host, since runtimes/ runs them in every runtime.
 */
import { Connection, type ConnectionEvent, type ConnectionOptions, type Role } from '../src/index.ts';
import { ProtocolError } from '../src/rules.ts';
import { decodeStrictly, join, type Summary, toHex } from './bytes.ts';

export * from './bytes.ts';

/** Asserts that bytes are those expected; of long ones it shows the place where they differ, not all of them. */
export function equalBytes(actual: Uint8Array | undefined, expected: Uint8Array, message = 'bytes'): void {
  const at = actual?.findIndex((byte, i) => byte !== expected[i]) ?? 0;
  if (actual?.length === expected.length && at < 0) return;
  const place = Math.max(0, at - 8);
  const near = (bytes: Uint8Array | undefined): string =>
    bytes === undefined ? 'none' : `${bytes.length}, from ${place} on ${toHex(bytes.subarray(place, place + 32))}`;
  throw new Error(`${message}: ${near(actual)}; expected ${near(expected)}`);
}

/** Returns all bytes that wait for `transmit`, joined. */
export function drain(outbox: { transmit(): Uint8Array | undefined }): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (let bytes = outbox.transmit(); bytes !== undefined; bytes = outbox.transmit()) parts.push(bytes);
  return join(parts);
}

/** A random source with which nothing is masked visibly, so that a client's frames can be read in a test. */
export const ZEROS = (bytes: Uint8Array): Uint8Array => bytes.fill(0);

/** A random source with which all masking keys are alike, whatever happens in between. */
export const SEVENS = (bytes: Uint8Array): Uint8Array => bytes.fill(7);

/** Returns an event as a short value, without latency, explanation and headers. */
export function summarize(event: ConnectionEvent): Summary {
  switch (event.type) {
    case 'text':
      return ['text', event.data];
    case 'binary':
    case 'ping':
    case 'pong':
      return [event.type, toHex(event.data)];
    case 'fragment':
      return ['fragment', event.opcode, toHex(event.data), event.final];
    case 'close':
      return ['close', event.code, event.reason];
    case 'fail':
      return ['fail', event.error.rule, event.error.offset];
    case 'end':
      return ['end', event.code, event.clean];
    default:
      return [event.type];
  }
}

/**
 * Joins the fragments of each message to the event that the whole message would have been. What there is of a message that
 * is never whole is left out: how much of it is delivered depends on the chunks.
 */
export function joinFragments(events: readonly ConnectionEvent[]): ConnectionEvent[] {
  let pieces: Uint8Array[] = [];
  return events.flatMap((event): ConnectionEvent[] => {
    if (event.type !== 'fragment') return [event];
    // Each part of a text consists of whole code points, so it decodes by itself.
    if (event.opcode === 1) decodeStrictly(event.data);
    pieces.push(event.data);
    if (!event.final) return [];
    const data = join(pieces);
    pieces = [];
    return [event.opcode === 1 ? { type: 'text', data: decodeStrictly(data) } : { type: 'binary', data }];
  });
}

/** What a connection made of bytes. */
export interface Outcome {
  /** All events between `open` and `end`. */
  readonly events: readonly Summary[];
  readonly end: Summary;
  /** All bytes it sent. */
  readonly sent: Uint8Array;
}

/**
 * Gives an open connection the chunks, then the end of the transport, and returns what it made of them.
 *
 * @param poll whether events are taken after each chunk or only once all have been given
 */
export function play(
  role: Role,
  chunks: readonly Uint8Array[],
  options: ConnectionOptions = {},
  poll: 'each chunk' | 'at the end' = 'each chunk',
): Outcome {
  const connection = Connection.opened(role, {}, { heartbeat: false, ...options });
  const all: ConnectionEvent[] = [];
  for (const chunk of chunks) {
    connection.receive(chunk);
    if (poll === 'each chunk') all.push(...connection);
  }
  all.push(...connection);
  const sent = drain(connection);
  all.push(...connection.receiveEnd());
  const [open, ...events] = joinFragments(all).map(summarize);
  const end = events.pop();
  if (open?.[0] !== 'open' || end?.[0] !== 'end') throw new Error(`events from "${open}" to "${end}"`);
  return { events, end, sent };
}

/** Returns what `action` throws, which must be a {@link ProtocolError}. */
export function protocolError(action: () => unknown): ProtocolError {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error('no rule was broken');
}
