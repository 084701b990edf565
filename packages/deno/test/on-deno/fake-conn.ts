/** A `Deno.Conn` that a test controls, and an open connection of ours on it. */
import { Connection, type EndEvent, type ServerOptions } from '@sockless/core';
import * as assert from 'uvu/assert';
import { type AdapterOptions, attach, type Handlers, type WebSocketConnection } from '../../src/index.ts';

type Reading = (length: number | null) => void;

/** The test decides what arrives; everything written is recorded. */
export class FakeConn {
  readonly written: Uint8Array[] = [];
  /** The arrays that it was given to write. */
  readonly handed: Uint8Array[] = [];
  /** How often it was read, and whether a read is in progress. */
  reads = 0;
  closes = 0;
  closedWrites = 0;
  /** How many bytes a write takes; it resolves when `go` does. */
  takes = Infinity;
  go: Promise<unknown> = Promise.resolve();
  #writing = false;
  #reading: { into: Uint8Array; resolve: Reading; reject: (error: Error) => void } | undefined;

  read(into: Uint8Array): Promise<number | null> {
    this.reads++;
    return new Promise((resolve, reject) => {
      this.#reading = { into, resolve, reject };
    });
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#writing) throw new Error('two writes at once');
    this.#writing = true;
    this.handed.push(bytes);
    await this.go;
    this.#writing = false;
    this.written.push(bytes.slice(0, this.takes));
    return Math.min(bytes.length, this.takes);
  }

  close(): void {
    this.closes++;
    this.fail(new Deno.errors.BadResource('closed'));
  }

  closeWrite(): Promise<void> {
    this.closedWrites++;
    return Promise.resolve();
  }

  get isReading(): boolean {
    return this.#reading !== undefined;
  }

  /** Passes this many bytes, or the end, to the read in progress; returns how many it took. */
  async arrive(bytes: Uint8Array | null): Promise<number> {
    // Between two reads the driver lets others have their turn.
    for (let turn = 0; this.#reading === undefined && turn < 10; turn++) await settled();
    const reading = this.#reading;
    if (reading === undefined) throw new Error('no read is in progress');
    this.#reading = undefined;
    const length = bytes === null ? 0 : Math.min(bytes.length, reading.into.length);
    if (bytes !== null) reading.into.set(bytes.subarray(0, length));
    reading.resolve(bytes === null ? null : length);
    await settled();
    return length;
  }

  /** Calls {@link arrive} until everything has been read. A paused connection is not read. */
  async arriveAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) at += await this.arrive(bytes.subarray(at));
  }

  fail(error: Error): void {
    this.#reading?.reject(error);
    this.#reading = undefined;
  }

  /** Everything that was written. */
  get bytes(): Uint8Array {
    return Uint8Array.from(this.written.flatMap((piece) => [...piece]));
  }
}

/** Waits until resolved promises have taken effect. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Returns an open server connection on a {@link FakeConn}. */
export function opened(
  handlers: Handlers = {},
  { clock, highWaterMark, ...options }: ServerOptions & AdapterOptions = {},
): { conn: FakeConn; ws: WebSocketConnection } {
  const conn = new FakeConn();
  const connection = Connection.opened('server', {}, options);
  const ws = attach(conn as unknown as Deno.Conn, connection, handlers, { clock, highWaterMark });
  return { conn, ws };
}

/** Returns a frame of a client, masked with zeros. */
export function frame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head =
    length < 126
      ? [0x80 | opcode, 0x80 | length]
      : length < 65_536
        ? [0x80 | opcode, 0xfe, length >> 8, length & 255]
        : [0x80 | opcode, 0xff, 0, 0, 0, 0, length >>> 24, length >>> 16, length >>> 8, length];
  return Uint8Array.from([...head, 0, 0, 0, 0, ...payload]);
}

/** Returns bytes that vary. */
export const bytes = (length: number, seed = 1): Uint8Array =>
  new Uint8Array(length).map((_, i) => (i * 7 + seed) & 255);

/** Ends a connection, and checks that this closed the transport once. */
export async function end(conn: FakeConn, ws: WebSocketConnection): Promise<EndEvent> {
  ws.terminate();
  await settled();
  assert.is(conn.closes, 1);
  return ws.closed;
}

/** Throws as an expression. */
export function throwIt(error: Error): never {
  throw error;
}
