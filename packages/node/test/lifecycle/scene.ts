// A socket under test with its adapter and its peer: what has been told of them, in the words of the table.
import { Connection, type EndEvent, HandshakeError } from '@sockless/core';
import { countListeners } from '../../../tools/testing.ts';
import { attach, connect, type Handlers, type WebSocketConnection } from '../../src/index.ts';
import { soon } from '../support.ts';
import { VirtualClock } from '@sockless/adapter/testing';
import { causeOf, type Transport } from './transport.ts';

/** How long a cell may take to become as the table has it, in milliseconds. */
const PATIENCE = 2000;

/** The deadlines that are not those of a heartbeat, whose peers answer. */
const OPTIONS = { heartbeat: false } as const;

/** What may be told of a cell, in the order in which it is told. */
const WORDS = ['opens', 'message', 'Close', 'all arrives', 'drain', 'error', 'end', 'the socket closes', 'goes on'];

/** A socket, the connection on it, and what has been told of both. */
export class Scene {
  readonly clock = new VirtualClock();
  readonly controller = new AbortController();
  readonly ends: EndEvent[] = [];
  readonly transport: Transport;
  ws: WebSocketConnection | undefined;
  /** What has been told since the event, and since what holds it up was released. */
  told: string[] = [];
  #wasGone = false;
  #marked = false;
  readonly #listeners = countListeners(this.controller.signal);

  constructor(transport: Transport) {
    this.transport = transport;
  }

  readonly handlers: Handlers = {
    open: () => this.#tell('opens'),
    message: (_, data) => {
      if (data === 'marker') this.#marked = true;
      else this.#tell('message');
    },
    drain: () => this.#tell('drain'),
    end: (_, event) => {
      this.ends.push(event);
      this.#tell(`end ${event.code}${event.clean ? ' clean' : ''}${why(event)}`);
    },
    error: (_, error) => this.#tell(`error ${error}`),
  };

  #tell(what: string): void {
    this.told.push(what);
  }

  /** Hands the socket to an adapter: a client's by `connect`, a server's by `attach`. */
  plug(role: 'client' | 'server'): void {
    const { transport, clock, handlers } = this;
    const { signal } = this.controller;
    if (role === 'server') {
      this.ws = attach(transport.socket, Connection.opened('server', {}, OPTIONS), handlers, { clock });
    } else {
      const createSocket = (): typeof transport.socket => transport.socket;
      this.ws = connect('ws://localhost/', { ...OPTIONS, clock, signal, createSocket }, handlers);
    }
    this.listen();
  }

  /** Hears of what the peer gets. */
  listen(): void {
    const { peer } = this.transport;
    if (peer === undefined) return;
    peer.onClose = (code) => this.#tell(`Close ${code}`);
    peer.onLarge = () => this.#tell('all arrives');
  }

  /** Forgets what was told, for what comes next to be told alone. */
  begin(): void {
    this.told = [];
    this.#wasGone = this.isOver && this.transport.isGone;
  }

  get isOver(): boolean {
    return this.ends.length > 0;
  }

  /** What has been told, in words. */
  get words(): string {
    const told = [...this.told];
    const before = this.ends.length > 0 && !told.some((what) => what.startsWith('end'));
    if (before && !this.#wasGone && this.transport.isGone) told.push('the socket closes');
    return WORDS.flatMap((word) => told.filter((what) => what.startsWith(word))).join(', ');
  }

  /** Waits until `words` are these; or, where nothing is expected, some turns of the loop. */
  async until(words: string): Promise<void> {
    if (words === '') await soon();
    const limit = performance.now() + PATIENCE;
    do {
      await turn(this.clock);
      this.listen();
    } while (this.words !== words && performance.now() < limit);
  }

  /** Exchanges a message in both directions, unless the connection ends. */
  async exchange(): Promise<void> {
    const { transport, ws } = this;
    this.#marked = false;
    const { words } = this;
    transport.peer?.text('marker');
    ws?.send('marker');
    const limit = performance.now() + PATIENCE;
    while (!this.isOver && performance.now() < limit) {
      if (this.#marked && transport.peer?.texts.includes('marker')) {
        await turn(this.clock);
        // What waited for this exchange would have waited for ever without it.
        if (this.words !== words) this.#tell('error: told late');
        this.#tell('goes on');
        return;
      }
      await turn(this.clock);
      this.listen();
    }
  }

  /** Ends what has not ended. Returns what is wrong then, or was all the time. */
  async finish(): Promise<string[]> {
    const { ws, transport, clock } = this;
    if (ws === undefined) return [];
    const wasOver = this.isOver;
    if (!wasOver) ws.terminate();
    const limit = performance.now() + PATIENCE;
    // That a socket is gone is told before it has closed, which is when its driver forgets its deadline.
    while (!(transport.isGone && this.isOver && clock.timers === 0) && performance.now() < limit) await turn(clock);
    transport.peer?.destroy();
    await soon();
    clock.advance(0);
    const faults: string[] = [];
    if (this.ends.length !== 1) faults.push(`${this.ends.length} ends`);
    if (!transport.isGone) faults.push('the socket is open');
    if (clock.timers > 0) faults.push('a timer runs');
    if (this.#listeners.count > 0) faults.push('the signal has a listener');
    if (ws.state !== 'closed' || ws.send('x')) faults.push('the state is not closed');
    if ((await ws.closed) !== this.ends[0]) faults.push('closed says something else');
    const opened = await ws.opened.then(
      () => true,
      () => false,
    );
    if (opened !== (ws.openEvent !== undefined)) faults.push('opened is wrong');
    return faults;
  }
}

/** Lets the peers and the timers of a moment have their turn. */
export async function turn(clock: VirtualClock): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2));
  clock.advance(0);
}

function why({ code, clean, explanation }: EndEvent): string {
  const { error, cause } = explanation;
  if (clean) return '';
  if (error !== undefined && !(error instanceof HandshakeError && error.rule === 'handshake-interrupted'))
    return `: ${error.rule}`;
  return code === 1006 || cause !== undefined ? `: ${causeOf(cause)}` : '';
}
