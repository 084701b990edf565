/** What all programs under test share. They run on Node, Deno and Bun. */

const { env } = (globalThis as unknown as { process: { env: Record<string, string | undefined> } }).process;

/** What the program is to be. */
export const ROLE: string | undefined = env.ROLE;
/** Where a server listens; 0 for any free port. */
export const PORT: number = Number(env.PORT ?? 0);
/** Whether with TLS. */
export const SECURE: boolean = env.SECURE === '1';

/** Says where a server listens: whoever started the program waits for this line. */
export function announce(server: { address(): unknown }): void {
  console.log(`listening on ws://127.0.0.1:${(server.address() as { port: number }).port}`);
}

/**
 * Plays all cases, eight at a time unless PARALLEL says otherwise.
 *
 * @param play resolves when its connection has ended
 * @param most more at a time are not possible
 */
export async function askFor(play: (url: string) => Promise<unknown>, most = Number.POSITIVE_INFINITY): Promise<void> {
  const { SOCKLESS_CONFORMANCE_URL: url, SOCKLESS_CONFORMANCE_CASES: count } = env;
  let next = Number(env.NEXT ?? 1);
  const worker = async (): Promise<void> => {
    while (next <= Number(count)) await play(`${url}/?case=${next++}`);
  };
  await Promise.all(Array.from({ length: Math.min(most, Number(env.PARALLEL ?? 8)) }, worker));
}

/** A WebSocket class with the API of browsers. */
export type Standard = new (
  url: string,
) => {
  binaryType: string;
  send(data: unknown): void;
  addEventListener(type: string, listener: (event: { data: unknown }) => void): void;
};

/** Plays all cases with such a class. */
export function askWith(Class: Standard): Promise<void> {
  return askFor(
    (url) =>
      new Promise((resolve) => {
        const ws = new Class(url);
        ws.binaryType = 'arraybuffer';
        ws.addEventListener('message', ({ data }) => ws.send(data));
        ws.addEventListener('error', () => undefined);
        ws.addEventListener('close', resolve);
      }),
  );
}
