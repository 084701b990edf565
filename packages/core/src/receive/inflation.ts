/** Decompresses the payload of messages with the transform of an extension (RFC 7692 6.2). */
import type { MessageTransform } from '../deflate/extension.ts';
import { ProtocolError } from '../rules.ts';

/**
 * A compressed message may have twice `maxMessageSize` and this number of bytes on the wire. Compression never makes data that much
 * longer. A longer message consists mostly of blocks without output, which the limit of the decompressed size would never stop.
 */
const SLACK = 65_536;

const NOTHING = new Uint8Array(0);

/** Decompresses one message after the other. */
export class Inflation {
  /** Whether the message in progress is compressed. All but {@link begin} is for compressed messages only. */
  isCompressed = false;

  readonly #transform: MessageTransform;
  readonly #limit: number;
  // The length of the message in progress on the wire, as announced by its frame headers so far.
  #announced = 0;
  // The payload that is being read, and whether it is the end of its message. 'nothing' when all of it has been read.
  #written: 'nothing' | 'a part' | 'the last part' = 'nothing';

  constructor(transform: MessageTransform, maxMessageSize: number) {
    this.#transform = transform;
    this.#limit = 2 * maxMessageSize + SLACK;
  }

  /** Begins a message. */
  begin(isCompressed: boolean): void {
    this.isCompressed = isCompressed;
    this.#announced = 0;
  }

  /**
   * Takes the payload length of the next frame of the message.
   *
   * @throws {ProtocolError} `message-too-big`
   */
  announce(length: number): void {
    this.#announced += length;
    // 10.4: "MUST protect themselves against exceeding those limits"
    if (this.#announced > this.#limit) throw new ProtocolError('message-too-big');
  }

  /** Takes a part of the payload. Its bytes must not change until {@link isReading} is false. */
  write(payload: Uint8Array, isLast: boolean): void {
    this.#transform.write(payload);
    this.#written = isLast ? 'the last part' : 'a part';
  }

  /** Whether there may be more to read from the part taken last. */
  get isReading(): boolean {
    return this.#written !== 'nothing';
  }

  /** Returns the next decompressed bytes. They are valid until the transform is used again. */
  read(): Uint8Array {
    return this.#transform.read() ?? NOTHING;
  }

  /**
   * Ends the part if all of it has been read, and returns whether that was the end of the message. To be called once after each
   * {@link read}.
   *
   * @throws {ProtocolError} `invalid-deflate` when the compressed message is truncated or has bytes after its end
   */
  endPart(): boolean {
    if (!this.#transform.drained) return false;
    const isLast = this.#written === 'the last part';
    this.#written = 'nothing';
    if (isLast) this.#transform.finish();
    return isLast;
  }
}
