/** An implementation under test: what it can do, what it does in another way, and what it makes of bytes. */

/** Who receives. */
export type Role = 'client' | 'server';

/** An event: `['text', 'Hello']`, `['ping', '01 02']`, `['close', 1000, '']`. */
export type ReceivedEvent = readonly [type: string, ...facts: (string | number | boolean)[]];

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

/** The default of every setting. */
export const PLAIN: Setting = { maxMessageSize: 2 ** 20, compression: false, fragments: false, poll: 'each chunk' };

/** What a subject has, and what it does that is correct but different. What it leaves out, it does not do. */
export interface Has {
  /** It has a limit for messages; otherwise that is 1 MiB or more. */
  readonly maxMessageSize?: boolean;
  readonly compression?: boolean;
  /** It delivers messages in parts. */
  readonly fragments?: boolean;
  /** It judges the UTF-8 of a text when the whole message is there, instead of at the first impossible byte (8.1). */
  readonly lateUtf8?: boolean;
  /** Of several Ping frames that it has not answered yet, it answers only the last (5.5.3). */
  readonly mergedPongs?: boolean;
  /** It accepts lengths in more bytes than they need (5.2 obliges the sender). */
  readonly longLengths?: boolean;
  /** It accepts the close codes 1016 to 2999, which no registry has assigned (7.4.2). */
  readonly unassignedCodes?: boolean;
  /** It fails a connection with other close codes than ours, or without a Close frame (7.1.7). */
  readonly otherCodes?: boolean;
}

/** The outcome of the bytes. */
export interface Outcome {
  /**
   * In this order: `['text', string]`, `['binary' | 'ping' | 'pong', hex]`, `['close', code, reason]`,
   * `['fail', code, …]` with further facts that must not depend on how the stream was cut, and last `['end', code, clean]`.
   * Hexadecimal digits are lower case, with a space between bytes. A Close frame without a code has 1005.
   */
  readonly events: readonly ReceivedEvent[];
  /** The bytes sent besides echoes, if the subject sends only after it has received everything. */
  readonly sent: Uint8Array | undefined;
}

/** An implementation that receives. */
export interface Subject {
  readonly name: string;
  readonly has: Has;
  /**
   * Passes the chunks to an open connection, which owns them from then on, one after the other, and then the end of the
   * transport. Settings that the subject does not have get their defaults.
   */
  play(role: Role, chunks: readonly Uint8Array[], setting: Setting): Outcome | Promise<Outcome>;
}
