/**
 * A connection over a pair of Web Streams: a TCP connection of Deno or of a Cloudflare Worker, a WebTransport stream, or the
 * two bodies of a fetch. `flush` contains the whole contract with a transport.
 */
import type { Connection, ConnectionEvent } from '@sockless/core';

/** Both directions of a transport. */
export interface Streams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** A connection that runs over streams. */
export interface Driven {
  /** Writes the connection's bytes. Call it after you have sent something outside `handle`. */
  flush(): void;
  /** Resolves when everything is over; the connection's last event says what went wrong. */
  readonly ended: Promise<void>;
}

/** Runs a new connection over streams, and passes each event to `handle`. */
export function overStreams(
  connection: Connection,
  { readable, writable }: Streams,
  handle: (event: ConnectionEvent) => void,
): Driven {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  const start = Date.now();
  const now = (): number => Date.now() - start;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  /** Drains the events, then the bytes, then reads `transport` and `deadline`. */
  function flush(): void {
    for (const event of connection) deliver(event);
    if (isOver) return;
    // Bytes beyond the stream's capacity wait in the connection, where maxQueuedBytes and stallTimeout apply.
    while ((writer.desiredSize ?? 0) > 0) {
      const bytes = connection.transmit(now(), 65_536);
      if (bytes === undefined) break;
      // A copy, because a stream may keep a borrowed payload for longer than the write takes.
      writer.write(bytes.slice()).then(() => left(bytes.length), failed);
    }
    clearTimeout(timer);
    const { transport, deadline } = connection;
    if (transport !== 'open') {
      isOver = true;
      (transport === 'end' ? writer.close() : writer.abort()).catch(failed);
      if (transport === 'destroy') reader.cancel().catch(failed);
    }
    if (deadline !== Infinity) timer = setTimeout(expire, deadline - now());
  }

  /** An error in `handle` ends only this connection, with 1011. */
  function deliver(event: ConnectionEvent): void {
    try {
      handle(event);
    } catch (error) {
      connection.fail('handler-failed', error, now());
      console.error(error);
    }
  }

  function left(count: number): void {
    connection.written(count, now());
    flush();
  }

  function expire(): void {
    connection.timeout(now());
    flush();
    // The other side had enough time to end as well.
    if (connection.transport === 'destroy') reader.cancel().catch(failed);
  }

  /** The transport is gone: waiting bytes will not be written. */
  function failed(cause: unknown): void {
    connection.receiveEnd(now(), cause);
    flush();
    isOver = true;
    reader.cancel(cause).catch(() => undefined);
  }

  async function read(): Promise<void> {
    try {
      for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
        connection.receive(value as Uint8Array, now());
        flush();
        // A peer that does not read our bytes is not read from either.
        await writer.ready;
      }
      connection.receiveEnd(now());
    } catch (cause) {
      connection.receiveEnd(now(), cause);
    }
    flush();
    await writer.closed.catch(() => undefined);
    clearTimeout(timer);
  }

  connection.written(0, now());
  flush();
  return { flush, ended: read() };
}
