// Recordings of sockets: scripted situations, and the events in each. Each adapter has situations of its own.
import { readFileSync, writeFileSync } from 'node:fs';
import type { WireEnd } from '@sockless/adapter/testing';

/** The peer of the socket in a situation. */
export interface Peer {
  /** Sends this many bytes. */
  write(length: number): void;
  /** Sends a FIN. */
  end(): void;
  /** Sends an RST. */
  reset(): void;
  /** Closes its socket. */
  close(): void;
  /** Stops reading, and resumes. */
  hold(): void;
  release(): void;
  /** The number of bytes that it has read, and whether a FIN followed. */
  readonly read: number;
  readonly ended: boolean;
}

/** The notes of a situation. It is over when everything that it started is done. */
export class CommonStage {
  readonly notes: string[] = [];
  /** Waits a moment, in which an event that must not happen would be noted. */
  readonly #quiet: () => Promise<void>;

  constructor(quiet: () => Promise<void>) {
    this.#quiet = quiet;
  }

  note(what: string): void {
    this.notes.push(what);
  }

  /** Waits until this has been noted. */
  async saw(what: string): Promise<void> {
    await this.until(() => this.notes.some((note) => note.startsWith(what)), what);
  }

  async until(isSo: () => boolean, what: string): Promise<void> {
    const limit = performance.now() + PATIENCE;
    while (!isSo()) {
      if (performance.now() > limit) {
        this.note(`never: ${what}`);
        return;
      }
      await this.#quiet();
    }
  }

  async quiet(): Promise<void> {
    for (let turn = 0; turn < QUIET_TURNS; turn++) await this.#quiet();
  }
}

/** In milliseconds. */
const PATIENCE = 5000;

const QUIET_TURNS = 5;

/** The peer of a simulated socket. */
export function simulatedPeer(end: WireEnd): Peer {
  let holds = false;
  let ended = false;
  let read = 0;
  const onReadable = (): void => {
    try {
      while (!(holds || ended || end.closed)) {
        const bytes = end.read(65_536);
        if (bytes === undefined) return;
        if (bytes === 'end') ended = true;
        else read += bytes.length;
      }
    } catch {
      // The connection was reset.
    }
  };
  end.onReadable = onReadable;
  return {
    write: (length) => void end.take(new Uint8Array(length)),
    end: () => end.shutdown(),
    reset: () => end.reset(),
    close: () => end.close(),
    hold() {
      holds = true;
    },
    release() {
      holds = false;
      onReadable();
    },
    get read() {
      return read;
    },
    get ended() {
      return ended;
    },
  };
}

/** Notes by the title of their situation. */
export type Recording = Readonly<Record<string, readonly string[]>>;

export const readRecording = (path: URL): Recording => JSON.parse(readFileSync(path, 'utf8'));

export const writeRecording = (path: URL, recording: Recording): void =>
  writeFileSync(path, `${JSON.stringify(recording, null, 2)}\n`);

/** Describes the differences. */
export function difference(title: string, was: readonly string[] | undefined, is: readonly string[]): string {
  const lines = (notes: readonly string[]): string => notes.map((note) => `    ${note}`).join('\n');
  return `${title}\n  recorded:\n${lines(was ?? [])}\n  seen:\n${lines(is)}`;
}
