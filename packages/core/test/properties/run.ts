import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { DeflateTransform } from '../../src/deflate/index.ts';
import { Connection, type ConnectionEvent, type ResolvedServerOptions, type Role } from '../../src/index.ts';
import { PLAIN } from '../deflate/tools.ts';
import { concat, drain, equalBytes, hex, join, SEVENS, type Summary, summarize } from '../support.ts';

export const COMPRESSION = { level: 1, memLevel: 8, threshold: 20 } as const;

/** The kind of a connection. */
export interface Kind {
  readonly role: Role;
  /** Whether it is opened by its own opening handshake. */
  readonly opens: boolean;
  /** Where it compresses: the options are the same. */
  readonly compresses: boolean;
  /** What it receives once it is open. */
  readonly stream: Uint8Array;
}

export type Data = string | Uint8Array;

/** What may happen to a connection. */
export type Act =
  | { type: 'receive'; size: number; poll: boolean }
  | { type: 'send'; data: Data }
  | { type: 'fragment'; data: Data; final: boolean }
  | { type: 'ping' | 'pong'; data: Uint8Array }
  | { type: 'close'; code: number }
  | { type: 'wait'; time: number }
  | { type: Plain };

export type Plain = 'poll' | 'transmit' | 'drain' | 'flush' | 'release' | 'pause' | 'resume' | 'end';

/** A connection, its events, the errors of its commands, and its bytes. */
export class Run {
  readonly #connection: Connection;
  readonly #stream: Uint8Array;
  readonly #head: number;
  readonly #events: ConnectionEvent[] = [];
  readonly #seen: Summary[] = [];
  readonly #sent: Uint8Array[] = [];
  // What was transmitted, as it was then, and where it lies until it has been released.
  #views: [view: Uint8Array, before: Uint8Array][] = [];
  #at = 0;

  constructor(kind: Kind, options: ResolvedServerOptions) {
    const { role, opens, compresses, stream } = kind;
    if (opens && role === 'client') {
      this.#connection = Connection.client('ws://example.com/', options as object);
    } else if (opens) {
      this.#connection = Connection.server(options);
    } else {
      const transform = compresses ? new DeflateTransform(role, PLAIN, pako, COMPRESSION) : undefined;
      this.#connection = Connection.opened(role, { transform }, options);
    }
    const head = opens ? headFor(role) : hex('');
    this.#head = head.length;
    this.#stream = concat(head, stream);
  }

  act(act: Act, now: number): void {
    const connection = this.#connection;
    try {
      switch (act.type) {
        case 'receive': {
          // A head arrives in one chunk, because the frames after it matter more.
          const size = act.size + (this.#at === 0 ? this.#head : 0);
          const chunk = this.#stream.slice(this.#at, this.#at + size);
          this.#at += chunk.length;
          connection.receive(chunk, now);
          if (act.poll) this.#poll();
          break;
        }
        case 'send':
          connection.send(act.data);
          break;
        case 'fragment':
          connection.sendFragment(act.data, act.final);
          break;
        case 'ping':
        case 'pong':
          connection[act.type](act.data);
          break;
        case 'close':
          connection.close(act.code, 'bye', now);
          break;
        case 'wait':
          connection.timeout(now);
          break;
        case 'poll':
          this.#poll();
          break;
        case 'transmit':
          // So many bytes exactly: in how many parts they come depends on other connections.
          for (let left = 50; left > 0; ) {
            const length = this.#transmit(left);
            if (length === 0) break;
            left -= length;
          }
          break;
        case 'drain':
        case 'flush':
          while (this.#transmit() > 0);
          if (act.type === 'flush') this.#release();
          break;
        case 'release':
          this.#release();
          break;
        case 'pause':
          connection.pause();
          break;
        case 'resume':
          connection.resume(now);
          break;
        case 'end':
          connection.receiveEnd(now);
      }
    } catch (error) {
      this.#seen.push(['throws', String((error as { rule?: string }).rule ?? error)]);
    }
    this.#seen.push(['state', connection.state, connection.transport, connection.deadline]);
  }

  #poll(): void {
    for (const event of this.#connection) {
      // The transport may have ended before the request was polled.
      if (event.type === 'request' && this.#connection.state === 'connecting') this.#connection.accept();
      this.#events.push(event);
      this.#seen.push(event.type === 'pong' ? [...summarize(event), event.latency ?? -1] : summarize(event));
    }
  }

  #transmit(max?: number): number {
    const view = this.#connection.transmit(undefined, max);
    if (view === undefined) return 0;
    const copy = view.slice();
    this.#sent.push(copy);
    this.#views.push([view, copy]);
    return view.length;
  }

  #release(): void {
    this.assertIntact();
    this.#connection.written();
    this.#views = [];
  }

  /** Asserts that transmitted and delivered bytes have not changed. */
  assertIntact(): void {
    for (const [view, before] of this.#views) equalBytes(view, before, 'what was transmitted');
  }

  /** All of it, once it is over. */
  outcome(now: number): { seen: readonly Summary[]; sent: Uint8Array } {
    this.#connection.resume(now);
    this.#poll();
    this.#connection.receiveEnd(now);
    this.#poll();
    while (this.#transmit() > 0);
    this.assertIntact();
    const delivered = this.#seen.filter(([type]) => EVENTS.has(type));
    const later = this.#events.map((event) =>
      event.type === 'pong' ? [...summarize(event), event.latency ?? -1] : summarize(event),
    );
    assert.equal(later, delivered, 'what was delivered stays as it is');
    return { seen: this.#seen, sent: join(this.#sent) };
  }
}

const EVENTS = new Set(['request', 'open', 'text', 'binary', 'fragment', 'ping', 'pong', 'close', 'fail', 'end']);

/** The head of an opening handshake as the peer of a role sends it, where that has the random source `SEVENS`. */
function headFor(role: Role): Uint8Array {
  const client = Connection.client('ws://example.com/', { random: SEVENS });
  const request = drain(client);
  if (role === 'server') return request;
  const server = Connection.server();
  for (const event of server.receive(request)) if (event.type === 'request') server.accept();
  return drain(server);
}
