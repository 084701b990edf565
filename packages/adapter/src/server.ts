/** The parts of a server that are the same on every host. */
import { type BytesLike, Connection, checkNames, type Names, type PreparedMessage } from '@sockless/core';
import type { Group, GroupSendOptions, GroupSendResult } from './group.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/** The numbers of a server: of its connections now, and of everything that has passed so far. */
export interface ServerStatistics {
  /** The number of connections that have not ended, including those that are not open yet. */
  readonly connections: number;
  /** The number of connections that are open. */
  readonly open: number;
  /** The number of connections whose request has not arrived or is undecided, of those that the server knows. */
  readonly pending: number;
  /** The number of connections that have opened since the server started. */
  readonly opened: number;
  /** The number of those that have ended since. */
  readonly ended: number;
  /** The number of requests that were refused: by the policy, the `request` handler or a bound. */
  readonly refused: number;
  /** The number of bytes that wait to be written, over all connections. */
  readonly queuedBytes: number;
  /**
   * The number of bytes received, over all connections so far. This and the following members are the sums of
   * `ConnectionStatistics`.
   */
  readonly bytesReceived: number;
  /** The number of bytes sent. */
  readonly bytesSent: number;
  /** The number of whole messages received. */
  readonly messagesReceived: number;
  /** The number of whole messages sent. */
  readonly messagesSent: number;
}

/** How to shut a server down. */
export interface CloseOptions {
  /** The code of the Close frames. Default: 1001, going away. */
  readonly code?: number | undefined;
  /** The reason of the Close frames. Default: none. */
  readonly reason?: string | undefined;
  /** How long to wait for clients before their sockets are destroyed, in milliseconds. Default: 5,000. */
  readonly timeout?: number | undefined;
}

const CLOSE_OPTIONS: Names<CloseOptions> = { code: true, reason: true, timeout: true };

/**
 * Checks the options of `close`, before the server begins to close.
 *
 * @throws {TypeError | RangeError} when an option is unknown or not valid */
export function checkCloseOptions(options: CloseOptions): void {
  checkNames(options, CLOSE_OPTIONS);
  const { code = 1001, reason, timeout = 0 } = options;
  if (!(typeof timeout === 'number' && timeout >= 0)) throw new RangeError(`timeout: a number from 0, not ${timeout}`);
  // Closing a throwaway connection makes core check the code and reason.
  Connection.opened('server').close(code, reason);
}

/** A server that listens, on any host. */
export interface BaseServer<Data = unknown> extends AsyncDisposable {
  /** The connections that have not ended, including those with an undecided request. */
  readonly connections: ReadonlySet<WebSocketConnection<Data>>;
  /** The connections that are open: from the call of their `open` handler until one side begins to close them. */
  readonly open: ReadonlySet<WebSocketConnection<Data>>;
  /** Returns the group of that name. Connections join it, and leave it when they end. */
  group(name: string): Group<Data>;
  /**
   * Sends a message to all open connections, as {@link Group.send} does to the members of a group.
   *
   * @throws {TypeError} when `data` is neither a string nor bytes nor a prepared message, or an option is not valid
   */
  broadcast(data: string | BytesLike | PreparedMessage, options?: GroupSendOptions<Data>): GroupSendResult;
  /** Returns the open connections that were accepted with `accept({ key })`, in the order in which they opened. */
  find(key: unknown): readonly WebSocketConnection<Data>[];
  /** The statistics so far. Reading them visits every connection. */
  readonly statistics: ServerStatistics;
  /** The port; 0 on a Unix socket. */
  readonly port: number;
  /** The URL for a client on this machine; the path of the socket if it listens on a Unix socket. */
  readonly url: string;
  /**
   * Stops listening, closes every connection with 1001, waits for their ends and for those of refused clients, and
   * destroys those that do not answer in time.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** Returns the URL for a client on this machine of a server that listens on `host`, or on all addresses. */
export function serverUrl(secure: boolean, host: string | undefined, port: number): string {
  const authority = host?.includes(':') ? `[${host}]` : (host ?? 'localhost');
  return `${secure ? 'wss' : 'ws'}://${authority}:${port}`;
}
