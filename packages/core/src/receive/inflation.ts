/** The payload of compressed messages on its way through the transform of an extension (RFC 7692 6.2). */
import type { MessageTransform } from '../deflate/extension.ts';
import { ProtocolError } from '../rules.ts';

/**
 * The number of bytes beyond twice `maxMessageSize` that a compressed message may have on the wire. Incompressible data becomes longer by
 * far less; a message that is longer by more consists of blocks without output, which no limit of its decompressed size would end.
 */
const SLACK = 65_536;

const NOTHING = new Uint8Array(0);

/** Decompresses one message after the other. */
export class Inflation {
  readonly #transform: MessageTransform;
  readonly #limit: number;
  // The number of bytes that the message in progress has on the wire, as far as its headers have announced.
  #announced = 0;
  // What is known of the payload written last: whether there may be more to read, and whether the message ends with it.
  #written: 'nothing' | 'a part' | 'the last part' = 'nothing';

  constructor(transform: MessageTransform, maxMessageSize: number) {
    this.#transform = transform;
    this.#limit = 2 * maxMessageSize + SLACK;
  }

  /** A compressed message begins. */
  begin(): void {
    this.#announced = 0;
  }

  /**
   * Takes the length of its next frame.
   *
   * @throws {ProtocolError} `message-too-big`
   */
  announce(length: number): void {
    this.#announced += length;
    // 10.4: "MUST protect themselves against exceeding those limits"
    if (this.#announced > this.#limit) throw new ProtocolError('message-too-big');
  }

  /** Takes payload, which must not change until {@link isReading} is false. */
  write(payload: Uint8Array, isLast: boolean): void {
    this.#transform.write(payload);
    this.#written = isLast ? 'the last part' : 'a part';
  }

  /** Whether there may be more to read of the payload written last. */
  get isReading(): boolean {
    return this.#written !== 'nothing';
  }

  /** Returns the next decompressed bytes. They are borrowed: valid until the transform is used again. */
  read(): Uint8Array {
    return this.#transform.read() ?? NOTHING;
  }

  /**
   * To be called after each {@link read}: tells whether that was the end of the message.
   *
   * @throws {ProtocolError} `invalid-deflate` when the message is truncated, or goes on behind its end
   */
  hasEnded(): boolean {
    if (!this.#transform.drained) return false;
    const isLast = this.#written === 'the last part';
    this.#written = 'nothing';
    if (isLast) this.#transform.finish();
    return isLast;
  }
}
