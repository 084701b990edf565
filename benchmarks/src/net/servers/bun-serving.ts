/** Starts Bun's own server; only Bun can run it. */
import { HOST } from '../handshake.ts';

/** The part of Bun's server that is used. */
export interface BunServer {
  readonly port: number;
  readonly pendingWebSockets: number;
  publish(topic: string, data: string | Uint8Array, compress: boolean): number;
}

interface Upgrading extends BunServer {
  upgrade(request: unknown): boolean;
}
declare const Bun: { serve(options: object): BunServer };

/**
 * Returns a server that upgrades every request.
 *
 * @param websocket Bun's options and handlers
 */
export function serveOnBun(websocket: object): BunServer {
  return Bun.serve({
    hostname: HOST,
    port: 0,
    fetch: (request: unknown, self: Upgrading) =>
      self.upgrade(request) ? undefined : new Response('', { status: 426 }),
    // Bun would drop messages beyond 1 MiB of unsent data.
    websocket: { backpressureLimit: 16 * 2 ** 20, ...websocket },
  });
}
