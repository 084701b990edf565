/** sockless on Node or Deno: an echo server that prints its address, or a client that plays all cases, some at a time. */
import { CERTIFICATE, KEY } from '../../../node/test/certificate.ts';
import { askFor, PORT, ROLE, SECURE } from './parts.ts';

const isDeno = 'Deno' in globalThis;
const { accept, connect, serve } = (await import(
  isDeno ? '@sockless/deno' : '@sockless/node'
)) as typeof import('@sockless/node');
const handlers = {
  message: (ws: { send(data: string | Uint8Array): unknown }, data: string | Uint8Array) => ws.send(data),
};

if (ROLE === 'server') {
  const files = { cert: CERTIFICATE, key: KEY };
  const tls = SECURE ? (isDeno ? files : { tls: files }) : {};
  const options = { port: PORT, compression: true, subprotocols: ['chat', 'superchat'], ...tls };
  const server = await serve(options, { request: () => accept(), ...handlers });
  console.log(`listening on ${server.url}`);
} else {
  const tls = isDeno ? { caCerts: [CERTIFICATE] } : { ca: CERTIFICATE };
  await askFor(async (url) => {
    const ws = connect(url, { compression: true, reconnect: false, ...(SECURE ? { tls } : {}) } as object, handlers);
    await ws.closed.catch(() => undefined);
  });
}
