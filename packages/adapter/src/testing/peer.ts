/** The other end of a simulated connection, in the role of another implementation: a connection of core without an adapter. */
import type { Connection, ConnectionEvent } from '@sockless/core';
import type { Clock, Timer } from '../clock.ts';
import { keyOf } from './messages.ts';
import type { WireEnd } from './wire.ts';

/** A connection of core on one end of a simulated TCP connection. */
export class WirePeer {
  /** The connection of core. */
  readonly connection: Connection;
  /** Its end of the wire. */
  readonly end: WireEnd;
  /** The messages that arrived, in the form of `keyOf`. */
  readonly received: string[] = [];
  /** Receives each event. */
  onEvent: (event: ConnectionEvent) => void = () => undefined;
  /** Whether the transport has ended at this end. */
  over = false;
  readonly #clock: Clock;
  #reads = true;
  #frozen = false;
  #rest: Uint8Array | undefined = undefined;
  #timer: Timer | undefined = undefined;

  /** Starts at once: a client sends its request. */
  constructor(end: WireEnd, connection: Connection, clock: Clock) {
    this.end = end;
    this.connection = connection;
    this.#clock = clock;
    end.onReadable = () => this.#read();
    end.onWritable = () => this.flush();
    this.flush();
  }

  /** Stops reading until `release`; it continues to write. */
  hold(): void {
    this.#reads = false;
  }

  /** Resumes reading. */
  release(): void {
    this.#reads = true;
    this.#read();
  }

  /** Stops reading and writing for good, like a process that hangs or a machine that is gone. */
  freeze(): void {
    this.#frozen = true;
    this.#clock.clearTimeout(this.#timer);
  }

  /** Closes its end of the transport, in any state of the connection. */
  destroy(): void {
    this.over = true;
    this.#clock.clearTimeout(this.#timer);
    this.end.close();
  }

  /** Sends the bytes of the connection. Call it after each command. */
  flush(): void {
    const { connection, end } = this;
    if (this.over || this.#frozen) return;
    for (const event of connection) {
      if (event.type === 'text' || event.type === 'binary') this.received.push(keyOf(event.data));
      if (event.type === 'request' && connection.state === 'connecting') connection.accept();
      this.onEvent(event);
    }
    try {
      while (true) {
        this.#rest ??= connection.transmit(this.#clock.now());
        if (this.#rest === undefined) break;
        const count = end.take(this.#rest);
        this.#rest = count < this.#rest.length ? this.#rest.subarray(count) : undefined;
        if (this.#rest !== undefined) break;
      }
      if (connection.transport === 'end' && this.#rest === undefined) end.shutdown();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (connection.transport === 'destroy') this.destroy();
    else this.#wait();
  }

  #wait(): void {
    const { deadline } = this.connection;
    this.#clock.clearTimeout(this.#timer);
    if (deadline === Infinity) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.connection.timeout(this.#clock.now());
      this.flush();
    }, deadline - this.#clock.now());
  }

  #read(): void {
    try {
      while (this.#reads && !(this.over || this.#frozen)) {
        const bytes = this.end.read(65_536);
        if (bytes === undefined) return;
        if (bytes === 'end') {
          this.connection.receiveEnd(this.#clock.now());
          this.flush();
          this.destroy();
          return;
        }
        this.connection.receive(bytes.slice(), this.#clock.now());
        this.flush();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.connection.receiveEnd(this.#clock.now(), error);
    for (const event of this.connection) this.onEvent(event);
    this.destroy();
  }
}
