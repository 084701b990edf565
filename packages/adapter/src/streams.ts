/**
 * A connection as two Web Streams, one of the messages that arrive and one of those to send, with back-pressure both
 * ways.
 */
import type { BytesLike } from '@sockless/core';
import { ConnectionEndedError } from './ended-error.ts';
import { type HostReadableStream, type HostWritableStream, host } from './host.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/**
 * Returns a stream of the messages. It takes a message only when it is asked for one, as a loop over the connection
 * does.
 *
 * @throws {StateError} `messages-dropped`
 */
export function readableOf<Data>(ws: WebSocketConnection<Data>): HostReadableStream {
  const messages = ws[Symbol.asyncIterator]();
  return new host.ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await messages.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        // Cancelling means that the application is done with the connection: no other reader can continue.
        ws.close(1000);
        await messages.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * Returns a stream that sends each chunk as a message, and takes the next one when at most `highWaterMark` bytes wait.
 */
export function writableOf<Data>(ws: WebSocketConnection<Data>): HostWritableStream {
  let isClosing = false;
  return new host.WritableStream({
    start(controller) {
      void ws.closed.then((end) => {
        if (!isClosing) controller.error(new ConnectionEndedError(end));
      });
    },
    async write(message) {
      // In a loop, because a client that reconnects may lose its connection again right after it opened.
      while (ws.state === 'connecting') await ws.opened;
      if (!ws.send(message as string | BytesLike)) throw new ConnectionEndedError(await ws.closed);
      await ws.drained;
    },
    async close() {
      isClosing = true;
      ws.close(1000);
      const end = await ws.closed;
      // Otherwise the last messages may not have arrived.
      if (!end.clean) throw new ConnectionEndedError(end);
    },
    abort() {
      isClosing = true;
      ws.close(1011);
    },
  });
}
