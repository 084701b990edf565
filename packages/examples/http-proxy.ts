/**
 * Through an HTTP proxy with CONNECT, as in many company networks. `HTTPS_PROXY` is the URL of the proxy.
 *
 *     HTTPS_PROXY=http://user:password@proxy.example:8888 node --import tsx packages/examples/http-proxy.ts
 */
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { type ConnectOptions, connect, serve } from '@sockless/node';

/** Returns a `createSocket` that goes through a proxy. If the proxy refuses, that is the `cause` of the end. */
function through(proxy: URL): NonNullable<ConnectOptions['createSocket']> {
  const { hostname, port, username, password } = proxy;
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return async ({ host, port: target, secure }, signal): Promise<Duplex> => {
    const path = `${host}:${target}`;
    const headers = { Host: path, ...(username !== '' && { 'Proxy-Authorization': `Basic ${credentials}` }) };
    // The signal ends the request when the connection is closed, aborted, or exceeds `handshakeTimeout`.
    const tunnel = request({ host: hostname, port, method: 'CONNECT', path, headers, signal, agent: false }).end();
    const [response, socket, head] = (await once(tunnel, 'connect')) as [{ statusCode: number }, Socket, Buffer];
    if (response.statusCode !== 200) {
      socket.destroy();
      throw new Error(`the proxy answers ${response.statusCode}`);
    }
    if (head.length > 0) socket.unshift(head);
    // TLS inside the tunnel is with the server itself, so the proxy cannot read it.
    return secure ? connectTls({ socket, servername: host, ALPNProtocols: ['http/1.1'] }) : socket;
  };
}

const server = await serve({ host: '127.0.0.1' }, { message: (ws, data) => ws.send(`you said: ${data}`) });
const createSocket = through(new URL(process.env.HTTPS_PROXY ?? 'http://127.0.0.1:8888'));

const ws = connect(server.url, { createSocket, reconnect: { attempts: 3 } });
await ws.opened;
ws.send('hello through the proxy');
for await (const message of ws) {
  console.log(message);
  ws.close(1000);
}

// If the proxy refuses, the connection ends like any other.
const refused = connect('ws://127.0.0.1:1/', { createSocket });
const { explanation } = await refused.closed;
console.log(`${explanation.error?.rule}: ${explanation.cause}`);
await server.close();
