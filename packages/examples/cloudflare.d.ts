/** The part of Cloudflare's own types that the example needs. */
declare module 'cloudflare:sockets' {
  export function connect(address: { hostname: string; port: number }): {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
    close(): Promise<void>;
  };
}
