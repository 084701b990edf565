/** The sockets of a server that have not sent a whole request yet. `handshakeTimeout` limits them. */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Scope, Sleeper } from '@sockless/adapter';
import { responseOn } from './upgrade.ts';

/** The reference from a TLS socket of Node's to the socket below it. */
interface Tls {
  readonly _parent?: Socket | null;
}

/** Returns the socket that was accepted: the one below a TLS socket, or the socket itself. */
const acceptedOf = (socket: Duplex): Duplex => (socket as Tls)._parent ?? socket;

/** Node's answers to bytes that are not a request. */
const REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** The sockets of one server that have not sent a whole request. */
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
   * @param secure whether it uses TLS; its handshake counts as waiting
   * @param turnsAway returns whether another client must be turned away, given the number that wait here
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
      // Only with an `error` handler: otherwise anything sent to an open port would fill the console.
      scope.acceptFailed(error, false);
      this.#refuse(error, socket as Socket);
    });
  }

  /** The number of sockets that wait. */
  get count(): number {
    return this.#all.size;
  }

  /**
   * A whole head has arrived. Returns the time at which its socket was accepted, or the present time if it was not the
   * first head on that socket.
   */
  arrived(socket: Duplex): number {
    return this.#remove(acceptedOf(socket))?.acceptedAt ?? this.#scope.clock.now();
  }

  /** The server closes: destroys the sockets that have sent nothing, such as those that a browser opens in advance. */
  close(): void {
    // With TLS, the bytes read may be only those of its handshake.
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

  /** Does what Node does if there is no listener for `clientError`. */
  #refuse({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
    const greeted = !this.#secure || (socket as { secureConnecting?: boolean }).secureConnecting === false;
    // In the middle of a response, a second one would be taken for its body.
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

  /** The handshake timeout has passed. */
  wake(): void {
    const { socket } = this;
    if (this.#secure || socket.bytesRead === 0) socket.destroy();
    else {
      socket.write(refusal('408 Request Timeout'));
      socket.destroySoon();
    }
  }
}
