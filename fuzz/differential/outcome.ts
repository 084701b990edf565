/** The outcome of received bytes, in terms that all implementations share, and how bytes are passed to one. */
import type { ProtocolRuleName, Role } from '../../packages/core/src/index.ts';
import { encodeFrame } from '../../packages/core/test/reference.ts';
import type { Summary } from '../../packages/core/test/support.ts';

/** The outcome of bytes. */
export interface Outcome {
  /** Whole messages, Ping, Pong and Close frames, in order. */
  readonly events: readonly Summary[];
  /** The code with which it failed the connection; otherwise whether the bytes ended between two frames or inside one. */
  readonly verdict: number | 'ok' | 'incomplete' | 'threw';
  /** The reason of a failure. Ours is the name of the rule; that of a peer is only for people. */
  readonly why?: ProtocolRuleName | string | undefined;
}

/** An implementation with an open connection. */
export interface Implementation {
  readonly name: string;
  readonly roles: readonly Role[];
  /**
   * @param chunks belong to the implementation
   * @param limit the longest message in bytes, if it has such a limit
   */
  receive(role: Role, chunks: readonly Uint8Array[], limit: number): Promise<Outcome>;
  /** Maps an event to the form in which this implementation shows it, if that loses information. */
  sees?(event: Summary): Summary;
  /** Returns the bytes of messages that it sends, if we can drive its sender. */
  send?(role: Role, messages: readonly Message[]): Promise<Uint8Array>;
}

/** A message to be sent. */
export type Message = string | Uint8Array;

/** Records what a connection does while it receives chunks. */
export class Session {
  readonly events: Summary[] = [];
  #failure: { code: number; why: string } | undefined = undefined;

  /** Whether the connection is over and further events do not count. */
  get over(): boolean {
    return this.#failure !== undefined || this.events.at(-1)?.[0] === 'close';
  }

  /** Records an event, unless the connection is over. */
  on(...event: Summary): void {
    if (!this.over) this.events.push(event);
  }

  /** Records that the connection failed. */
  fail(code: number, why: string): void {
    if (!this.over) this.#failure = { code, why };
  }

  /**
   * Passes the chunks, then a Ping frame, which is answered only if the bytes ended between two frames.
   *
   * @param receive passes one chunk; its events may be recorded until the event loop has turned
   */
  async play(role: Role, chunks: readonly Uint8Array[], receive: (chunk: Buffer) => void): Promise<Outcome> {
    try {
      for (const chunk of chunks) {
        if (!this.over) receive(Buffer.from(chunk));
      }
      await new Promise(setImmediate);
      const events = [...this.events];
      if (this.#failure !== undefined) return { events, verdict: this.#failure.code, why: this.#failure.why };
      if (this.over) return { events, verdict: 'ok' };
      receive(Buffer.from(PROBES[role]));
      await new Promise(setImmediate);
      const seen = this.events.length === events.length + 1 && this.events.at(-1)?.join() === 'ping,';
      return { events, verdict: seen ? 'ok' : 'incomplete' };
    } catch (error) {
      return { events: this.events, verdict: 'threw', why: String(error) };
    }
  }
}

/** An empty Ping frame for each role, too short for any limit. */
export const PROBES: Readonly<Record<Role, Uint8Array>> = {
  client: encodeFrame({ opcode: 9 }),
  server: encodeFrame({ opcode: 9, key: [0, 0, 0, 0] }),
};
