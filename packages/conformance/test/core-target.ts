/** @sockless/core in memory, as a target: an echo server or client without a socket, on a clock that only moves when somebody waits. */
import { Connection, type ConnectionEvent } from '@sockless/core';
import { permessageDeflate } from '@sockless/core/deflate';
import { zlib } from '@sockless/deflate/zlib';
import type { Link, Role, Target } from '../src/index.ts';

/** Returns core in one role. */
export function coreTarget(role: Role): Target {
  return { role, connect: () => Promise.resolve(new CoreLink(role)) };
}

const OPTIONS = { compression: permessageDeflate(zlib), heartbeat: false } as const;

class CoreLink implements Link {
  readonly #connection: Connection;
  #sent: Uint8Array[] = [];
  #taken = 0;
  #now = 0;
  #halfClosed = false;
  #dropped = false;

  constructor(role: Role) {
    this.#connection =
      role === 'server'
        ? Connection.server({ ...OPTIONS, origins: 'any', subprotocols: ['chat', 'superchat'] }, 0)
        : Connection.client('ws://localhost/?case', { ...OPTIONS, subprotocols: ['chat', 'superchat'] }, 0);
    this.#drain(this.#connection);
  }

  now(): number {
    return this.#now;
  }

  write(bytes: Uint8Array): void {
    if (this.#ended || this.#halfClosed || this.#dropped) return;
    // A connection unmasks in place what it receives.
    this.#drain(this.#connection.receive(bytes.slice(), this.#now));
  }

  read(milliseconds: number): Promise<Uint8Array | 'end' | undefined> {
    const end = this.#now + milliseconds;
    while (true) {
      const bytes = this.#sent[this.#taken++];
      if (bytes !== undefined) return Promise.resolve(bytes);
      this.#sent = [];
      this.#taken = 0;
      if (this.#ended) return Promise.resolve('end');
      const { deadline } = this.#connection;
      this.#now = Math.max(this.#now, Math.min(deadline, end));
      if (deadline > end) return Promise.resolve(undefined);
      this.#drain(this.#connection.timeout(this.#now));
    }
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    while (this.#connection.deadline <= end) {
      this.#now = Math.max(this.#now, this.#connection.deadline);
      this.#drain(this.#connection.timeout(this.#now));
    }
    this.#now = end;
    await Promise.resolve();
  }

  halfClose(): void {
    if (this.#halfClosed) return;
    this.#halfClosed = true;
    this.#drain(this.#connection.receiveEnd(this.#now));
  }

  drop(): void {
    this.#dropped = true;
    this.halfClose();
  }

  get #ended(): boolean {
    return this.#connection.transport !== 'open';
  }

  #drain(events: Iterable<ConnectionEvent>): void {
    const connection = this.#connection;
    for (const event of events) {
      if (event.type === 'request') connection.accept({}, this.#now);
      else if (event.type === 'text' || event.type === 'binary') connection.send(event.data);
      this.#take();
    }
    this.#take();
  }

  #take(): void {
    for (
      let bytes = this.#connection.transmit(this.#now);
      bytes !== undefined;
      bytes = this.#connection.transmit(this.#now)
    ) {
      this.#sent.push(bytes);
      this.#connection.written(bytes.length, this.#now);
    }
  }
}
