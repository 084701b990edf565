/** The common part of the opening handshake targets: a connection that opens, with bytes cut in any way (RFC 6455 4). */
import { permessageDeflate } from '../../../packages/core/src/deflate/index.ts';
import type { ClientOptions, Connection, ConnectionEvent } from '../../../packages/core/src/index.ts';
import { HandshakeError } from '../../../packages/core/src/rules.ts';
import { drain, join, type Summary, summarize } from '../../../packages/core/test/support.ts';
import { pako } from '../../../packages/deflate/src/index.ts';
import { bytesOf, cutBy, Input, latin1 } from '../../src/input.ts';
import { OF_COMPRESSED } from '../../src/receive/checks.ts';
import { holds, same } from '../../src/target.ts';

/** The length of the setup at the front of an input, before the head. */
const SETUP = 4;
const HEAD_SIZES = [16_384, 16_384, 200, 16] as const;

/** The handshake that an input encodes. */
export interface Script {
  /** Further settings, one bit each. */
  readonly flags: number;
  /** The options that both roles have. */
  readonly options: Pick<ClientOptions, 'heartbeat' | 'maxHeadSize' | 'maxEarlyBytes' | 'subprotocols' | 'compression'>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same bytes, cut. */
  readonly pieces: readonly Uint8Array[];
}

/** Reads an input; `flags & 1` offers or has subprotocols, `flags & 2` compression. */
export function readScript(data: Uint8Array): Script {
  const input = new Input(data);
  const flags = input.byte();
  const maxHeadSize = input.pick(HEAD_SIZES);
  const [longest, seed] = [1 + input.byte(), input.byte()];
  const bytes = input.rest();
  const options = {
    ...({ heartbeat: false, maxHeadSize, maxEarlyBytes: 64 } as const),
    ...((flags & 1) > 0 ? { subprotocols: ['chat', 'superchat'] } : {}),
    ...((flags & 2) > 0 ? { compression: permessageDeflate(pako, { level: 1, memLevel: 1 }) } : {}),
  };
  return { flags, options, bytes, pieces: cutBy(bytes, longest, seed) };
}

/** Returns the inputs for a head, the `at`th of a target, with each of these flags. */
export const scripts = (head: string, at: number, flags: readonly number[]): Uint8Array[] =>
  flags.map((each) => bytesOf(`${String.fromCharCode(each)}\0\x07${String.fromCharCode(at)}${head}`));

/** Describes an input. */
export const describeScript = (who: string, data: Uint8Array): string =>
  `${who} receives ${JSON.stringify(latin1(data.subarray(SETUP)))}\nwith setup ${[...data.subarray(0, SETUP)].join(' ')}`;

/** The outcome of a handshake. */
export interface Opening {
  readonly events: readonly ConnectionEvent[];
  readonly sent: Uint8Array;
}

const ORDER = /^(request )?(open ((text|binary|ping|pong) )*)?(close |fail )?end$/;

/**
 * Passes the parts, and the end of the transport, to a connection.
 *
 * @param decide the application's reaction to a request
 */
export function open(
  connection: Connection,
  pieces: readonly Uint8Array[],
  decide: () => void = () => undefined,
): Opening {
  const events: ConnectionEvent[] = [];
  const take = (): void => {
    for (const event of connection) {
      events.push(event);
      // The transport may have ended before the request was polled.
      if (event.type === 'request' && connection.state === 'connecting') decide();
    }
  };
  const sent = [drain(connection)];
  for (const piece of pieces) {
    connection.receive(piece);
    take();
  }
  connection.receiveEnd();
  take();
  sent.push(drain(connection));
  const types = events.map(({ type }) => type).join(' ');
  holds('the order of events is kept', ORDER.test(types), () => types);
  holds('nothing follows end', [...connection.receive(Uint8Array.of(0x81, 0))].length === 0);
  holds('the connection is closed', connection.state === 'closed' && connection.transport !== 'open');
  return { events, sent: join(sent.slice(1)) };
}

/**
 * Compares the outcomes of a handshake in two ways.
 *
 * @throws {Violation} when they differ
 */
export function sameOpening(one: readonly [string, Opening], two: readonly [string, Opening]): void {
  const [[first, whole], [second, cut]] = [one, two];
  same('any cut gives the same events', [first, summaries(whole.events)], [second, summaries(cut.events)]);
  const { extensions } = whole.events.find((event) => event.type === 'open') ?? { extensions: [] };
  if (extensions.length > 0 && whole.events.some(ofCompressed)) return;
  same('any cut gives the same answers', [first, whole.sent], [second, cut.sent]);
}

const ofCompressed = (event: ConnectionEvent): boolean =>
  event.type === 'fail' && OF_COMPRESSED.includes(event.error.rule);

/** Summarises events: the facts of the handshake, and where it failed. */
function summaries(events: readonly ConnectionEvent[]): Summary[] {
  const compresses = events.some((event) => event.type === 'open' && event.extensions.length > 0);
  return events.map((event) => {
    if (compresses && ofCompressed(event)) return ['fail', 'of a compressed payload'];
    if (event.type === 'request') return ['request', JSON.stringify(event.request)];
    if (event.type === 'open') return ['open', event.subprotocol, JSON.stringify([event.extensions, event.headers])];
    if (event.type !== 'fail' || !(event.error instanceof HandshakeError)) return summarize(event);
    const { rule, status, message, offset, response } = event.error;
    return [
      'fail',
      rule,
      status,
      message,
      offset,
      response === undefined ? '' : Buffer.from(response.body).toString('hex'),
    ];
  });
}

/**
 * Returns the header fields of a head by lower-case name, and its first line; `undefined` if the head is incomplete.
 *
 * @param isResponse whether its field lines may be folded; core refuses a request with folded lines
 */
export function readHead(
  text: string,
  isResponse = false,
): { line: string; fields: Map<string, string[]>; length: number } | undefined {
  const length = text.indexOf('\r\n\r\n');
  if (length < 0) return undefined;
  const start = text.indexOf('\r\n');
  const fieldLines = text.slice(start + 2, length);
  // RFC 9112 5.2: "A user agent that receives an obs-fold in a response message that is not within a "message/http" container MUST
  // replace each received obs-fold with one or more SP octets prior to interpreting the field value".
  const unfolded = isResponse ? fieldLines.replace(/[ \t]*\r\n[ \t]+/g, ' ') : fieldLines;
  const fields = new Map<string, string[]>();
  for (const each of unfolded.split('\r\n')) {
    const [, field = '', value = ''] = /^([^:]*):[ \t]*(.*?)[ \t]*$/s.exec(each) ?? [];
    const key = field.toLowerCase();
    fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  return { line: text.slice(0, start), fields, length: length + 4 };
}
