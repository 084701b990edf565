/**
 * Hostile clients: each repeats one thing that servers on the Internet meet, until the time is over.
 *
 * Some end by themselves. The others stay until the server ends them or `signal` is aborted, and are then cut off.
 */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, BINARY, dial, frame, head, open, PING, readCloseCode, reset, TEXT } from './wire.ts';

/** The server that a client attacks: the README's unchanged, with TLS, or with handlers that fail; or the demo. */
export type Kind = 'plain' | 'tls' | 'faulty' | 'demo';

export interface HostileClient {
  readonly name: string;
  readonly against: readonly Kind[];
  /** How many of them there are at a time. */
  readonly atOnce: number;
  /** The longest life of a connection in milliseconds, if the server has a deadline for it. */
  readonly deadline?: number;
  /**
   * Whether it leaves TLS in the middle of the handshake. Deno's `close()` then waits for the end of the handshake
   * (denoland/deno, pull request 14547), so the socket stays open until the client leaves, although our connection has ended.
   */
  readonly beforeTls?: true;
  /**
   * One connection, from its beginning to its end.
   *
   * @param opened called when the opening handshake has succeeded; then the server must explain an end
   * @returns a description of what the server did wrong, if anything
   */
  attack(address: Address, opened: () => void, signal: AbortSignal): Promise<string | undefined>;
}

const KIB = 1024;

/** The longest deadline of a server for the beginning of a connection or message (10 s), plus closeTimeout, twice. */
const DEADLINE = 30_000;

