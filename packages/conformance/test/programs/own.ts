/** The WebSocket that a runtime has of its own: Deno's or Bun's server, or its class as a client. */
import { askWith, PORT, ROLE, type Standard } from './parts.ts';

interface Echo {
  send(data: unknown): unknown;
}

interface Runtimes {
  readonly Deno?: {
    serve(
      options: { port: number; hostname: string; onListen(address: { port: number }): void },
      handle: (request: Request) => Response,
    ): unknown;
    upgradeWebSocket(request: Request): { socket: WebSocket; response: Response };
  };
  readonly Bun?: {
    serve(options: {
      port: number;
      hostname: string;
      fetch(request: Request, server: { upgrade(request: Request): boolean }): Response | undefined;
      websocket: { perMessageDeflate: boolean; message(ws: Echo, data: unknown): void };
    }): { port: number };
  };
}

const { Deno, Bun } = globalThis as unknown as Runtimes;
const told = (port: number): void => console.log(`listening on ws://127.0.0.1:${port}`);
const refused = (): Response => new Response('no WebSocket', { status: 400 });

if (ROLE === 'server' && Deno !== undefined) {
  Deno.serve({ port: PORT, hostname: '127.0.0.1', onListen: ({ port }) => told(port) }, (request) => {
    try {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.binaryType = 'arraybuffer';
      socket.onmessage = ({ data }) => socket.send(data);
      socket.onerror = () => undefined;
      return response;
    } catch {
      return refused();
    }
  });
} else if (ROLE === 'server' && Bun !== undefined) {
  const { port } = Bun.serve({
    port: PORT,
    hostname: '127.0.0.1',
    fetch: (request, server) => (server.upgrade(request) ? undefined : refused()),
    websocket: { perMessageDeflate: true, message: (ws, data) => void ws.send(data) },
  });
  told(port);
} else {
  await askWith(WebSocket as unknown as Standard);
}
