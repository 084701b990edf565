// A connection over a transport that has room for some bytes, and says at once what it keeps.
import { VirtualClock } from '@sockless/adapter/testing';
import { Connection, type Role } from '@sockless/core';
import { start } from '../src/delivery.ts';
import type { Driver } from '../src/driver.ts';
import type { Handlers } from '../src/handlers.ts';
import { Scope } from '../src/scope.ts';
import { WebSocketConnection } from '../src/websocket-connection.ts';

/** A transport with room for some bytes, which writes nothing else. With room for none, it throws. */
export class Room implements Driver {
  readonly socket = undefined;
  readonly queuedBytes = 0;
  destroyed = false;
  /** What was written by `flushCopies`. */
  readonly copies: Uint8Array[] = [];
  readonly #connection: Connection;
  readonly #room: number;

  constructor(connection: Connection, room: number) {
    this.#connection = connection;
    this.#room = room;
  }

  now(): number {
    return 0;
  }

  /** How often it was told to write. The rest waits. */
  flushes = 0;

  flush(): void {
    this.flushes++;
  }

  readonly passesBytesOn: boolean = true;

  flushCopies(): void {
    if (this.#room === 0) throw new Error('a broken stream');
    const copy = new Uint8Array(this.#room);
    this.copies.push(copy.subarray(0, this.#connection.transmitInto(copy, 0)));
  }

  /** The frames of prepared messages. Those longer than the room stay in part. */
  readonly frames: Uint8Array[] = [];

  writeFrame(frame: Uint8Array): boolean {
    this.frames.push(frame);
    return frame.length <= this.#room;
  }

  destroy(): void {
    this.destroyed = true;
    this.#connection.receiveEnd(0, 'destroyed');
  }
}

/** Returns an open connection whose transport has room for `room` bytes at once. */
export function open(
  room: number,
  role: Role = 'server',
  handlers: Handlers<never> = {},
  clock: VirtualClock = new VirtualClock(),
): { ws: WebSocketConnection<never>; connection: Connection; driver: Room; clock: VirtualClock } {
  const ws = new WebSocketConnection<never>(new Scope(handlers, { clock }));
  const connection = Connection.opened(role, {}, {});
  const driver = new Room(connection, room);
  start(ws, connection, driver);
  return { ws, connection, driver, clock };
}
