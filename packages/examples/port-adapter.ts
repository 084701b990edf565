/**
 * A complete adapter of your own: WebSocket over a MessagePort, with everything that `@sockless/node` has over a socket. Ports take
 * everything at once and do not report their end, so each side sends how many bytes it has read, and that it ends.
 */
import {
  type AdapterOptions,
  type Driver,
  type Handlers,
  proceed,
  Scope,
  type Sleeper,
  start,
  WebSocketConnection,
  work,
} from '@sockless/adapter';
import type { Connection } from '@sockless/core';

/** Bytes; or the number of bytes that were read; or the end of one direction. */
type Message = Uint8Array | number | 'end';

/** The most bytes on their way: few enough that progress shows that the other side reads. */
const WINDOW = 262_144;

/** Runs a connection over a port; the other port belongs to the other end. */
export function attach(
  port: MessagePort,
  connection: Connection,
  handlers: Handlers,
  options: AdapterOptions = {},
): WebSocketConnection {
  const scope = new Scope(handlers, options);
  const ws = new WebSocketConnection(scope);
  start(ws, connection, new PortDriver(port, connection, ws, scope));
  return ws;
}

class PortDriver implements Driver, Sleeper {
  wakeAt = 0;
  alarm = 0;
  queuedBytes = 0;
  readonly socket: MessagePort;
  readonly #connection: Connection;
  readonly #ws: WebSocketConnection;
  readonly #scope: Scope;
  readonly #start: number;
  /** Chunks that wait because the application has paused. */
  readonly #arrived: (Uint8Array | 'end')[] = [];
  #reading = false;
  #ended = false;
  #peerEnded = false;
  #closed = false;

  constructor(port: MessagePort, connection: Connection, ws: WebSocketConnection, scope: Scope) {
    this.socket = port;
    this.#connection = connection;
    this.#ws = ws;
    this.#scope = scope;
    this.#start = Math.floor(scope.clock.now());
    connection.written(0, 0);
    port.addEventListener('close', () => this.#close());
    port.onmessage = ({ data }: MessageEvent<Message>) => {
      if (this.#closed) return;
      if (typeof data === 'number') this.#left(data);
      else {
        this.#arrived.push(data);
        this.#read();
      }
    };
  }

  now(): number {
    return this.#scope.clock.now() - this.#start;
  }

  flush(): void {
    const connection = this.#connection;
    while (!(this.#closed || this.#ended) && this.queuedBytes < WINDOW) {
      const bytes = connection.transmit(this.now(), WINDOW - this.queuedBytes);
      if (bytes === undefined) break;
      this.queuedBytes += bytes.length;
      // Posts a copy, because a lent payload remains the application's.
      const copy = bytes.slice();
      this.socket.postMessage(copy, [copy.buffer]);
    }
    if (connection.transport === 'destroy') this.#close();
    if (connection.transport === 'end' && !(this.#closed || this.#ended)) {
      this.#ended = true;
      this.socket.postMessage('end' satisfies Message);
      if (this.#peerEnded) this.#close();
    }
    this.#read();
    if (!this.#closed) this.#scope.alarms.follow(this, connection, this.#start);
  }

  wake(): void {
    this.#connection.timeout(this.now());
    this.#scope.run(work, this.#ws as WebSocketConnection<never>);
    this.flush();
  }

  destroy(): void {
    this.#letGo('terminate was called');
    this.#connection.close();
  }

  /** Reads the chunks that have arrived, unless the application has paused. */
  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    const connection = this.#connection;
    for (let first = this.#arrived[0]; first !== undefined && !connection.paused; first = this.#arrived[0]) {
      this.#arrived.shift();
      if (first === 'end') {
        this.#peerEnded = true;
        connection.receiveEnd(this.now());
      } else {
        if (!this.#closed) this.socket.postMessage(first.length satisfies Message);
        connection.receive(first, this.now());
      }
      this.#scope.run(work, this.#ws as WebSocketConnection<never>);
    }
    this.#reading = false;
    if (this.#peerEnded && this.#ended) this.#close();
  }

  /** Handles the report that the other side has read this many bytes. */
  #left(count: number): void {
    this.queuedBytes -= count;
    this.#connection.written(count, this.now());
    this.#scope.run(() => proceed(this.#ws, this, count), undefined);
  }

  /** Handles the end of the port, whichever side closed it. */
  #close(): void {
    if (this.#closed) return;
    this.#letGo(undefined);
    // A paused connection would hold back the `end` event.
    this.#connection.resume(this.now());
    this.#scope.run(work, this.#ws as WebSocketConnection<never>);
  }

  #letGo(cause: unknown): void {
    this.#closed = true;
    this.#scope.alarms.clear(this);
    this.socket.close();
    this.#connection.receiveEnd(this.now(), cause);
  }
}
