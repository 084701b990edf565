/** Whether the end of a connection explains what has not arrived. */

/** What is asked of the explanation of an end. */
export interface Explanation {
  readonly summary: string;
  readonly initiator: 'local' | 'remote' | 'transport';
  readonly unsentBytes: number;
}

/** What one side of a connection knows when it has ended. */
export interface Account {
  /** How many messages `send` has accepted. */
  readonly accepted: number;
  /** How many have arrived, in order and as they were sent. */
  readonly arrived: number;
  readonly explanation: Explanation;
  readonly clean: boolean;
}

/**
 * Returns what is wrong with the messages of one direction, if anything. What was accepted arrives, unless one of the two ends
 * says why it could not: the transport ended early, somebody failed the connection, bytes had not left, or the receiver had
 * sent a Close frame of its own, after which it discards what comes (RFC 6455 5.5.1).
 *
 * @param to undefined where the handshake did not get as far as that
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
