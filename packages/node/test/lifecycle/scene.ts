// A socket under test with its adapter and its peer: records what they observe, in the words of the table.

import { getEventListeners } from 'node:events';
import { VirtualClock } from '@sockless/adapter/testing';
import { Connection, type EndEvent, HandshakeError } from '@sockless/core';
import { attach, connect, type Handlers, type WebSocketConnection } from '../../src/index.ts';
import { soon } from '../support.ts';
import { causeOf, type Transport } from './transport.ts';

/** How long the outcome of a cell may take, in milliseconds. */
const PATIENCE = 2000;

/** All deadlines except the heartbeat's, whose pings the peer answers. */
const OPTIONS = { heartbeat: false } as const;

/** The observations of a cell, in the order in which they are reported. */
const WORDS = ['opens', 'message', 'Close', 'all arrives', 'drain', 'error', 'end', 'the socket closes', 'goes on'];

/** A socket, the connection on it, and the observations of both. */
export class Scene {
  readonly clock = new VirtualClock();
  readonly controller = new AbortController();
  readonly ends: EndEvent[] = [];
  readonly transport: Transport;
  ws: WebSocketConnection | undefined;
  /** The observations since the event, and since its obstacle was released. */
  told: string[] = [];
  #wasGone = false;
  #marked = false;

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

  /** Passes the socket to an adapter: a client's to `connect`, a server's to `attach`. */
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

  /** Observes what the peer receives. */
  listen(): void {
    const { peer } = this.transport;
    if (peer === undefined) return;
    peer.onClose = (code) => this.#tell(`Close ${code}`);
    peer.onLarge = () => this.#tell('all arrives');
  }

  /** Forgets the observations so far, so that the next ones are reported separately. */
  begin(): void {
    this.told = [];
    this.#wasGone = this.isOver && this.transport.isGone;
  }

  get isOver(): boolean {
    return this.ends.length > 0;
  }

  /** Returns the observations in words. */
  get words(): string {
    const told = [...this.told];
    const before = this.ends.length > 0 && !told.some((what) => what.startsWith('end'));
    if (before && !this.#wasGone && this.transport.isGone) told.push('the socket closes');
    return WORDS.flatMap((word) => told.filter((what) => what.startsWith(word))).join(', ');
  }

  /** Waits until the observations are `words`; if nothing is expected, for some turns of the event loop. */
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
        // An operation that waited for this exchange would otherwise wait for ever.
        if (this.words !== words) this.#tell('error: told late');
        this.#tell('goes on');
        return;
      }
      await turn(this.clock);
      this.listen();
    }
  }

  /** Ends everything. Returns the rules that did not hold at any time. */
  async finish(): Promise<string[]> {
    const { ws, transport, clock } = this;
    if (ws === undefined) return [];
    const wasOver = this.isOver;
    if (!wasOver) ws.terminate();
    const limit = performance.now() + PATIENCE;
    // A socket counts as gone before it has closed, and only then its driver clears its deadline.
    while (!(transport.isGone && this.isOver && clock.timers === 0) && performance.now() < limit) await turn(clock);
    transport.peer?.destroy();
    await soon();
    clock.advance(0);
    const faults: string[] = [];
    if (this.ends.length !== 1) faults.push(`${this.ends.length} ends`);
    if (!transport.isGone) faults.push('the socket is open');
    if (clock.timers > 0) faults.push('a timer runs');
    if (getEventListeners(this.controller.signal, 'abort').length > 0) faults.push('the signal has a listener');
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

/** Lets peers, and timers that are due, have their turn. */
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
