/**
 * The whole state of a connection, as one record. reading.ts, writing.ts and failing.ts, its transitions, read and write the fields.
 *
 * The deadlines of an open connection are part of the record, which inherits them from timers.ts, and not an object of their own: that
 * saves memory on each idle connection (benchmarks: idle). Those of the handshakes are kept by `opening` and `closing`. Only timers.ts
 * writes them.
 */
import type { Receiver } from '../receive/receiver.ts';
import type { Sender } from '../send/sender.ts';
import { Closing, type Phase } from './closing.ts';
import type { ConnectionStatistics, OpenEvent } from './events.ts';
import type { Opening } from './opening.ts';
import type { ResolvedOptions } from './resolved-options.ts';
import type { Spare } from './spare.ts';
import { Timers } from './timers.ts';

/** The state of a connection. */
export class Facts extends Timers {
  /** The options and the role, and the place from which to borrow a receiver and a sender. */
  spare: Spare;
  /** The number of bytes received in all. */
  bytesReceived = 0;
  /** The number of bytes that `transmit` has returned in all. */
  bytesSent = 0;
  /** The number of whole messages received, and sent. */
  messagesReceived = 0;
  messagesSent = 0;
  /** When the connection opened, and when the last bytes arrived, in whole milliseconds, which engines store inline (timers.ts). */
  openedAt: number | undefined = undefined;
  receivedAt: number | undefined = undefined;
  /** The opening handshake while it lasts. */
  override opening: Opening | undefined;
  /** The event `open`, until it has been polled. */
  openEvent: OpenEvent | undefined = undefined;
  /** The receiver, borrowed while there is something to parse. */
  receiver: Receiver | undefined = undefined;
  /** The sender, borrowed while there is something to transmit. */
  sender: Sender | undefined = undefined;
  /** The number of bytes that `transmit` returned and that have not been reported as written. */
  unreported = 0;
  /** Whether the caller reports with `written` what it has written. */
  reports = false;
  /** What is known of the end, once it has begun. */
  override closing: Closing | undefined = undefined;

  constructor(spare: Spare, now: number, opening: Opening | undefined) {
    super(now);
    this.spare = spare;
    this.opening = opening;
  }

  /** The options of the connection. */
  override get options(): ResolvedOptions {
    return this.spare.options;
  }

  /** The phase of the connection. */
  get phase(): Phase {
    return this.closing?.phase ?? (this.opening === undefined ? 'open' : 'connecting');
  }

  /** The numbers of bytes and messages so far. */
  get statistics(): ConnectionStatistics {
    const { openedAt, receivedAt: lastReceivedAt, bytesReceived, bytesSent, messagesReceived, messagesSent } = this;
    return { openedAt, lastReceivedAt, bytesReceived, bytesSent, messagesReceived, messagesSent };
  }

  /** The number of bytes that wait for `transmit`. */
  get queuedBytes(): number {
    return this.sender?.queuedBytes ?? 0;
  }

  /** Returns the receiver. If it must be borrowed first, it begins with the last `length` bytes received. */
  borrowReceiver(length: number): Receiver {
    if (this.receiver === undefined) {
      this.receiver = this.spare.borrowReceiver(this.bytesReceived - length);
      if (this.closing?.sent !== undefined) this.receiver.discard();
    }
    return this.receiver;
  }

  /** Returns the sender, which is borrowed if there is none yet. */
  borrowSender(): Sender {
    this.sender ??= this.spare.borrowSender();
    return this.sender;
  }

  /** Returns what is known of the end, which begins with the first call. */
  beginClosing(): Closing {
    this.closing ??= new Closing();
    return this.closing;
  }
}
