/** An application that acts at random, driven by a seed, and records what it was told, so that tests can check what it may rely on. */
import type { EndEvent } from '@sockless/core';
import type { Handlers } from '../handlers.ts';
import type { WebSocketConnection } from '../websocket-connection.ts';
import type { ApplicationOptions, Manner } from './manner.ts';
import { bytesOf, keyOf, textOf } from './messages.ts';
import type { Random } from './random.ts';

/** An application with one connection. */
export class Application {
  /** The messages for which `send` returned true, in order, in the form of {@link keyOf}. */
  readonly sent: string[] = [];
  /** The messages that arrived, in order, in the same form. */
  readonly received: string[] = [];
  /** Every `end` event. */
  readonly ends: EndEvent[] = [];
  /** Every error that its handlers threw or rejected with. */
  readonly thrown: unknown[] = [];
  /** Every error that its `error` handler received. */
  readonly errors: unknown[] = [];
  /** The signals that it waits for, after it was told to wait. */
  readonly waiting: Set<'drain' | 'drained' | 'written'> = new Set();
  /** The number of `open` events. */
  opened = 0;
  /** Whether it has paused the connection. */
  paused = false;
  /** When true, it only receives. */
  quiet = false;
  /** The handlers for its connection. */
  readonly handlers: Handlers;
  /** Its habits. */
  readonly manner: Manner;
  readonly #options: ApplicationOptions;
  readonly #random: Random;
  readonly #note: (what: string) => void;
  #ws: WebSocketConnection | undefined = undefined;
  #number = 0;
  #looping = false;
  #fragments: string | undefined = undefined;

  /** Creates an application that does nothing before {@link has} gives it a connection. */
  constructor(options: ApplicationOptions) {
    this.#options = options;
    this.#random = options.random;
    this.#note = options.note ?? (() => undefined);
    this.manner = options.manner;
    this.handlers = this.#makeHandlers();
  }

  /** Its connection. */
  get ws(): WebSocketConnection | undefined {
    return this.#ws;
  }

