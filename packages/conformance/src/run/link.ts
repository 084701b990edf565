/** What a case is played over: a transport in memory or on the network, and its time. */
import type { Role } from '../case.ts';

/** One connection to the implementation under test, from its first byte on. */
export interface Link {
  /** Returns the time in milliseconds, of whatever clock the connection lives by. */
  now(): number;
  /** Sends bytes. They need not have arrived; what cannot be sent any more is dropped without a word. */
  write(bytes: Uint8Array): Promise<void> | void;
  /** Resolves with the next bytes, or how the transport ended, or with `undefined` when neither came in time. */
  read(milliseconds: number): Promise<Uint8Array | 'end' | 'reset' | undefined>;
  /** Lets time pass, and reads nothing meanwhile. */
  pass(milliseconds: number): Promise<void>;
  /** Sends the end of our side (FIN). */
  halfClose(): void;
  /** Ends the transport at once, as a crash would. */
  drop(): void;
}

/** An implementation under test, which makes a connection for each case. */
export interface Target {
  readonly role: Role;
  /** Of a server: what the Host header field says. */
  readonly host?: string | undefined;
  /** Of a server: the target of the request. Default: `/`. */
  readonly path?: string | undefined;
  /**
   * Resolves with a connection, or rejects when there is nobody.
   *
   * @param patience multiplies how long a connection may take (default: 1)
   */
  connect(patience?: number): Promise<Link>;
}
