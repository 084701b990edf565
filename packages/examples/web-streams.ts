/** Over Web Streams: a client and a server with two TransformStreams between them, which any other streams could replace. */
import { Connection } from '@sockless/core';
import { overStreams } from './over-streams.ts';

const up = new TransformStream<Uint8Array, Uint8Array>();
const down = new TransformStream<Uint8Array, Uint8Array>();

const server = Connection.server();
const serving = overStreams(server, { readable: up.readable, writable: down.writable }, (event) => {
  if (event.type === 'request') server.accept();
  if (event.type === 'text') server.send(event.data.toUpperCase());
});

const client = Connection.client('ws://example.com/');
const asking = overStreams(client, { readable: down.readable, writable: up.writable }, (event) => {
  if (event.type === 'open') client.send('is anybody there?');
  if (event.type === 'text') {
    console.log(event.data);
    client.close(1000);
  }
  if (event.type === 'end') console.log(event.explanation.summary);
});

await Promise.all([serving.ended, asking.ended]);
