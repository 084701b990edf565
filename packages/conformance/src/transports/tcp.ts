/** Links over sockets of Node, with or without TLS. */
import { connect, isIP, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Link, Target } from '../run/link.ts';

/** A server under test that listens somewhere. */
export interface ServerAddress {
  readonly url: string;
  /** Whether a certificate that nobody vouches for will do. Default: false. */
  readonly insecure?: boolean | undefined;
}

/** How long a connection may take to be made, in milliseconds. */
const WITHIN = 10_000;

/**
 * Returns a server that listens at a `ws:` or `wss:` address.
 *
 * @throws TypeError if the URL is none of those
 */
export function serverTarget({ url, insecure = false }: ServerAddress): Target {
  const { protocol, hostname, port, host, pathname, search } = new URL(url);
  if (protocol !== 'ws:' && protocol !== 'wss:') throw new TypeError(`${url} is neither a ws: nor a wss: URL`);
  const secure = protocol === 'wss:';
  const address = {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || (secure ? 443 : 80)),
    allowHalfOpen: true,
  };
  return {
    role: 'server',
    host,
    path: `${pathname}${search}`,
    connect: (patience = 1) =>
      new Promise((resolve, reject) => {
        const socket: Socket = secure
          ? connectTls({
              ...address,
              // RFC 6066 3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"."
              servername: isIP(address.host) === 0 ? address.host : '',
              rejectUnauthorized: !insecure,
              ALPNProtocols: ['http/1.1'],
            })
          : connect(address);
        const within = WITHIN * patience;
        const late = setTimeout(() => socket.destroy(new Error(`nobody answered within ${within} ms`)), within);
        socket.once('close', () => clearTimeout(late));
        socket.once('error', reject);
        socket.once(secure ? 'secureConnect' : 'connect', () => {
          clearTimeout(late);
          socket.off('error', reject);
          resolve(new SocketLink(socket));
        });
      }),
  };
}

/** A socket that is read only on demand: when nobody reads, the other side feels it. */
export class SocketLink implements Link {
  readonly #socket: Socket;
  #ended: 'end' | 'reset' | undefined;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    const wake = (): void => this.#wake();
    socket.on('readable', wake);
    socket.on('end', () => {
      this.#ended ??= 'end';
      wake();
    });
    socket.on('error', () => {
      this.#ended ??= 'reset';
      wake();
    });
    socket.on('close', () => {
      this.#ended ??= 'reset';
      wake();
    });
  }

  now(): number {
    return performance.now();
  }

  write(bytes: Uint8Array): Promise<void> {
    // What cannot be written is told by how the transport ended. A turn of the loop makes a packet of every chunk.
    if (this.#socket.writable) this.#socket.write(bytes);
    return new Promise((resolve) => setImmediate(resolve));
  }

  async read(milliseconds: number): Promise<Uint8Array | 'end' | 'reset' | undefined> {
    const deadline = this.now() + milliseconds;
    while (true) {
      const bytes: Buffer | null = this.#socket.read();
      if (bytes !== null) return bytes;
      if (this.#ended !== undefined) return this.#ended;
      const left = deadline - this.now();
      if (left <= 0) return undefined;
      await this.#arrival(left);
    }
  }

  pass(milliseconds: number): Promise<void> {
    return delay(milliseconds);
  }

  halfClose(): void {
    this.#socket.end();
  }

  drop(): void {
    // Only a socket without TLS can be reset.
    if (this.#socket instanceof TLSSocket) this.#socket.destroy();
    else if (!this.#socket.destroyed) this.#socket.resetAndDestroy();
  }

  /** Resolves when something has come, or time is up. */
  #arrival(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
