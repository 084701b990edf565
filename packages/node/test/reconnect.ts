// Helpers for tests of reconnecting: servers that lose or refuse connections as scripted.
import type { ConnectOptions, Handlers, ReconnectPolicy } from '../src/index.ts';
import { closing, frame, openServer, rawServer, type Wire } from './raw.ts';
import type { Bench } from './support.ts';

/** Almost no delay. */
export const FAST: ReconnectPolicy = { base: 2, cap: 2 };

/** What a server does with each connection in turn; the last entry is for all further ones. */
export type Script = ((wire: Wire) => unknown)[];

export const say =
  (code: number) =>
  (wire: Wire): void =>
    void wire.socket.end(frame('server', 0x88, closing(code)));
export const reset = (wire: Wire): void => void wire.socket.resetAndDestroy();
export const stay = (): void => {};

export async function scripted(bench: Bench, script: Script): Promise<{ url: string; wires: Wire[] }> {
  const wires: Wire[] = [];
  const url = await openServer(bench, (wire) => {
    wires.push(wire);
    script[Math.min(wires.length, script.length) - 1]?.(wire);
  });
  return { url, wires };
}

/** Starts a server that answers requests with these statuses in turn; the last one is for all further requests. */
export async function refusing(
  bench: Bench,
  ...statuses: (number | 'reset')[]
): Promise<{ url: string; count(): number }> {
  let count = 0;
  const url = await rawServer(bench, async (wire) => {
    await wire.head();
    const status = statuses[Math.min(count++, statuses.length - 1)];
    if (status === 'reset') reset(wire);
    else wire.socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
  });
  return { url, count: () => count };
}

export function client(
  bench: Bench,
  url: string,
  policy: ReconnectPolicy | true,
  handlers: Handlers,
  options: ConnectOptions = {},
) {
  return bench.connect(url, { message() {}, ...handlers }, { ...options, reconnect: policy });
}

/** Returns a random source that yields these fractions; the last one is repeated. */
export function fractions(...values: number[]): (bytes: Uint8Array) => void {
  let at = 0;
  return (bytes) => {
    if (bytes.length !== 4) return; // it is asked for a handshake key or a masking key
    const value = values[Math.min(at++, values.length - 1)] as number;
    new Uint32Array(bytes.buffer)[0] = value * 2 ** 32;
  };
}
