/** The situations in which Deno's connections are recorded. */
import { CommonStage, type Peer } from '../../../../adapter/test/recording.ts';

/** The part of a connection that is used. */
export interface Conn {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay(): void;
  handshake?: (() => Promise<unknown>) | undefined;
}

/** A connection, its peer, and the observable behaviour of the connection. */
export class Stage extends CommonStage {
  readonly conn: Conn;
  readonly peer: Peer;
  readonly secure: () => void;

  constructor(conn: Conn, peer: Peer, secure: () => void, quiet: () => Promise<void>) {
    super(quiet);
    this.conn = conn;
    this.peer = peer;
    this.secure = secure;
  }

  /** Starts an operation on the connection, and notes its outcome. */
  act(what: string, act: (conn: Conn) => unknown, words: (result: unknown) => string = String): Promise<void> {
    return new Promise((resolve) => resolve(act(this.conn))).then(
      (result) => this.note(`${what}: ${words(result)}`),
      (error) => this.note(`${what}: ${error.name}`),
    );
  }

  read(max = 65_536): Promise<void> {
    return this.act('read', (conn) => conn.read(new Uint8Array(max)));
  }

  write(length: number): Promise<void> {
    const words = (count: unknown): string =>
      count === length ? 'all' : typeof count === 'number' && count > 0 && count < length ? 'a part' : String(count);
    return this.act(`write ${length}`, (conn) => conn.write(new Uint8Array(length)), words);
  }

  close = (): Promise<void> => this.act('close', (conn) => conn.close(), done);
  closeWrite = (): Promise<void> => this.act('closeWrite', (conn) => conn.closeWrite(), done);
  setNoDelay = (): Promise<void> => this.act('setNoDelay', (conn) => conn.setNoDelay(), done);
  handshake = (): Promise<void> => this.act('handshake', (conn) => conn.handshake?.(), done);
}

const done = (): string => 'done';

interface Situation {
  readonly title: string;
  readonly tls?: boolean;
  readonly play: (stage: Stage) => Promise<void>;
}

/** More than the operating system takes while the peer does not read. */
const LARGE = 12_000_000;

export const SITUATIONS: readonly Situation[] = [
  {
    title: 'a read waits for bytes, and takes no more than it has room for',
    async play(s) {
      const reading = s.read(60);
      await s.quiet();
      s.note('the peer writes');
      s.peer.write(100);
      await reading;
      await s.read(60);
    },
  },
  {
    title: 'a FIN: null, again and again; it may still be written',
    async play(s) {
      s.peer.end();
      await s.read();
      await s.read();
      await s.write(10);
      await s.until(() => s.peer.read === 10, 'read by the peer');
    },
  },
  {
    title: 'bytes in front of a FIN',
    async play(s) {
      s.peer.write(100);
      s.peer.end();
      await s.quiet();
      await s.read();
      await s.read();
    },
  },
  {
    title: 'an RST while it reads, and what follows',
    async play(s) {
      const reading = s.read();
      await s.quiet();
      s.peer.reset();
      await reading;
      await s.read();
      await s.write(10);
      await s.closeWrite();
      await s.setNoDelay();
      await s.close();
    },
  },
  {
    title: 'an RST, then a write',
    async play(s) {
      s.peer.reset();
      await s.quiet();
      await s.write(10);
      await s.write(10);
      await s.read();
    },
  },
  {
    title: 'bytes, then an RST, then a read',
    async play(s) {
      s.peer.write(100);
      await s.quiet();
      s.peer.reset();
      await s.quiet();
      await s.read();
      await s.read();
      await s.read();
    },
  },
  {
    title: 'a write is taken partly, and the next one waits until the peer reads',
    async play(s) {
      s.peer.hold();
      await s.write(LARGE);
      let done = false;
      let taken = 0;
      const rest = (async () => {
        for (let left = 8_000_000; left > 0; left -= taken) taken = await s.conn.write(new Uint8Array(left));
        done = true;
      })();
      await s.quiet();
      s.note(`done: ${done}`);
      s.peer.release();
      await rest;
      s.note(`done: ${done}`);
    },
  },
  {
    title: 'an RST while a write waits',
    async play(s) {
      s.peer.hold();
      await s.write(LARGE);
      let failure = '';
      const rest = (async () => {
        while (true) await s.conn.write(new Uint8Array(LARGE));
      })().catch((error) => {
        failure = error.name;
      });
      await s.quiet();
      s.peer.reset();
      await rest;
      s.note(`write: ${failure}`);
    },
  },
  {
    title: 'closed while it reads, and what follows',
    async play(s) {
      const reading = s.read();
      await s.quiet();
      await s.close();
      await reading;
      await s.close();
      await s.read();
      await s.write(10);
      await s.closeWrite();
      await s.setNoDelay();
      await s.until(() => s.peer.ended, 'the FIN');
    },
  },
  {
    title: 'closed while a write waits',
    async play(s) {
      s.peer.hold();
      await s.write(LARGE);
      let failure = '';
      const rest = (async () => {
        while (true) await s.conn.write(new Uint8Array(LARGE));
      })().catch((error) => {
        failure = error.name;
      });
      await s.quiet();
      await s.close();
      await rest;
      s.note(`write: ${failure}`);
    },
  },
  {
    title: 'its writable side is ended: what the peer sends is still read',
    async play(s) {
      await s.closeWrite();
      await s.until(() => s.peer.ended, 'the FIN');
      s.peer.write(100);
      await s.read();
      await s.closeWrite();
      await s.write(10);
    },
  },
  {
    title: 'TLS: the handshake waits, and so do reads and writes',
    tls: true,
    async play(s) {
      const all = s.handshake();
      await s.quiet();
      s.note('the peer shakes hands');
      s.secure();
      await all;
      await s.write(100);
      await s.until(() => s.peer.read === 100, 'read by the peer');
      await s.handshake();
    },
  },
  {
    title: 'TLS: the peer ends before the handshake',
    tls: true,
    async play(s) {
      const all = s.handshake();
      await s.quiet();
      s.peer.end();
      await all;
      await s.handshake();
    },
  },
  {
    title: 'TLS: the peer resets before the handshake',
    tls: true,
    async play(s) {
      const all = s.handshake();
      await s.quiet();
      s.peer.reset();
      await all;
    },
  },
  {
    title: 'TLS: closed before the handshake',
    tls: true,
    async play(s) {
      // This promise may never settle.
      void s.handshake();
      await s.quiet();
      await s.close();
      await s.quiet();
      await s.close();
      await s.read();
    },
  },
];
