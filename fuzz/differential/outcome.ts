/** What an implementation makes of bytes, in terms that all of them share, and how bytes are put to one. */
import type { ProtocolRuleName, Role } from '../../packages/core/src/index.ts';
import { encodeFrame } from '../../packages/core/test/reference.ts';
import type { Summary } from '../../packages/core/test/support.ts';

/** What came of bytes. */
export interface Outcome {
  /** Whole messages, Ping, Pong and Close frames, in order. */
  readonly events: readonly Summary[];
  /** The code it failed the connection with; or whether the bytes ended between two frames, or inside of one. */
  readonly verdict: number | 'ok' | 'incomplete' | 'threw';
  /** Why it failed, as it says itself: for people, but for ours, which is the name of the rule. */
  readonly why?: ProtocolRuleName | string | undefined;
}

/** An implementation with an open connection. */
export interface Implementation {
  readonly name: string;
  readonly roles: readonly Role[];
  /**
   * @param chunks of which it may do with as it likes
   * @param limit how long a message may be, in bytes, where it has such a limit
   */
  receive(role: Role, chunks: readonly Uint8Array[], limit: number): Promise<Outcome>;
  /** An event as it lets it be seen, where that loses something. */
  sees?(event: Summary): Summary;
  /** The bytes of messages that it sends, where that part of it can be driven. */
  send?(role: Role, messages: readonly Message[]): Promise<Uint8Array>;
}

/** A message to be sent. */
export type Message = string | Uint8Array;

/** What is put on record of a connection while it gets chunks. */
export class Session {
  readonly events: Summary[] = [];
  #failure: { code: number; why: string } | undefined = undefined;

  /** Whether nothing that follows counts. */
  get over(): boolean {
    return this.#failure !== undefined || this.events.at(-1)?.[0] === 'close';
  }

  /** Records an event, unless the connection is over. */
  on(...event: Summary): void {
    if (!this.over) this.events.push(event);
  }

  /** Records that the connection is failed. */
  fail(code: number, why: string): void {
    if (!this.over) this.#failure = { code, why };
  }

  /**
   * Gives the chunks, then a Ping frame: it is seen where the bytes have ended between two frames.
   *
   * @param receive gives one chunk; what it leads to may be recorded until the event loop has turned
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

/** An empty Ping frame for each role: so short that no limit is about it. */
export const PROBES: Readonly<Record<Role, Uint8Array>> = {
  client: encodeFrame({ opcode: 9 }),
  server: encodeFrame({ opcode: 9, key: [0, 0, 0, 0] }),
};
