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

/** Plays all cases, eight at a time unless PARALLEL says more. `play` resolves when its connection has ended. */
export async function askFor(play: (url: string) => Promise<unknown>): Promise<void> {
  const { SOCKLESS_CONFORMANCE_URL: url, SOCKLESS_CONFORMANCE_CASES: count } = env;
  let next = Number(env.NEXT ?? 1);
  const worker = async (): Promise<void> => {
    while (next <= Number(count)) await play(`${url}/?case=${next++}`);
  };
  await Promise.all(Array.from({ length: Number(env.PARALLEL ?? 8) }, worker));
}
