/** The page's connection to the server: the browser's own WebSocket, its tap, and connecting again with the adapter's backoff. */
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

/** Where the connection stands. */
export type LinkState =
  | { readonly name: 'connecting' }
  | { readonly name: 'open' }
  /** The next attempt is at `until`, on the clock of `performance.now()`. */
  | { readonly name: 'waiting'; readonly until: number };

/** What the connection tells the page. */
export interface LinkHandlers {
  state(state: LinkState): void;
  message(message: ServerMessage): void;
  binary(bytes: ArrayBuffer): void;
  /** `inflation` is that of the frame's connection. */
  frame(frame: MirroredFrame, inflation: Inflation): void;
  tap(message: TapMessage, inflation: Inflation): void;
  /** What the browser says of the end of a connection that was open. */
  lost(code: number, reason: string): void;
}

/** When to connect again: full jitter, the first time within a second and a half, later within 15. */
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

  /** Opens the tap, and with the token it gives the chat. */
  connect(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#handlers.state({ name: 'connecting' });
    // The last tap may have yet to tell how its connection ended; but it is not left open for ever.
    const last = this.#tap;
    setTimeout(() => last?.close(), 2000);
    const tap = new WebSocket(address('/tap'));
    // The last tap may still have frames of its own connection to show.
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

  /** Connects now instead of waiting any longer. */
  connectNow(): void {
    if (this.#retry !== undefined) this.connect();
  }

  /** Sends a message if the connection is open, and says whether it was. */
  send(message: ClientMessage): boolean {
    return this.sendRaw(JSON.stringify(message));
  }

  /** {@link send} for anything. */
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

  /** Waits for as long as the backoff says. The tap may live on: it has yet to tell how the connection ended. */
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
