/** Over a MessagePort: a page and its worker, or two threads, speak WebSocket without a network. */
import { Connection, type ConnectionEvent } from '@sockless/core';

/**
 * Plugs a connection into a port. Ports say nothing of their end, so a message that is no bytes says it. They take everything
 * at once and do not tell what has been read: there is no back-pressure, so this is for two sides that trust each other.
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
      // They are ours for good, and alone in their buffer: nothing is copied.
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
