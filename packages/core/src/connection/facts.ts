/**
 * All that a connection knows, as one record: plain fields, which the files of this folder read and write.
 *
 * A connection has no other state: `Connection` is its public face, opening.ts, reading.ts, writing.ts and failing.ts are its
 * transitions. The deadlines are a part of the record and not an object of their own, because there is one record for
 * each idle connection (benchmarks: idle).
 */
import type { Receiver } from '../receive/receiver.ts';
import type { Sender } from '../send/sender.ts';
import { Closing, type Phase } from './closing.ts';
import type { ConnectionStatistics, OpenEvent } from './events.ts';
import type { Opening } from './opening.ts';
import type { ResolvedOptions } from './resolved-options.ts';
import type { Spare } from './spare.ts';
import { Timers } from './timers.ts';

/** What is known of a connection, and what it holds. */
export class Facts extends Timers {
  /** The options and the role, and where a receiver and a sender are borrowed. */
  spare: Spare;
  /** The number of bytes received in all. */
  bytesReceived = 0;
  /** The number of bytes that `transmit` has returned in all. */
  bytesSent = 0;
  /** The number of whole messages received, and sent. */
  messagesReceived = 0;
  messagesSent = 0;
  /** When the connection opened, and when the last bytes arrived: whole milliseconds, which an engine keeps in place. */
  openedAt: number | undefined = undefined;
  receivedAt: number | undefined = undefined;
  /** The opening handshake while it lasts. */
  opening: Opening | undefined;
  /** The event that says that the opening handshake is complete, until it has been polled. */
  openEvent: OpenEvent | undefined = undefined;
  /** Borrowed while there is something to parse. */
  receiver: Receiver | undefined = undefined;
  /** Borrowed while there is something to transmit. */
  sender: Sender | undefined = undefined;
  /** The number of bytes that `transmit` returned and that have not been reported as written. */
  unreported = 0;
  /** Whether the caller reports what has been written. */
  reports = false;
  /** Whether the application reads no more for now. */
  paused = false;
  /** The end, once it has begun. */
  closing: Closing | undefined = undefined;

  constructor(spare: Spare, now: number, opening: Opening | undefined) {
    super(now);
    this.spare = spare;
    this.opening = opening;
  }

  /** The options of the connection. */
  override get options(): ResolvedOptions {
    return this.spare.options;
  }

  /** Where the connection is. */
  get phase(): Phase {
    return this.closing?.phase ?? (this.opening === undefined ? 'open' : 'connecting');
  }

  /** What has passed so far. */
  get statistics(): ConnectionStatistics {
    const { openedAt, receivedAt: lastReceivedAt, bytesReceived, bytesSent, messagesReceived, messagesSent } = this;
    return { openedAt, lastReceivedAt, bytesReceived, bytesSent, messagesReceived, messagesSent };
  }

  /** The number of bytes that wait for `transmit`. */
  get queuedBytes(): number {
    return this.sender?.queuedBytes ?? 0;
  }

  /** Returns the receiver; one that is borrowed for it begins with the last `length` bytes received. */
  borrowReceiver(length: number): Receiver {
    if (this.receiver === undefined) {
      this.receiver = this.spare.borrowReceiver(this.bytesReceived - length);
      if (this.closing?.sent !== undefined) this.receiver.discard();
    }
    return this.receiver;
  }

  /** Returns the sender. */
  borrowSender(): Sender {
    this.sender ??= this.spare.borrowSender();
    return this.sender;
  }

  /** The end begins, or goes on: returns what is known of it. */
  beginClosing(): Closing {
    this.closing ??= new Closing();
    return this.closing;
  }
}
