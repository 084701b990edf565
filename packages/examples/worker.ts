/**
 * In a Cloudflare Worker, which has streams instead of sockets.
 *
 * GET /?url=ws://… is a client: it connects to a server over TCP, and responds with what the server sent.
 * POST / is a server: the request body carries the bytes of a client, and the response body carries its own.
 */
import { connect } from 'cloudflare:sockets';
import { Connection, type ConnectionEvent, parseUri } from '@sockless/core';
import { overStreams } from './over-streams.ts';

// biome-ignore lint/style/noDefaultExport: a Worker is a default export
export default {
  fetch(request: Request): Response | Promise<Response> {
    const url = new URL(request.url).searchParams.get('url');
    return url === null ? serve(request) : ask(url);
  },
};

async function ask(url: string): Promise<Response> {
  const { host, port } = parseUri(url);
  const client = Connection.client(url);
  const said: string[] = [];
  const handle = (event: ConnectionEvent): void => {
    if (event.type === 'open') client.send('hello from a Worker');
    if (event.type === 'text') {
      said.push(event.data);
      client.close(1000);
    }
    if (event.type === 'end') said.push(event.explanation.summary);
  };
  await overStreams(client, connect({ hostname: host, port }), handle).ended;
  return Response.json(said);
}

function serve({ body }: Request): Response {
  if (body === null) return new Response('a client’s bytes are expected here\n', { status: 400 });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const server = Connection.server();
  overStreams(server, { readable: body, writable }, (event) => {
    if (event.type === 'request') server.accept();
    if (event.type === 'text') server.send(`${event.data}, said a Worker`);
  });
  return new Response(readable);
}
