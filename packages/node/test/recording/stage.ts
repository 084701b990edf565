// A socket, its peer, and the observable behaviour of the socket, whether real or simulated.
import type { Socket } from 'node:net';
import { CommonStage, type Peer } from '../../../adapter/test/recording.ts';

export type { Peer };

/** How the socket of a situation is made. */
export interface Kind {
  readonly allowHalfOpen?: boolean;
  readonly connecting?: boolean;
  readonly tls?: boolean;
  /** Whether the peer does not read. */
  readonly deaf?: boolean;
}

/** The objects that a situation acts on. */
export class Stage extends CommonStage {
  readonly socket: Socket;
  readonly peer: Peer;
  /** Completes the connection of a connecting socket. */
  readonly connect: () => void;
  /** Lets the connection fail. */
  readonly refuse: () => void;
  /** Completes its TLS handshake. */
  readonly secure: () => void;

  constructor(
    socket: Socket,
    peer: Peer,
    acts: Pick<Stage, 'connect' | 'refuse' | 'secure'>,
    quiet: () => Promise<void>,
  ) {
    super(quiet);
    this.socket = socket;
    this.peer = peer;
    this.connect = acts.connect;
    this.refuse = acts.refuse;
    this.secure = acts.secure;
    for (const name of ['connect', 'secureConnect', 'end', 'finish', 'drain'] as const) {
      socket.on(name, () => this.note(name));
    }
    socket.on('error', (error: NodeJS.ErrnoException) => this.note(`error ${error.syscall ?? ''} ${error.code}`));
    socket.on('close', (hadError) => this.note(`close${hadError ? ' after an error' : ''}`));
  }

  /** Reads, and notes the number of bytes when it has arrived. */
  read(expected: number): void {
    let read = 0;
    this.socket.on('data', ({ length }) => {
      read += length;
      if (read >= expected) this.note(`read ${read}`);
    });
  }

  write(length: number): void {
    const { socket } = this;
    const result = socket.write(new Uint8Array(length), (error) => this.note(`wrote ${length}${codeOf(error)}`));
    this.note(`write ${length}: ${result}, ${socket.writableLength} wait`);
  }

  end(): void {
    this.socket.end();
    this.note('ends');
  }

  /** Notes the properties of the socket. */
  flags(): void {
    const { socket } = this;
    const facts = FLAGS.filter((name) => socket[name]).join(' ');
    const { writableLength, bytesWritten, bytesRead, errored } = socket;
    const error = errored === null ? '' : `, errored ${(errored as NodeJS.ErrnoException).code}`;
    const paused = socket.isPaused() ? ' paused' : '';
    const counts = `${writableLength} wait, ${bytesWritten} written, ${bytesRead} read`;
    // Bytes added by TLS are counted too.
    this.note(`= ${facts}${paused}${error}${'encrypted' in socket && socket.encrypted ? '' : `; ${counts}`}`);
  }
}

const FLAGS = [
  ...['connecting', 'readable', 'readableEnded', 'writable', 'writableEnded', 'writableFinished'],
  ...['writableNeedDrain', 'destroyed', 'closed'],
] as readonly (keyof Socket)[];

const codeOf = (error: NodeJS.ErrnoException | null | undefined): string => (error ? `: ${error.code}` : '');
