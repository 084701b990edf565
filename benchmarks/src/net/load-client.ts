/** One connection of the load generator: bytes on a socket, without any knowledge of WebSocket. */
import { connect, type Socket } from 'node:net';
import { HOST, isAccepted, REQUEST } from './handshake.ts';

/** All sockets read into the same memory, because bytes are checked when they arrive and not kept. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024);

/** A raw client. */
export class LoadClient {
  readonly socket: Socket;
  /** Receives the bytes that have arrived: `length` bytes of `bytes`, valid during the call. */
  onBytes: (length: number, bytes: Uint8Array) => void = ignore;
  /** Receives the reason why the connection ended, unless {@link close} ended it. */
  onEnd: (error: Error) => void = ignore;
  /** The number of bytes of outstanding replies that have not arrived. */
  outstanding = 0;
  /** The number of bytes that have arrived of an incomplete reply. */
  partial = 0;
  #closed = false;

  constructor(port: number) {
    this.socket = connect({
      port,
      host: HOST,
      noDelay: true,
      autoSelectFamily: false,
      onread: {
        buffer,
        callback: (length, bytes) => {
          this.onBytes(length, bytes);
          return true;
        },
      },
    });
    this.socket.on('error', (error) => this.#end(error));
    this.socket.on('close', () => this.#end(new Error('the server has closed a connection')));
  }

  /**
   * Opens a connection. Resolves when the server has accepted it.
   *
   * @param ready called when the server has accepted it, before the bytes behind the response are processed. Without it
   * there must be no such bytes.
   */
  static open(port: number, request = REQUEST, ready?: (client: LoadClient) => void): Promise<LoadClient> {
    return new Promise((resolve, reject) => {
      const client = new LoadClient(port);
      let head = '';
      client.onEnd = reject;
      client.onBytes = (length, bytes) => {
        head += Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        client.onBytes = ignore;
        client.onEnd = ignore;
        const end = head.indexOf('\r\n\r\n') + 4;
        if (!isAccepted(head.slice(0, end)) || (ready === undefined && end < head.length)) {
          reject(new Error(`the server has not accepted a connection: ${head.slice(0, 200)}`));
          return;
        }
        ready?.(client);
        const rest = Buffer.from(head.slice(end), 'latin1');
        if (rest.length > 0) client.onBytes(rest.length, rest);
        resolve(client);
      };
      client.socket.write(request);
    });
  }

  /** Opens many connections, a few at a time so that the server's backlog suffices. */
  static async openMany(
    port: number,
    count: number,
    request = REQUEST,
    ready?: (client: LoadClient) => void,
  ): Promise<LoadClient[]> {
    const clients: LoadClient[] = [];
    let begun = 0;
    const work = async (): Promise<void> => {
      while (begun++ < count) clients.push(await LoadClient.open(port, request, ready));
    };
    try {
      await Promise.all(Array.from({ length: 64 }, work));
    } catch (error) {
      for (const client of clients) client.close();
      throw error;
    }
    return clients;
  }

  /** Ends the connection immediately. */
  close(): void {
    this.#closed = true;
    this.socket.destroy();
  }

  #end(error: Error): void {
    if (!this.#closed) this.onEnd(error);
    this.#closed = true;
    this.socket.destroy();
  }
}

function ignore(): void {
  // No bytes are expected.
}
