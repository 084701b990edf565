/** The interface that an adapter implements for its kind of transport. */

/** Moves the bytes of a connection. */
export interface Driver {
  /** The transport; undefined until it exists. */
  readonly socket: unknown;
  /** The number of bytes that it holds and the operating system has not taken. */
  readonly queuedBytes: number;
  /** The address of the peer, if the transport has one and still knows it. */
  readonly remoteAddress?: string | undefined;
  /** Returns the milliseconds since the connection's time began. */
  now(): number;
  /** Writes the bytes that the connection transmits, then follows its `transport`, `paused` and `deadline`. */
  flush(): void;
  /**
   * Whether the transport can be written to, holds nothing of the driver's, and tells after each write whether it keeps
   * bytes. To write to it calls no code of the application. Omit this if it never does.
   */
  readonly passesBytesOn?: boolean;
  /**
   * Writes while {@link passesBytesOn}. The transport is given copies only, so what has been written is not borrowed any
   * more: a long message can leave while `send` runs, and only the rest of it needs new memory.
   */
  flushCopies?(): void;
  /**
   * Writes the frame of a prepared message, which other drivers write too, and returns whether all of it has left. It is
   * called only while {@link passesBytesOn}. The connection counts the frame as transmitted: report to it what has been
   * written (`written`). If some of it stays, `flush` follows; if not, nothing does.
   */
  writeFrame?(frame: Uint8Array): boolean;
  /**
   * The application waits until everything has been written: call `proceed` when it has. Omit this if the driver calls
   * `proceed` anyway.
   */
  watch?(): void;
  /** Ends the transport at once, and with it the connection. */
  destroy(): void;
}
