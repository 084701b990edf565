/** The sockets of a server through which no whole request has come yet: they have as long as an opening handshake may take. */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Scope, Sleeper } from '@sockless/adapter';
import { responseOn } from './upgrade.ts';

/** What a TLS socket of Node's knows of the socket below it. */
interface Tls {
  readonly _parent?: Socket | null;
}

/** The socket that was accepted, of one that may encrypt it. */
const acceptedOf = (socket: Duplex): Duplex => (socket as Tls)._parent ?? socket;

/** What Node answers to what is no request. */
const REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** The sockets of one server that are waited for. */
export class Arrivals {
  readonly #scope: Scope<never>;
  readonly #timeout: number;
  readonly #secure: boolean;
  readonly #turnsAway: (count: number) => boolean;
  readonly #all: Map<Duplex, Arrival> = new Map();
  readonly #forget: (this: Socket) => void;

  /**
   * Listens to a server.
   *
   * @param secure whether it speaks TLS, whose handshake counts
   * @param turnsAway whether nobody else can be waited for where so many are waited for here
   */
  constructor(
    http: Server,
    scope: Scope<never>,
    timeout: number,
    secure: boolean,
    turnsAway: (count: number) => boolean = () => false,
  ) {
    this.#scope = scope;
    this.#timeout = timeout;
    this.#secure = secure;
    this.#turnsAway = turnsAway;
    const arrivals = this;
    this.#forget = function (this: Socket) {
      arrivals.#remove(this);
    };
    http.on('connection', (socket: Socket) => this.#add(socket));
    http.on('request', ({ socket }: IncomingMessage) => void this.arrived(socket));
    http.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      // Without a handler for it, whatever anybody sends to an open port would fill the console.
      scope.acceptFailed(error, false);
      this.#refuse(error, socket as Socket);
    });
  }

  /** How many are waited for. */
  get count(): number {
    return this.#all.size;
  }

  /** A whole head has arrived; returns when its socket was accepted, or now when it was not the first head there. */
  arrived(socket: Duplex): number {
    return this.#remove(acceptedOf(socket))?.acceptedAt ?? this.#scope.clock.now();
  }

  /** The server closes: whoever has sent nothing, a browser that connects ahead of need for instance, is not waited for. */
  close(): void {
    // What has come over TLS may be no more than its handshake.
    for (const { socket } of this.#all.values()) if (this.#secure || socket.bytesRead === 0) socket.destroy();
  }

  #add(socket: Socket): void {
    const { alarms, clock } = this.#scope;
    if (this.#turnsAway(this.#all.size)) {
      socket.destroy();
      return;
    }
    const arrival = new Arrival(socket, clock.now(), this.#secure);
    this.#all.set(socket, arrival);
    socket.on('close', this.#forget);
    if (this.#timeout !== Infinity) alarms.set(arrival, Math.ceil(arrival.acceptedAt + this.#timeout));
  }

  #remove(socket: Duplex): Arrival | undefined {
    const arrival = this.#all.get(socket);
    if (arrival === undefined) return undefined;
    this.#all.delete(socket);
    arrival.socket.off('close', this.#forget);
    this.#scope.alarms.clear(arrival);
    return arrival;
  }

  /** Does as Node does where nobody listens. */
  #refuse({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
    const greeted = !this.#secure || (socket as { secureConnecting?: boolean }).secureConnecting === false;
    // In the middle of an answer another one would be taken for its body.
    const answering = responseOn(socket)?.headersSent === true;
    if (!(greeted && socket.writable) || answering) {
      socket.destroy();
      return;
    }
    socket.write(refusal(REFUSALS[code] ?? '400 Bad Request'));
    socket.destroySoon();
  }
}

const refusal = (status: string): string => `HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`;

class Arrival implements Sleeper {
  readonly socket: Socket;
  readonly acceptedAt: number;
  readonly #secure: boolean;
  wakeAt = 0;
  alarm = 0;

  constructor(socket: Socket, acceptedAt: number, secure: boolean) {
    this.socket = socket;
    this.acceptedAt = acceptedAt;
    this.#secure = secure;
  }

  /** The time is over. */
  wake(): void {
    const { socket } = this;
    if (this.#secure || socket.bytesRead === 0) socket.destroy();
    else {
      socket.write(refusal('408 Request Timeout'));
      socket.destroySoon();
    }
  }
}
