/**
 * A connection over a pair of Web Streams: a TCP connection of Deno's or of a Cloudflare Worker's, a WebTransport stream, the
 * two bodies of a fetch. The whole contract with a transport is in `flush`.
 */
import type { Connection, ConnectionEvent } from '@sockless/core';

/** Both directions of a transport. */
export interface Streams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** A connection that is at work on streams. */
export interface Driven {
  /** Writes what the connection has to say: call it when you have sent something outside of `handle`. */
  flush(): void;
  /** Resolves once nothing follows any more; what went wrong is in the connection's last event. */
  readonly ended: Promise<void>;
}

/** Plugs a connection that is new into streams and hands each event to `handle`. */
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

  /** Drain the events, then the bytes, then read `transport` and `deadline`. */
  function flush(): void {
    for (const event of connection) deliver(event);
    if (isOver) return;
    // What the stream has no room for waits in the connection, where maxQueuedBytes and stallTimeout watch it.
    while ((writer.desiredSize ?? 0) > 0) {
      const bytes = connection.transmit(now(), 65_536);
      if (bytes === undefined) break;
      // A copy, since a stream may keep what it was given for longer than the write takes.
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

  /** What `handle` throws ends this connection, with 1011, and nothing else. */
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
    // It has waited long enough for the other side to end as well.
    if (connection.transport === 'destroy') reader.cancel().catch(failed);
  }

  /** The transport is gone: nothing that waits will leave. */
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
        // Who does not read what we write is not read from.
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
