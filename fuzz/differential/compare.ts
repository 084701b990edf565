/** Passes one input to all implementations and finds where they disagree. */
import type { Role } from '../../packages/core/src/index.ts';
import { decodeFrames, encodeFrame } from '../../packages/core/test/reference.ts';
import { concat, join, toHex } from '../../packages/core/test/support.ts';
import type { Implementation, Outcome } from './outcome.ts';

/** Bytes for an open connection. */
export interface Input {
  readonly role: Role;
  readonly chunks: readonly Uint8Array[];
  /** The longest message, in bytes. */
  readonly limit: number;
}

/** A case where a peer's outcome differs from ours. */
export interface Disagreement {
  readonly peer: string;
  readonly input: Input;
  readonly ours: Outcome;
  readonly theirs: Outcome;
  /** The peer's outcome once the frame and the message at the end of the bytes have been completed. */
  readonly completed: Outcome;
}

/** Returns the disagreements with each of the peers that have the role. */
export async function compare(
  ours: Implementation,
  peers: readonly Implementation[],
  input: Input,
): Promise<Disagreement[]> {
  const { role, chunks, limit } = input;
  const outcome = await ours.receive(role, chunks, limit);
  const found: Disagreement[] = [];
  for (const peer of peers) {
    const { name, roles } = peer;
    if (!roles.includes(role)) continue;
    const theirs = await peer.receive(role, chunks, limit);
    const seen: Outcome = { ...outcome, events: outcome.events.map((event) => peer.sees?.(event) ?? event) };
    if (seen.verdict !== theirs.verdict || JSON.stringify(seen.events) !== JSON.stringify(theirs.events)) {
      const completed =
        typeof theirs.verdict === 'string'
          ? await peer.receive(role, [...chunks, completion(join(chunks), role)], limit)
          : theirs;
      found.push({ peer: name, input, ours: seen, theirs, completed });
    }
  }
  return found;
}

/** The longest payload that is completed, in bytes. */
const MOST = 2 ** 22;

/** Completes the frame and the message at the end of the bytes, with zeros and an empty fragment. */
function completion(bytes: Uint8Array, role: Role): Uint8Array {
  const mask = role === 'server' ? 0x80 : 0;
  const { frames, rest } = decodeFrames(bytes);
  const begun = bytes.slice(bytes.length - rest);
  // This many zeros complete any header, which then tells how long the frame is.
  const header = concat(begun, begun.length === 1 ? Uint8Array.of(mask) : NOTHING, new Uint8Array(14));
  const code = (header[1] as number) & 0x7f;
  const view = new DataView(header.buffer);
  const length = code === 126 ? view.getUint16(2) : code === 127 ? Number(view.getBigUint64(2)) : code;
  const head = 2 + (code === 126 ? 2 : code === 127 ? 8 : 0) + ((header[1] as number) & 0x80 ? 4 : 0);
  const size = head + (length > MOST ? 0 : length);
  if (rest > size) return NOTHING;
  const missing = rest === 0 ? NOTHING : concat(header, new Uint8Array(size)).slice(rest, size);
  const all = rest === 0 ? frames : decodeFrames(concat(bytes, missing)).frames;
  const last = all.findLast(({ opcode }) => opcode < 8);
  const end =
    last?.fin === false ? encodeFrame({ opcode: 0, key: role === 'server' ? [0, 0, 0, 0] : undefined }) : NOTHING;
  return concat(missing, end);
}

const NOTHING = new Uint8Array(0);

/** Describes a disagreement. */
export function transcript({ peer, input, ours, theirs }: Disagreement): string {
  return [
    `sockless and ${peer} disagree, as a ${input.role} that accepts messages of ${input.limit} bytes`,
    ...input.chunks.map((chunk) => `  < ${cut(toHex(chunk))}`),
    `  sockless: ${describe(ours)}`,
    `  ${peer}: ${describe(theirs)}`,
  ].join('\n');
}

function describe({ events, verdict, why }: Outcome): string {
  const reason = why === undefined ? '' : ` (${why})`;
  return `${events.map((event) => `${cut(JSON.stringify(event))} `).join('')}→ ${verdict}${reason}`;
}

const cut = (text: string): string => (text.length <= 400 ? text : `${text.slice(0, 400)}… ${text.length} characters`);
