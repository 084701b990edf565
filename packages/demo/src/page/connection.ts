/** The page's connection to the server: the browser's own WebSocket, its tap, and reconnecting with the adapter's backoff. */
import { type BackoffPolicy, backoffDelay, nextAttempt } from '@sockless/adapter';
import {
  type ClientMessage,
  decodeMirroredFrame,
  type MirroredFrame,
  parseServerMessage,
  type ServerMessage,
  type TapMessage,
} from '../protocol.ts';
import { Inflation } from './inflation.ts';

/** The state of the connection. */
export type LinkState =
  | { readonly name: 'connecting' }
  | { readonly name: 'open' }
  /** The next attempt is due at `until`, on the clock of `performance.now()`. */
  | { readonly name: 'waiting'; readonly until: number };

/** Receives the events of the connection. */
export interface LinkHandlers {
  state(state: LinkState): void;
  message(message: ServerMessage): void;
  binary(bytes: ArrayBuffer): void;
  /** `inflation` belongs to the frame's connection. */
  frame(frame: MirroredFrame, inflation: Inflation): void;
  tap(message: TapMessage, inflation: Inflation): void;
  /** The browser's description of the end of an open connection. */
  lost(code: number, reason: string): void;
}

/** The delays before reconnecting: full jitter, at first up to 1.5 seconds, later up to 15. */
const POLICY: BackoffPolicy = { base: 1500, factor: 1.8, cap: 15_000 };

const random = (bytes: Uint8Array<ArrayBuffer>): unknown => crypto.getRandomValues(bytes);

export class Link {
  readonly #handlers: LinkHandlers;
  #chat: WebSocket | undefined = undefined;
  #tap: WebSocket | undefined = undefined;
  #attempt = -1;
  #openedAt = Infinity;
  #retry: number | undefined = undefined;

  constructor(handlers: LinkHandlers) {
    this.#handlers = handlers;
  }

  get open(): boolean {
    return this.#chat?.readyState === WebSocket.OPEN;
  }

  /** Opens the tap, and then the chat with the token from the tap. */
  connect(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#handlers.state({ name: 'connecting' });
    // The last tap may still have to report how its connection ended, but only for a limited time.
    const last = this.#tap;
    setTimeout(() => last?.close(), 2000);
    const tap = new WebSocket(address('/tap'));
    // The last tap may still have to show frames of its own connection.
    const inflation = new Inflation();
    this.#tap = tap;
    tap.binaryType = 'arraybuffer';
    tap.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data !== 'string') return this.#handlers.frame(decodeMirroredFrame(data), inflation);
      const message = parseServerMessage<TapMessage>(data);
      if (message.type === 'token') this.#openChat(message.token);
      else this.#handlers.tap(message, inflation);
    };
    tap.onclose = () => {
      if (this.#tap === tap && this.#chat === undefined) this.#wait();
    };
  }

  /** Connects now instead of waiting. */
  connectNow(): void {
    if (this.#retry !== undefined) this.connect();
  }

  /** Sends a message if the connection is open, and returns whether it was. */
  send(message: ClientMessage): boolean {
    return this.sendRaw(JSON.stringify(message));
  }

  /** Like {@link send}, for text or bytes. */
  sendRaw(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (!this.open) return false;
    this.#chat?.send(data);
    return true;
  }

  close(code: number, reason: string): void {
    this.#chat?.close(code, reason);
  }

  #openChat(token: string): void {
    const chat = new WebSocket(address(`/chat?tap=${token}`));
    this.#chat = chat;
    chat.binaryType = 'arraybuffer';
    chat.onopen = () => {
      this.#openedAt = performance.now();
      this.#handlers.state({ name: 'open' });
    };
    chat.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') this.#handlers.message(parseServerMessage<ServerMessage>(data));
      else this.#handlers.binary(data);
    };
    chat.onclose = ({ code, reason }) => {
      this.#chat = undefined;
      if (this.#openedAt < Infinity) this.#handlers.lost(code, reason);
      this.#wait();
    };
  }

  /** Waits as long as the backoff says. The tap may stay open, because it still has to report how the connection ended. */
  #wait(): void {
    const openFor = performance.now() - this.#openedAt;
    this.#openedAt = Infinity;
    this.#attempt = nextAttempt(this.#attempt, openFor, POLICY);
    const delay = backoffDelay(this.#attempt, POLICY, random) ?? 0;
    this.#handlers.state({ name: 'waiting', until: performance.now() + delay });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.connect(), delay);
  }
}

const address = (path: string): string => `${location.origin.replace(/^http/, 'ws')}${path}`;