  /** Sets the connection that was made with its handlers. */
  has(ws: WebSocketConnection): void {
    this.#ws = ws;
    // `drain` is not called after the end.
    void ws.closed.then(() => this.waiting.delete('drain'));
    if (this.manner.reads === 'loop' && this.#random() < 0.5) void this.#loop();
  }

  /** Does one random action. */
  act(): void {
    const ws = this.#ws;
    if (ws === undefined || this.quiet) return;
    const chance = this.#random();
    if (chance < 0.4) this.send();
    else if (chance < 0.55) this.pump(1 + Math.floor(this.#random() * 100));
    else if (chance < 0.65) this.sendFragment();
    else if (chance < 0.7) this.#told('ping', ws.ping('ping'));
    else if (chance < 0.75) this.#await('drained', ws.drained);
    else if (chance < 0.8) this.#await('written', ws.written);
    else if (chance < 0.85) this.#lend();
    else if (chance < 0.88) this.#later(() => this.send());
    else if (chance < 0.91) this.#mingle(ws);
    else if (!this.manner.moody) return;
    else if (chance < 0.94) this.pause();
    else if (chance < 0.98) this.resume();
    else if (this.#random() < 0.5) this.close();
    else this.terminate();
  }

  /** Sends a message, and remembers what it must wait for before the next. */
  send(): boolean {
    const ws = this.#ws;
    if (ws === undefined || (this.waiting.has('drain') && !this.manner.impatient)) return false;
    if (this.#fragments !== undefined) this.sendFragment(true);
    if (this.#fragments !== undefined) return false;
    const data = this.#next();
    const taken = this.#sent(data, ws.send(data));
    // The bytes are ours again, so we may overwrite them.
    if (typeof data !== 'string') data.fill(255);
    return taken;
  }

  /** Sends messages until it has to wait, as an upload does. */
  pump(most: number): void {
    for (let i = 0; i < most && this.send(); i++);
  }

  /** Sends a fragment of a message. */
  sendFragment(final: boolean = this.#random() < 0.4): void {
    const ws = this.#ws;
    if (ws === undefined) return;
    const part = this.#fragments === undefined ? `${this.#number++}.` : 'f'.repeat(this.#length());
    const whole = (this.#fragments ?? '') + part;
    const taken = ws.sendFragment(part, final);
    this.#told(`send a fragment of ${part.length}${final ? ', the last' : ''}`, taken);
    if (!taken) return;
    this.#fragments = final ? undefined : whole;
    if (final) this.sent.push(keyOf(whole));
  }

  /** Whether it is not in the middle of a message that it sends in fragments. */
  get isBetweenMessages(): boolean {
    return this.#fragments === undefined;
  }

  /** A message to many was sent to it as well. */
  hasSent(data: string | Uint8Array): void {
    this.#sent(data, true);
  }

  /** Joins the others, leaves them, or sends to all of them. */
  #mingle(ws: WebSocketConnection): void {
    const { crowd } = this.#options;
    if (crowd === undefined) return;
    if (this.#random() < 0.5) this.#note(crowd.toggle(this, ws));
    else {
      const data = this.#next();
      this.#note(`broadcast ${data.length}: ${JSON.stringify(crowd.broadcast(this.#random, data))}`);
    }
  }

  /** Stops reading. */
  pause(): void {
    this.#note('pause');
    this.paused = true;
    this.#ws?.pause();
  }

  /** Resumes the connection. */
  resume(): void {
    if (this.paused) this.#note('resume');
    this.paused = false;
    this.#ws?.resume();
  }

  /** Begins the closing handshake. */
  close(): void {
    this.#note('close');
    this.#ws?.close(1000);
  }

  /** Terminates the connection. */
  terminate(): void {
    this.#note('terminate');
    this.#ws?.terminate();
  }

  #makeHandlers(): Handlers {
    const { reads, hearsErrors } = this.manner;
    return {
      open: () => {
        this.opened++;
        this.#note('open');
        if (this.manner.greets && !this.quiet && this.#random() < 0.8) this.pump(5);
        if (reads === 'loop' && !this.#looping) {
          // The handler returns the loop's promise. Its rejection at the end of the connection must not count as an error of the handler.
          if (this.#random() < 0.5) return this.#loop(true) as unknown as undefined;
          void this.#loop();
        }
        return this.#perhapsFail('open');
      },
      ...(reads === 'handler' && { message: (_, data) => this.#handle(data) }),
      drain: () => {
        this.#note('drain');
        this.waiting.delete('drain');
        if (!this.quiet && this.#random() < 0.5) this.pump(3);
        return this.#perhapsFail('drain');
      },
      fragment: (_, { data, final }) => {
        this.#note(`fragment of ${data.length}${final ? ', the last' : ''}`);
        return this.#perhapsFail('fragment');
      },
      close: (_, code) => {
        this.#note(`the peer's Close frame, ${code}`);
        return this.#perhapsFail('close');
      },
      end: (_, event) => {
        this.#note(`end ${event.code}: ${event.explanation.summary}`);
        this.ends.push(event);
        this.waiting.delete('drain');
        this.#fragments = undefined;
        if (!this.quiet && this.#random() < 0.2) this.send();
        return this.#perhapsFail('end');
      },
      ...(hearsErrors && {
        error: (_: unknown, error: unknown) => {
          this.#note(`error ${error}`);
          this.errors.push(error);
        },
      }),
    };
  }

  #handle(data: string | Uint8Array): undefined {
    this.#receive(data);
    if (this.quiet) return undefined;
    const chance = this.#random();
    if (chance < 0.2) this.send();
    else if (chance < 0.25) this.#later(() => this.send());
    else if (chance < 0.3) void Promise.resolve().then(() => this.send());
    else if (chance < 0.33) this.act();
    return this.#perhapsFail('message');
  }

  #receive(data: string | Uint8Array): void {
    this.received.push(keyOf(data));
    this.#note(`message ${this.received.at(-1)}`);
  }

  /** @param ends whether a `ConnectionEndedError` at the end of the connection rejects this promise */
  async #loop(ends = false): Promise<void> {
    const ws = this.#ws;
    if (ws === undefined || this.#looping) return;
    this.#looping = true;
    this.#note('a loop begins');
    try {
      for await (const data of ws) {
        this.#receive(data);
        if (this.quiet) continue;
        if (this.#random() < 0.3) await this.#delay();
        if (this.#random() < 0.3) this.send();
        if (this.#random() < 0.05) break;
      }
    } catch (error) {
      if (ends && (error as Error).name === 'ConnectionEndedError') throw error;
    } finally {
      this.#looping = false;
      this.#note('the loop has ended');
    }
  }

  #lend(): void {
    const ws = this.#ws;
    if (ws === undefined || (this.waiting.has('drain') && !this.manner.impatient) || !this.isBetweenMessages) return;
    const data = bytesOf(this.#number++, 4096 + this.#length());
    if (!this.#sent(data, ws.send(data, { lend: true }))) return;
    // Then the bytes are ours again, so we may overwrite them.
    void ws.written?.then(() => data.fill(255));
  }

  #sent(data: string | Uint8Array, taken: boolean): boolean {
    this.#told(`send ${data.length}`, taken);
    const { highWaterMark = 65_536 } = this.#options;
    if (taken) this.sent.push(keyOf(data));
    if (taken && (this.#ws?.queuedBytes ?? 0) > highWaterMark) this.waiting.add('drain');
    return taken;
  }

  #await(what: 'drained' | 'written', promise: Promise<void> | undefined): void {
    if (promise === undefined) return;
    this.#note(`await ${what}`);
    this.waiting.add(what);
    void promise.then(() => {
      this.#note(what);
      this.waiting.delete(what);
    });
  }

  #perhapsFail(where: string): undefined {
    if (this.quiet || !this.manner.fails || this.#random() > 0.03) return undefined;
    const error = Object.assign(new Error(`thrown in ${where}`), { name: 'HandlerError' });
    this.thrown.push(error);
    this.#note(`throw in ${where}`);
    if (this.#random() < 0.5) throw error;
    return Promise.reject(error) as unknown as undefined;
  }

  #later(call: () => void): void {
    this.#options.clock.setTimeout(() => {
      if (!this.quiet) call();
    }, this.#random() * 100);
  }

  #delay(): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.setTimeout(resolve, this.#random() * 100));
  }

  #next(): string | Uint8Array {
    const make = this.#random() < 0.5 ? textOf : bytesOf;
    return make(this.#number++, this.#length());
  }

  #length(): number {
    return Math.floor(this.#random() ** 3 * this.manner.longest);
  }

  #told(what: string, result: unknown): void {
    this.#note(`${what}: ${result}`);
  }
}
