// The driver of README.md, on one end of a simulated TCP connection, with faults if a test asks for them.
import { type Driver, proceed, Scope, type Sleeper, start, WebSocketConnection, work } from '@sockless/adapter';
import { type Opened, type Opening, WireEnd } from '@sockless/adapter/testing';
import { Connection, type ConnectionOptions } from '@sockless/core';

/** The faults that an adapter may have. */
export type Wrong = 'nothing' | 'forgets to proceed' | 'leaves a timer' | 'cuts what it sends' | 'loses messages';

class WireDriver implements Driver, Sleeper {
  wakeAt = 0;
  alarm = 0;
  readonly socket: WireEnd;
  readonly #connection: Connection;
  readonly #ws: WebSocketConnection<never>;
  readonly #scope: Scope<never>;
  readonly #wrong: Wrong;
  #rest: Uint8Array = new Uint8Array(0);
  #over = false;

  constructor(end: WireEnd, connection: Connection, ws: WebSocketConnection<never>, scope: Scope<never>, wrong: Wrong) {
    this.socket = end;
    this.#connection = connection;
    this.#ws = ws;
    this.#scope = scope;
    this.#wrong = wrong;
    connection.written(0, 0);
    const again = (): void => void scope.clock.setTimeout(again, 1000);
    if (wrong === 'leaves a timer') again();
    end.onReadable = () => this.#read();
    end.onWritable = () => {
      const before = this.#rest.length;
      this.flush();
      const left = before - this.#rest.length;
      if (wrong !== 'forgets to proceed' && left > 0) proceed(ws, this, left);
    };
  }

  get queuedBytes(): number {
    return this.#rest.length;
  }

  now(): number {
    return this.#scope.clock.now() - 1000;
  }

  flush(): void {
    const connection = this.#connection;
    try {
      while (!this.#over) {
        if (this.#rest.length === 0) this.#rest = connection.transmit(this.now(), 65_536) ?? this.#rest;
        if (this.#rest.length === 0) break;
        const count = this.socket.take(this.#rest);
        if (count === 0) break;
        connection.written(count, this.now());
        this.#rest = this.#rest.subarray(this.#wrong === 'cuts what it sends' && count > 5000 ? count + 1 : count);
      }
      if (connection.transport === 'end' && !this.#over && this.#rest.length === 0) this.socket.shutdown();
    } catch (error) {
      this.#close(error);
    }
    if (connection.transport === 'destroy') this.#close(undefined);
    if (!connection.paused) this.#read();
    if (connection.deadline !== Infinity && !this.#over) this.#scope.alarms.set(this, 1000 + connection.deadline);
  }

  wake(): void {
    this.#connection.timeout(this.now());
    work(this.#ws);
    this.flush();
  }

  destroy(): void {
    this.#close('terminate was called');
    this.#connection.close();
  }

  #read(): void {
    try {
      while (!(this.#over || this.#connection.paused)) {
        const bytes = this.socket.read(65_536);
        if (bytes === undefined) return;
        if (bytes !== 'end') {
          this.#connection.receive(bytes.slice(), this.now());
          work(this.#ws);
        } else {
          this.#close(undefined);
          return;
        }
      }
    } catch (error) {
      this.#close(error);
    }
  }

  #close(cause: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.socket.close();
    this.#scope.alarms.clear(this);
    this.#connection.receiveEnd(this.now(), cause);
    this.#connection.resume(this.now());
    work(this.#ws);
  }
}

/** Starts a connection on one end of a simulated TCP connection. */
export function attach(
  end: WireEnd,
  role: 'client' | 'server',
  { clock, handlers = {}, wrong = 'nothing', created, ...options }: Attached,
): WebSocketConnection {
  const scope = new Scope(handlers, { clock });
  const ws = new WebSocketConnection(scope);
  const connection = created ?? Connection.opened(role, {}, options);
  const driver = new WireDriver(end, connection, ws as WebSocketConnection<never>, scope as Scope<never>, wrong);
  start(ws, connection, driver);
  return ws;
}

interface Attached extends ConnectionOptions {
  readonly clock: Opening['clock'];
  readonly handlers?: Opening['client'];
  readonly wrong?: Wrong;
  /** A connection to start instead of one that is open. */
  readonly created?: Connection;
}

/** Opens the two ends of a simulated TCP connection, for `exercise`. */
export const opening =
  (wrong: Wrong) =>
  ({ clock, random, client, server }: Opening): Opened => {
    const ends = WireEnd.pair(clock);
    for (const end of ends) {
      end.capacity = Math.floor(1000 + random() * 20_000);
      end.latency = 1;
    }
    return {
      client: attach(ends[0], 'client', { clock, wrong, handlers: client }),
      server: attach(ends[1], 'server', {
        clock,
        wrong,
        handlers: wrong === 'loses messages' ? deafAfter(5, server) : server,
      }),
      harms: {
        reset: () => ends[0].reset(),
        cut() {
          for (const end of ends) end.dropping = true;
        },
      },
    };
  };

/** Returns handlers that lose all messages after this many. */
function deafAfter(count: number, { message, ...others }: Opening['client']): Opening['client'] {
  let left = count;
  if (message === undefined) return others;
  return { ...others, message: (ws, data) => (left-- > 0 ? message(ws, data) : undefined) };
}
