/** sockless on Deno's own connections as an echo server, with every default; run by Deno from the unbuilt sources. */
import { HOST } from '../handshake.ts';
import { listening } from './listening.ts';

/** The part of `@sockless/deno` that is used, since its own types need those of Deno. */
interface Adapter {
  serve(
    options: object,
    handlers: { message(ws: { send(data: string | Uint8Array): number }, data: string | Uint8Array): void },
  ): { readonly port: number; readonly connections: ReadonlySet<unknown> };
}

const { serve } = (await import(new URL('../../../../packages/deno/src/index.ts', import.meta.url).href)) as Adapter;
const server = serve({ hostname: HOST, port: 0 }, { message: (ws, data) => ws.send(data) });
listening(server.port, () => server.connections.size);
