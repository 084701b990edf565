/** How a receiver treats data frames (RFC 6455 5.4): it collects them into messages, or ignores them once we have begun to close. */
import type { BinaryEvent, FragmentEvent, TextEvent } from '../connection/events.ts';
import type { FramePart, MessageState } from '../frame/frame-reader.ts';

/** The events that data frames lead to. */
export type MessageEvent = TextEvent | BinaryEvent | FragmentEvent;

/** Takes the data frames from the receiver. */
export interface Collector extends MessageState {
  /** Whether data frames are ignored. The receiver then ignores Pong frames too. */
  readonly ignores: boolean;
  /** The offset in the stream at which the message in progress begins; -1 when there is none. */
  readonly since: number;
  /** The number of payload bytes received of the message in progress, before decompression. */
  readonly received: number;
  /**
   * Takes a part of a frame. Returns the event that it leads to, or the first of several.
   *
   * @throws {ProtocolError} `message-rate`, `byte-rate`, `inflated-rate`, `message-too-big`, `too-many-fragments`, `invalid-utf8`,
   *   `invalid-deflate`
   * @throws {TransferredError} when the application transferred or shrunk memory of the message
   */
  take(part: FramePart, now: number): MessageEvent | undefined;
  /** Returns the next event of the part taken last. Throws as {@link take} does. */
  next(now: number): MessageEvent | undefined;
}

/** Takes the place of the message in progress once we have begun to close. */
export const IGNORED: Collector = {
  ignores: true,
  inMessage: undefined,
  since: -1,
  received: 0,
  take: () => undefined,
  next: () => undefined,
};
