/** Two endpoints in memory, without socket, timer or clock: each receives what the other transmits. */
import { Connection } from '@sockless/core';

const client = Connection.client('ws://example.com/chat');
const server = Connection.server();

function pass(from: Connection, to: Connection): boolean {
  const bytes = from.transmit();
  for (const event of bytes === undefined ? to : to.receive(bytes)) {
    if (event.type === 'request') to.accept();
    if (event.type === 'open') to.send(`hello from the ${to.role}`);
    if (event.type === 'text') console.log(`${to.role}: ${event.data}`);
    if (event.type === 'text' && to.role === 'client') to.close(1000);
    if (event.type === 'close') console.log(`${to.role}: closed with ${event.code}`);
  }
  return bytes !== undefined;
}

while (pass(client, server) || pass(server, client));