/** Waits until the server has ended its side of the connection or the time is over, then destroys the socket. */
async function linger(socket: Socket, signal: AbortSignal): Promise<undefined> {
  await new Promise<void>((resolve) => {
    if (socket.destroyed || signal.aborted) resolve();
    for (const event of ['end', 'close']) socket.once(event, () => resolve());
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  socket.destroy();
}

/** Opens a connection and continues with it. */
const afterOpening =
  (act: (socket: Socket, signal: AbortSignal) => Promise<string | undefined>): HostileClient['attack'] =>
  async (address, opened, signal) => {
    const socket = await open(address);
    opened();
    try {
      return await act(socket, signal);
    } finally {
      socket.destroy();
    }
  };

/** Connects, writes this, writes `drip` twice a second, and stays. */
const stays =
  (
    first: (address: Address) => string | Uint8Array,
    how: { tls?: boolean; drip?: string } = {},
  ): HostileClient['attack'] =>
  async (address, _, signal) => {
    const socket = await dial({ ...address, secure: address.secure && how.tls === true });
    socket.write(first(address));
    socket.resume();
    const timer = setInterval(() => how.drip === undefined || !socket.writable || socket.write(how.drip), 500);
    await linger(socket, signal);
    clearInterval(timer);
    return undefined;
  };

/** Writes as much as the socket takes until the connection or the time is over. */
function flood(socket: Socket, bytes: Uint8Array, signal: AbortSignal): Promise<undefined> {
  const more = (): void => {
    if (!socket.writable) return;
    if (socket.write(bytes)) setTimeout(more, 1);
    else socket.once('drain', more);
  };
  more();
  return linger(socket, signal);
}

const fails = (text: string): HostileClient['attack'] =>
  afterOpening(async (socket) => {
    socket.write(frame(TEXT, text));
    const code = await readCloseCode(socket);
    return code === 1011 ? undefined : `a handler failed, and the Close frame has ${code} and not 1011`;
  });

/** The first bytes of a ClientHello that announces 512 bytes and never sends them. */
const HALF_CLIENT_HELLO = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3);

const READMES = ['plain', 'tls', 'faulty'] as const;

export const HOSTILE_CLIENTS: readonly HostileClient[] = [
  {
    name: 'sends 24 MiB and does not read',
    against: ['plain', 'tls', 'demo'],
    atOnce: 1,
    attack: afterOpening((socket, signal) => {
      socket.pause();
      const message = frame(BINARY, new Uint8Array(64 * KIB));
      for (let sent = 0; sent < 24 * KIB * KIB; sent += 64 * KIB) socket.write(message);
      return linger(socket, signal);
    }),
  },
  {
    name: 'sends a little at a time and does not read',
    against: ['plain', 'demo'],
    atOnce: 1,
    attack: afterOpening(async (socket, signal) => {
      socket.pause();
      const timer = setInterval(() => socket.writable && socket.write(frame(BINARY, new Uint8Array(24 * KIB))), 500);
      await linger(socket, signal);
      clearInterval(timer);
      return undefined;
    }),
  },
  {
    name: 'reads a byte a second',
    against: ['plain', 'demo'],
    atOnce: 2,
    async attack(address, opened, signal) {
      const buffer = Buffer.alloc(1);
      let answer = '';
      const callback = (): boolean => {
        if (answer.endsWith('\r\n\r\n')) {
          setTimeout(() => socket.resume(), 1000).unref();
          return false;
        }
        answer += buffer.toString('latin1');
        if (!answer.endsWith('\r\n\r\n')) return true;
        opened();
        for (let n = 0; n < 64; n++) socket.write(frame(BINARY, new Uint8Array(32 * KIB)));
        return true;
      };
      const socket = await dial(address, { onread: { buffer, callback } });
      socket.write(head(address));
      return linger(socket, signal);
    },
  },
  {
    name: 'floods pings',
    against: ['plain', 'tls', 'demo'],
    atOnce: 1,
    attack: afterOpening((socket, signal) => {
      socket.resume();
      return flood(socket, Buffer.concat(Array<Buffer>(1000).fill(frame(PING, 'ping'))), signal);
    }),
  },
  {
    name: 'floods pings and does not read',
    against: ['plain', 'demo'],
    atOnce: 1,
    attack: afterOpening((socket, signal) => {
      socket.pause();
      return flood(socket, Buffer.concat(Array<Buffer>(1000).fill(frame(PING, 'x'.repeat(125)))), signal);
    }),
  },
  {
    name: 'resets while it is answered',
    against: [...READMES, 'demo'],
    atOnce: 2,
    attack: afterOpening(async (socket) => {
      const message = frame(BINARY, new Uint8Array(32 * KIB));
      for (let n = 0; n < 6; n++) socket.write(message);
      await delay(Math.random() * 40);
      reset(socket);
      return undefined;
    }),
  },
  {
    name: 'leaves with a message half sent',
    against: ['plain', 'demo'],
    atOnce: 1,
    attack: afterOpening(async (socket) => {
      socket.end(frame(BINARY, 'the beginning', 100));
      await delay(100);
      return undefined;
    }),
  },
  {
    name: 'stops in the middle of a message',
    deadline: DEADLINE,
    against: ['plain', 'demo'],
    atOnce: 1,
    attack: afterOpening((socket, signal) => {
      socket.resume();
      socket.write(frame(BINARY, 'the beginning', 10 * KIB));
      return linger(socket, signal);
    }),
  },
  {
    name: 'ends its side and stays',
    against: ['plain', 'demo'],
    atOnce: 2,
    attack: afterOpening((socket, signal) => {
      socket.pause();
      socket.end(frame(TEXT, 'the last'));
      return linger(socket, signal);
    }),
  },
  {
    name: 'ends its side before the answer',
    against: ['plain', 'demo'],
    atOnce: 1,
    async attack(address, _, signal) {
      const socket = await dial(address);
      socket.pause();
      socket.end(head(address));
      return linger(socket, signal);
    },
  },
  {
    name: 'never finishes its head',
    deadline: DEADLINE,
    against: [...READMES, 'demo'],
    atOnce: 2,
    attack: stays((address) => head(address).slice(0, -2), { tls: true, drip: 'X-More: and more\r\n' }),
  },
  { name: 'says nothing', deadline: DEADLINE, against: ['plain', 'demo'], atOnce: 2, attack: stays(() => '') },
  {
    name: 'stays silent before TLS',
    beforeTls: true,
    deadline: DEADLINE,
    against: ['tls'],
    atOnce: 2,
    attack: stays(() => ''),
  },
  {
    name: 'stops in its ClientHello',
    beforeTls: true,
    deadline: DEADLINE,
    against: ['tls'],
    atOnce: 1,
    attack: stays(() => HALF_CLIENT_HELLO),
  },
  { name: 'speaks HTTP where TLS is', deadline: DEADLINE, against: ['tls'], atOnce: 1, attack: stays(head) },
  { name: 'says more than the limits allow', against: ['demo'], atOnce: 1, attack: afterOpening(saysTooMuch) },
  { name: 'is deaf in a loud room', against: ['demo'], atOnce: 1, attack: isDeaf },
  { name: 'makes a handler throw', against: ['faulty'], atOnce: 1, attack: fails('throw') },
  { name: 'makes a handler reject', against: ['faulty'], atOnce: 1, attack: fails('reject') },
  {
    name: 'breaks the rules of frames',
    against: [...READMES, 'demo'],
    atOnce: 1,
    attack: afterOpening(async (socket) => {
      // An unmasked frame (5.1).
      socket.write(Uint8Array.of(0x81, 1, 0x61));
      const code = await readCloseCode(socket);
      return code === 1002 ? undefined : `an unmasked frame is answered with ${code} and not with 1002`;
    }),
  },
];

const say = (message: object): Buffer => frame(TEXT, JSON.stringify(message));
const hello = (): Buffer => say({ type: 'hello', key: `${Math.random()}`, name: 'Hostile', rooms: ['loud'] });

function saysTooMuch(socket: Socket, signal: AbortSignal): Promise<undefined> {
  socket.resume();
  socket.write(hello());
  for (let n = 0; n < 1000; n++) socket.write(say({ type: 'name', name: `Name ${n}` }));
  return linger(socket, signal);
}

/** How many others talk in the room of the client that does not read, each up to the demo's limits. */
const LOUD = 12;

async function isDeaf(address: Address, opened: () => void, signal: AbortSignal): Promise<undefined> {
  const sockets = await Promise.all(Array.from({ length: LOUD + 1 }, () => open(address)));
  const [deaf, ...loud] = sockets as [Socket, ...Socket[]];
  for (const socket of sockets) {
    opened();
    socket.write(hello());
  }
  deaf.pause();
  for (const socket of loud) socket.resume();
  const text = '漢'.repeat(1200);
  const timer = setInterval(() => {
    const message = say({ type: 'say', to: { kind: 'room', room: 'loud' }, text, ref: 'r' });
    for (const socket of loud) if (socket.writable) socket.write(message);
  }, 75);
  await linger(deaf, signal);
  clearInterval(timer);
  for (const socket of loud) socket.destroy();
}
