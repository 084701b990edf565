/** What the applications of a simulation send, and what arrives of it. */
import * as assert from 'uvu/assert';
import { type ConnectionEvent, prepare, StateError } from '../../src/index.ts';
import type { End, Random } from '../pair.ts';
import { toHex } from '../support.ts';

/** The option `maxQueuedBytes` of both ends. */
export const MAX_QUEUED = 4000; // bytes

/** Returns the whole messages that arrived, in a form that compares well. */
export function received(events: readonly ConnectionEvent[]): string[] {
  const messages: string[] = [];
  let parts = '';
  for (const event of events) {
    if (event.type === 'text') messages.push(event.data);
    if (event.type === 'binary') messages.push(toHex(event.data));
    if (event.type !== 'fragment') continue;
    parts +=
      event.opcode === 1 ? new TextDecoder('utf-8', { fatal: true }).decode(event.data) : ` ${toHex(event.data)}`;
    if (!event.final) continue;
    messages.push(event.opcode === 1 ? parts : parts.trim());
    parts = '';
  }
  return messages;
}

/** The application of one end, which remembers the whole messages that it has sent. */
export class Application {
  readonly sent: string[] = [];
  readonly end: End;
  readonly #random: Random;
  readonly #onFull: () => void;
  /** The fragments of a message that is not complete. */
  #fragments: string | undefined = undefined;

  constructor(end: End, random: Random, onFull: () => void) {
    this.end = end;
    this.#random = random;
    this.#onFull = onFull;
  }

  sendText(): void {
    const text = '€'.repeat(this.#size());
    this.#send(text, text);
  }

  sendBinary(): void {
    const bytes = new Uint8Array(this.#size()).map((_, at) => at + this.sent.length);
    this.#send(bytes, toHex(bytes));
  }

  #send(data: string | Uint8Array, message: string): void {
    if (this.#fragments !== undefined) this.sendFragment(true);
    if (this.#fragments !== undefined) return;
    const given = this.#random() < 0.2 ? prepare(data) : data;
    this.#do(() => this.end.connection.send(given), message);
  }

  sendFragment(final = this.#random() < 0.3): void {
    const part = 'é'.repeat(this.#size());
    const message = (this.#fragments ?? '') + part;
    const sent = this.#do(() => this.end.connection.sendFragment(part, final), final ? message : undefined);
    if (sent) this.#fragments = final ? undefined : message;
  }

  ping(): void {
    this.#do(() => this.end.connection.ping(String(this.sent.length)));
  }

  #size(): number {
    return Math.floor(this.#random() ** 6 * 1500);
  }

  /** Tries an action. If it is not possible, it must throw the right error and change nothing. */
  #do(action: () => void, message?: string): boolean {
    const { connection } = this.end;
    try {
      action();
      if (message !== undefined) this.sent.push(message);
      return true;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      if (error.rule === 'queue-full') {
        this.#onFull();
        assert.ok(connection.queuedBytes >= MAX_QUEUED);
      } else assert.ok(error.rule === 'not-open' && connection.state !== 'open', error.message);
      return false;
    }
  }
}
