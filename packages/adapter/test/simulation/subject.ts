// The subject of the simulation: an adapter, and the transports for it.

import type { AdapterOptions, Handlers, ReconnectingOptions, WebSocketConnection } from '@sockless/adapter';
import type { Random, VirtualClock, WireEnd } from '@sockless/adapter/testing';
import type { Connection, ConnectionOptions, ServerOptions } from '@sockless/core';

/** How a connection under test is made. */
export type Way = 'opened' | 'server' | 'client' | 'upgrade' | 'connect';

/** A transport for the adapter, on one end of a simulated TCP connection. */
export interface Transport {
  /** The object for the adapter. */
  readonly it: unknown;
  /** Whether it is closed for good. */
  readonly isGone: boolean;
  /** The number of bytes that were written to it and not taken. */
  readonly waiting: number;
  /** Completes the connection, if it was created as connecting. */
  connected(): void;
  refused(): void;
  /** Completes its TLS handshake. */
  secured(): void;
  /** Start and stop listening to its errors, as its owner does until the adapter has it. */
  own(): void;
  disown(): void;
  /** What its owner may do to it before the adapter has it, by name. */
  readonly before: Readonly<Record<string, () => void>>;
  /** Whether it visibly has ended. */
  readonly hasEnded: boolean;
}

/** How a transport is created. */
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
  /** Whether a client may receive a transport that is still connecting. */
  readonly connects: boolean;
  readonly Connection: typeof Connection;
  /** Its high-water mark, if that is not an option. */
  readonly highWaterMark?: number | undefined;
  /** Prepares the process; returns a function that undoes it. */
  prepare?(clock: VirtualClock): () => void;
  transport(end: WireEnd, clock: VirtualClock, kind: TransportKind): Transport;
  attach(it: unknown, connection: Connection, handlers: Handlers, options: AdapterOptions): WebSocketConnection;
  upgrade?(request: string, it: unknown, head: Uint8Array, handlers: Handlers, options: Options): WebSocketConnection;
  connect(url: string, options: ReconnectingOptions, create: () => unknown, handlers: Handlers): WebSocketConnection;
}
