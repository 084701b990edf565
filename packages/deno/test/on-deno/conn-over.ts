/** A Node stream as a `Deno.Conn`, for tests of Node's adapter that pass sockets to `createSocket` and `attach`. */
import { Duplex } from 'node:stream';

export const isDuplex = (value: unknown): value is Duplex => value instanceof Duplex;

const EVENTS = ['readable', 'end', 'error', 'close'] as const;

export function connOver(stream: Duplex): Deno.Conn {
  let failure: Error | undefined = stream.errored ?? undefined;
  stream.on('error', (error) => {
    failure ??= error;
  });
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        for (const name of EVENTS) stream.off(name, done);
        resolve();
      };
      for (const name of EVENTS) stream.on(name, done);
    });
  const conn = {
    async read(into: Uint8Array): Promise<number | null> {
      while (true) {
        if (failure !== undefined) throw failure;
        const { readableLength } = stream;
        const chunk: Uint8Array | null =
          readableLength > 0 ? stream.read(Math.min(into.length, readableLength)) : stream.read();
        if (chunk !== null) {
          into.set(chunk);
          return chunk.length;
        }
        if (stream.readableEnded) return null;
        if (stream.destroyed) throw new Deno.errors.BadResource('Bad resource ID');
        await changed();
      }
    },
    write: (bytes: Uint8Array): Promise<number> =>
      new Promise((resolve, reject) => {
        stream.write(bytes.slice(), (error) => (error ? reject(error) : resolve(bytes.length)));
      }),
    closeWrite: (): Promise<void> => new Promise((resolve) => void stream.end(resolve)),
    close: (): void => void stream.destroy(),
    setNoDelay(): void {
      if (stream.destroyed) throw new Deno.errors.BadResource('Bad resource ID');
    },
  };
  return conn as unknown as Deno.Conn;
}
