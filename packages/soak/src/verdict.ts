/** Decides whether the end of a connection explains messages that have not arrived. */

/** The parts of an explanation that are needed. */
export interface Explanation {
  readonly summary: string;
  readonly initiator: 'local' | 'remote' | 'transport';
  readonly unsentBytes: number;
}

/** The facts that one side of a connection knows when it has ended. */
export interface Account {
  /** The number of messages that `send` has accepted. */
  readonly accepted: number;
  /** The number of messages that have arrived, in order and unchanged. */
  readonly arrived: number;
  readonly explanation: Explanation;
  readonly clean: boolean;
}

/**
 * Returns what is wrong with the messages of one direction, if anything. An accepted message must arrive, unless one of the two ends
 * says why it could not: the transport ended early, one side failed the connection, bytes were not written, or the receiver had
 * sent a Close frame, after which it discards messages (RFC 6455 5.5.1).
 *
 * @param to undefined if the handshake did not get that far
 */
export function unexplained(from: Account, to: Account | undefined): string | undefined {
  const arrived = to?.arrived ?? 0;
  if (arrived > from.accepted) return `${arrived} messages arrived, and ${from.accepted} were accepted`;
  if (arrived === from.accepted) return undefined;
  const { initiator, unsentBytes } = from.explanation;
  const isSaid = !from.clean || (to !== undefined && !to.clean) || unsentBytes > 0;
  const isDiscarded = to !== undefined && to.explanation.initiator === 'local';
  if (isSaid || isDiscarded) return undefined;
  return `${from.accepted - arrived} of ${from.accepted} messages are lost, and the end (${initiator}, clean) does not say why`;
}
