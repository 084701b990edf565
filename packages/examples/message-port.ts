/** Over a MessagePort: a page and its worker, or two threads, exchange WebSocket messages without a network. */
import { Connection, type ConnectionEvent } from '@sockless/core';

/**
 * Connects a connection to a port. A port does not report its end, so any message that is not bytes means the end. A port takes
 * everything at once and does not tell what has been read: without back-pressure, this suits two sides that trust each other.
 */
function overPort(connection: Connection, port: MessagePort, handle: (event: ConnectionEvent) => void): void {
  const flush = (): void => {
    for (const event of connection) {
      try {
        handle(event);
      } catch (error) {
        connection.fail('handler-failed', error);
        console.error(error);
      }
    }
    for (let bytes = connection.transmit(); bytes !== undefined; bytes = connection.transmit()) {
      // The bytes are the caller's for good and have a buffer of their own, so they are transferred without a copy.
      port.postMessage(bytes, [bytes.buffer as ArrayBuffer]);
    }
    if (connection.transport === 'open') return;
    port.postMessage('end');
    if (connection.state === 'closed') port.close();
  };
  port.onmessage = ({ data }: MessageEvent<Uint8Array | 'end'>) => {
    if (data === 'end') connection.receiveEnd();
    else connection.receive(data);
    flush();
  };
  flush();
}

const { port1, port2 } = new MessageChannel();

const server = Connection.server();
overPort(server, port1, (event) => {
  if (event.type === 'request') server.accept();
  if (event.type === 'binary') server.send(event.data.toReversed());
});

const client = Connection.client('ws://example.com/');
overPort(client, port2, (event) => {
  if (event.type === 'open') client.send(Uint8Array.of(1, 2, 3));
  if (event.type === 'binary') {
    console.log(`backwards: ${event.data}`);
    client.close(1000);
  }
  if (event.type === 'end') console.log(event.code);
});
