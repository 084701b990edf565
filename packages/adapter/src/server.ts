/** What servers have in common, wherever they run. */
import { type BytesLike, Connection, checkNames, type Names, type PreparedMessage } from '@sockless/core';
import type { Group, GroupSendOptions, GroupSendResult } from './group.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/** What has passed on a server so far, and what there is now. */
export interface ServerStatistics {
  /** The number of connections that have not ended, those among them that are not open yet. */
  readonly connections: number;
  /** The number of connections that are open. */
  readonly open: number;
  /** The number of connections whose request has not come or is not decided, as far as the server knows of them. */
  readonly pending: number;
  /** The number of connections that have opened, in all. */
  readonly opened: number;
  /** The number of those that have ended. */
  readonly ended: number;
  /** The number of requests that were refused: by the policy, the `request` handler or a bound. */
  readonly refused: number;
  /** The number of bytes that wait to be sent, in all connections together. */
  readonly queuedBytes: number;
  /** The number of bytes received, over all connections that there were; this and what follows is as in `ConnectionStatistics`. */
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
 * Checks how a server is to be closed, before it begins with that.
 *
 * @throws {TypeError | RangeError} when an option is unknown, or not valid
 */
export function checkCloseOptions(options: CloseOptions): void {
  checkNames(options, CLOSE_OPTIONS);
  const { code = 1001, reason, timeout = 0 } = options;
  if (!(typeof timeout === 'number' && timeout >= 0)) throw new RangeError(`timeout: a number from 0, not ${timeout}`);
  // What a Close frame may not say, one to nobody may not say either.
  Connection.opened('server').close(code, reason);
}

/** A server that listens, wherever it runs. */
export interface BaseServer<Data = unknown> extends AsyncDisposable {
  /** The connections that have not ended, those with an undecided request among them. */
  readonly connections: ReadonlySet<WebSocketConnection<Data>>;
  /** The connections that are open: from when their `open` handler is called until one side begins to close them. */
  readonly open: ReadonlySet<WebSocketConnection<Data>>;
  /** Returns the group of that name, which connections join, and leave when they end. */
  group(name: string): Group<Data>;
  /**
   * Sends a message to all open connections, as {@link Group.send} does to those of a group.
   *
   * @throws {TypeError} when `data` is neither a string nor bytes nor a prepared message, or an option is not valid
   */
  broadcast(data: string | BytesLike | PreparedMessage, options?: GroupSendOptions<Data>): GroupSendResult;
  /** Returns the open connections that were accepted with this key, `accept({ key })`, in the order in which they opened. */
  find(key: unknown): readonly WebSocketConnection<Data>[];
  /** Returns what has passed so far, and what there is now: it looks at each connection when it is called. */
  readonly statistics: ServerStatistics;
  /** The port; 0 on a Unix socket. */
  readonly port: number;
  /** Where a client on this machine finds it; the path of the socket where it listens on one. */
  readonly url: string;
  /** Listens no more, closes every connection with 1001, waits, and destroys those that do not answer. */
  close(options?: CloseOptions): Promise<void>;
}

/** Gives where a client on this machine finds a server that listens on `host`, or on all addresses. */
export function serverUrl(secure: boolean, host: string | undefined, port: number): string {
  const authority = host?.includes(':') ? `[${host}]` : (host ?? 'localhost');
  return `${secure ? 'wss' : 'ws'}://${authority}:${port}`;
}
