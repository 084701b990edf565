/** Decompresses the payload of messages with the transform of an extension (RFC 7692 6.2). */
import type { MessageTransform } from '../deflate/extension.ts';
import { ProtocolError } from '../rules.ts';

/**
 * The payload of a compressed message may take twice `maxMessageSize` plus this number of bytes on the wire, and {@link PER_FRAME} for each
 * frame. Compression never makes a message that much longer. A longer one consists mostly of overhead, such as blocks without output,
 * which the limit of the decompressed size would never stop.
 */
const SLACK = 65_536;

/**
 * A sender completes and flushes a block at the end of each fragment, so a fragment with one byte of the message has a payload of about
 * seven bytes. Sixteen leaves room.
 */
const PER_FRAME = 16;

const NOTHING = new Uint8Array(0);

/** Decompresses one message after the other. */
export class Inflation {
  /**
   * Whether the message in progress is compressed. Only then may `announce`, `write`, `read` and `endPart` be called; {@link isReading} is
   * false for any other message.
   */
  isCompressed = false;

  readonly #transform: MessageTransform;
  readonly #maxMessageSize: number;
  // The payload length of the message in progress on the wire, as announced by its frame headers so far, and the number of its frames.
  #announced = 0;
  #frames = 0;
  // What of the message has been written to the transform and is being read from it.
  #written: 'nothing' | 'a part' | 'the last part' = 'nothing';

  constructor(transform: MessageTransform, maxMessageSize: number) {
    this.#transform = transform;
    this.#maxMessageSize = maxMessageSize;
  }

  /** Begins a message. */
  begin(isCompressed: boolean): void {
    this.isCompressed = isCompressed;
    this.#announced = this.#frames = 0;
  }

  /**
   * Takes the payload length of the next frame of the message.
   *
   * @throws {ProtocolError} `message-too-big`
   */
  announce(length: number): void {
    this.#announced += length;
    this.#frames++;
    const max = this.#maxMessageSize;
    // A message of `max` bytes has at most `max` fragments that are not empty, so further frames get no more room.
    const limit = 2 * max + SLACK + PER_FRAME * Math.min(this.#frames, max);
    // 10.4: "MUST protect themselves against exceeding those limits"
    if (this.#announced > limit) throw new ProtocolError('message-too-big');
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

  /**
   * Returns the next decompressed bytes. They are valid until the transform is used again.
   *
   * @throws {ProtocolError} `invalid-deflate`
   */
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
