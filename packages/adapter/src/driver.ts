/** What an adapter writes for its kind of transport. */

/** What moves the bytes of a connection. */
export interface Driver {
  /** What the bytes go through; undefined until it is there. */
  readonly socket: unknown;
  /** How many bytes it holds that the operating system has not taken. */
  readonly queuedBytes: number;
  /** The address of the peer, where the transport has one and still knows it. */
  readonly remoteAddress?: string | undefined;
  /** Returns the time of the connection, in milliseconds. */
  now(): number;
  /** Writes what the connection transmits, and does as its `transport`, `paused` and `deadline` say. */
  flush(): void;
  /** The application waits until all has left: `proceed` has to follow when it has. Default: it does so always. */
  watch?(): void;
  /** Ends the transport at once, and with it the connection. */
  destroy(): void;
}
