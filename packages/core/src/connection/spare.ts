/**
 * The receiver and the sender that idle connections have no use for, and that the next busy one takes.
 *
 * Between two messages all receivers with the same options and role are alike, and so are all senders with nothing to
 * transmit. So a connection borrows them when it has something to do, and gives them back when it is idle; of those given
 * back one is kept. An idle connection has neither (benchmarks: idle).
 */
import type { MessageTransform } from '../deflate/extension.ts';
import { Receiver } from '../receive/receiver.ts';
import { Sender } from '../send/sender.ts';
import type { Role } from './options.ts';
import { ResolvedOptions } from './resolved-options.ts';

/** What connections with the same options and role share. One that compresses shares with no other. */
export class Spare {
  /** The options of each of these connections. */
  readonly options: ResolvedOptions;
  /** Which end of its connection each of them is. */
  readonly role: Role;
  /** What compresses the messages of the one connection that this is for, if it is for one that compresses. */
  readonly transform: MessageTransform | undefined;
  #receiver: Receiver | undefined = undefined;
  #sender: Sender | undefined = undefined;

  /** @throws {TypeError} when a client has no source of random bytes */
  constructor(options: ResolvedOptions, role: Role, transform?: MessageTransform) {
    if (role === 'client' && options.random === undefined) {
      throw new TypeError(
        'a client needs the option "random", which fills a Uint8Array, where there is no crypto.getRandomValues ' +
          '(RFC 6455 section 5.3)',
      );
    }
    this.options = options;
    this.role = role;
    this.transform = transform;
  }

  /** Returns a receiver for frames that begin at `offset` in the stream. */
  borrowReceiver(offset: number): Receiver {
    const receiver = this.#receiver ?? new Receiver(this.options, this.role === 'server', this.transform);
    this.#receiver = undefined;
    receiver.begin(offset);
    return receiver;
  }

  /** Takes a receiver back; false when it knows something of its connection, which keeps it then. */
  returnReceiver(receiver: Receiver): boolean {
    if (!receiver.isAtRest) return false;
    this.#receiver ??= receiver;
    return true;
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

  /** Takes a sender back; false when it knows something of its connection, which keeps it then. */
  returnSender(sender: Sender): boolean {
    if (!sender.isAtRest) return false;
    this.#sender ??= sender;
    return true;
  }
}

/** The spares of options that have been resolved once for many connections. */
const shared: Readonly<Record<Role, WeakMap<ResolvedOptions, Spare>>> = {
  client: new WeakMap(),
  server: new WeakMap(),
};

/**
 * Returns what a connection shares with all others that have the same resolved options and role. What is resolved here
 * is for one connection alone.
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
