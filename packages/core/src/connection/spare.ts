/**
 * Keeps a receiver and a sender for the next connection that needs one, so that an idle connection needs neither (benchmarks: idle).
 *
 * Between two messages all receivers with the same options and role are alike, and so are all senders with nothing to transmit. So a
 * connection borrows them when it has something to do, and returns them when it is idle.
 */
import type { MessageTransform } from '../deflate/extension.ts';
import { Receiver } from '../receive/receiver.ts';
import { Sender } from '../send/sender.ts';
import type { Role } from './options.ts';
import { ResolvedOptions } from './resolved-options.ts';

/** Shared by connections with the same options and role. A connection that compresses has one of its own. */
export class Spare {
  /** The options of these connections. */
  readonly options: ResolvedOptions;
  /** The role of these connections. */
  readonly role: Role;
  /** The transform of the one connection that uses this, if that compresses. */
  readonly transform: MessageTransform | undefined;
  #receiver: Receiver | undefined = undefined;
  #sender: Sender | undefined = undefined;

  /** @throws {TypeError} when a client has no source of random bytes */
  constructor(options: ResolvedOptions, role: Role, transform?: MessageTransform) {
    if (role === 'client' && options.random === undefined) {
      throw new TypeError(
        'random: a client needs this option, a function that fills a Uint8Array, because this host has no ' +
          'crypto.getRandomValues (RFC 6455 section 5.3)',
      );
    }
    this.options = options;
    this.role = role;
    this.transform = transform;
  }

  /** Returns a receiver for the frames that begin at `offset` in the stream. */
  borrowReceiver(offset: number): Receiver {
    const receiver = this.#receiver ?? new Receiver(this.options, this.role === 'server', this.transform);
    this.#receiver = undefined;
    receiver.begin(offset);
    return receiver;
  }

  /** Takes a receiver back, which keeps no state of its connection. */
  returnReceiver(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  /** Returns a sender with nothing to transmit. */
  borrowSender(): Sender {
    let sender = this.#sender;
    this.#sender = undefined;
    if (sender === undefined) {
      sender = new Sender(this.options, this.role === 'client');
      sender.use(this.transform);
    }
    return sender;
  }

  /** Takes a sender back. Returns false, and does not take it, while it keeps state of its connection. */
  returnSender(sender: Sender): boolean {
    if (!sender.isIdle) return false;
    this.#sender = sender;
    return true;
  }
}

/** The spares of options that were resolved once for many connections. */
const shared: Readonly<Record<Role, WeakMap<ResolvedOptions, Spare>>> = {
  client: new WeakMap(),
  server: new WeakMap(),
};

/**
 * Returns the spare of a connection. Connections with the same resolved options and role share one; options that are
 * resolved here are for this connection only.
 *
 * @throws {TypeError | RangeError} when an option is not valid, or a client has no source of random bytes
 */
export function spareOf<Options extends object>(
  options: Options | ResolvedOptions,
  role: Role,
  resolve: (options: Options) => ResolvedOptions,
): Spare {
  if (!(options instanceof ResolvedOptions)) return new Spare(resolve(options), role);
  let spare = shared[role].get(options);
  if (spare === undefined) {
    spare = new Spare(options, role);
    shared[role].set(options, spare);
  }
  return spare;
}
