// A socket, its peer, and what is to be seen of the socket: the same for a real one and for a simulated one.
import type { Socket } from 'node:net';
import { CommonStage, type Peer } from '../../../adapter/test/recording.ts';

export type { Peer };

/** What a socket of a situation is made as. */
export interface Kind {
  readonly allowHalfOpen?: boolean;
  readonly connecting?: boolean;
  readonly tls?: boolean;
  /** The peer does not read. */
  readonly deaf?: boolean;
}

/** What a situation acts on. */
export class Stage extends CommonStage {
  readonly socket: Socket;
  readonly peer: Peer;
  /** Lets a socket connect that is connecting. */
  readonly connect: () => void;
  /** Lets it fail to. */
  readonly refuse: () => void;
  /** Lets it complete the TLS handshake. */
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

  /** Reads, and notes how much once that much has arrived. */
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

  /** Notes what the socket says of itself. */
  flags(): void {
    const { socket } = this;
    const facts = FLAGS.filter((name) => socket[name]).join(' ');
    const { writableLength, bytesWritten, bytesRead, errored } = socket;
    const error = errored === null ? '' : `, errored ${(errored as NodeJS.ErrnoException).code}`;
    const paused = socket.isPaused() ? ' paused' : '';
    const counts = `${writableLength} wait, ${bytesWritten} written, ${bytesRead} read`;
    // What TLS adds is counted too.
    this.note(`= ${facts}${paused}${error}${'encrypted' in socket && socket.encrypted ? '' : `; ${counts}`}`);
  }
}

const FLAGS = [
  ...['connecting', 'readable', 'readableEnded', 'writable', 'writableEnded', 'writableFinished'],
  ...['writableNeedDrain', 'destroyed', 'closed'],
] as readonly (keyof Socket)[];

const codeOf = (error: NodeJS.ErrnoException | null | undefined): string => (error ? `: ${error.code}` : '');
