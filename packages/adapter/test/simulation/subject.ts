// What is put to the test: an adapter, and what it is given for a socket.

import type { AdapterOptions, Handlers, ReconnectingOptions, WebSocketConnection } from '@sockless/adapter';
import type { Random, VirtualClock, WireEnd } from '@sockless/adapter/testing';
import type { Connection, ConnectionOptions, ServerOptions } from '@sockless/core';

/** How a connection under test is made. */
export type Way = 'opened' | 'server' | 'client' | 'upgrade' | 'connect';

/** A transport of the adapter's kind, on one end of a simulated connection. */
export interface Transport {
  /** What the adapter is given. */
  readonly it: unknown;
  /** Whether it has been closed for good. */
  readonly isGone: boolean;
  /** What has been written to it and not been taken. */
  readonly waiting: number;
  /** It connects, where it was made so. */
  connected(): void;
  refused(): void;
  /** Its TLS handshake is complete. */
  secured(): void;
  /** Its owner listens to its errors, and does not any more: then the adapter has to. */
  own(): void;
  disown(): void;
  /** What its owner may do to it before an adapter has it, by name. */
  readonly before: Readonly<Record<string, () => void>>;
  /** Whether it shows now that it has ended. */
  readonly hasEnded: boolean;
}

/** What a transport is made as. */
export interface TransportKind {
  readonly connecting: boolean;
  readonly tls: boolean;
  readonly allowHalfOpen: boolean;
  readonly random: Random;
}

/** The options of connections under test. */
export type Options = Omit<ServerOptions & ConnectionOptions, 'origins'> & AdapterOptions;

/** An adapter. */
export interface Subject {
  readonly name: string;
  readonly ways: readonly Way[];
  /** Whether a client can be given a transport that is still connecting. */
  readonly connects: boolean;
  readonly Connection: typeof Connection;
  /** Its high-water mark, where that is no option. */
  readonly highWaterMark?: number | undefined;
  /** Prepares the process; returns what undoes that. */
  prepare?(clock: VirtualClock): () => void;
  transport(end: WireEnd, clock: VirtualClock, kind: TransportKind): Transport;
  attach(it: unknown, connection: Connection, handlers: Handlers, options: AdapterOptions): WebSocketConnection;
  upgrade?(request: string, it: unknown, head: Uint8Array, handlers: Handlers, options: Options): WebSocketConnection;
  connect(url: string, options: ReconnectingOptions, create: () => unknown, handlers: Handlers): WebSocketConnection;
}
