// The exchanges with every implementation, in every role that its API allows: one list for all.
import { randomBytes } from 'node:crypto';
import type { DeflateRequest } from '@sockless/core/deflate';
import * as assert from 'uvu/assert';
import type { Handlers, WebSocketConnection } from '../../src/index.ts';
import { deferred } from '../support.ts';

/** Features that some APIs have and others do not. */
export type Ability = 'ping' | 'fragment';

/** How a connection ended for a peer. */
export interface PeerClose {
  readonly code: number;
  readonly reason: string;
}

/**
 * Another implementation. On each of its connections it echoes every message, except for texts
 * that begin with "!", which are commands.
 *
 *     !subprotocol          answer with the subprotocol in use
 *     !ping DATA            send a Ping frame; when its Pong frame has arrived, answer with "ponged DATA"
 *     !text, !binary        send "frag", "men" and "ted" as the fragments of one message
 *     !close CODE REASON    close the connection
 */
export interface Peer {
  readonly name: string;
  readonly can: ReadonlySet<Ability>;
  /** Connects to a server, offering the subprotocols "chat.v2" and "chat.v1"; resolves with how that connection ended. */
  connect?(url: string, deflate?: DeflateRequest): Promise<{ closed: Promise<PeerClose> }>;
  /** Starts a server that accepts "chat.v1"; returns its URL. */
  listen?(deflate?: DeflateRequest): Promise<string>;
  /** Resolves with how the next connection of its server ended. */
  closed?(): Promise<PeerClose>;
  stop(): unknown;
}

export const OFFERED = ['chat.v2', 'chat.v1'];
export const SPOKEN = ['chat.v1'];

/** Our side of a connection, as a script: events wait until the script asks for them. */
export class Ours {
  readonly #events: unknown[] = [];
  readonly #waiting: ((event: unknown) => void)[] = [];
  ws: WebSocketConnection | undefined;

  readonly handlers: Handlers = {
    open: (ws) => {
      this.ws = ws;
      this.#push('open');
    },
    message: (_, data) => this.#push(data),
    ping: (_, data) => this.#push(`ping ${Buffer.from(data)}`),
    pong: (_, data) => this.#push(`pong ${Buffer.from(data)}`),
    close: (_, code, reason) => this.#push(`close ${code} ${reason}`),
    fail: (_, error) => this.#push(error),
    end: (_, { code, reason, clean }) => this.#push(`end ${code} ${reason} ${clean}`),
  };

  get connection(): WebSocketConnection {
    if (this.ws === undefined) throw new Error('not open');
    return this.ws;
  }

  #push(event: unknown): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#events.push(event);
    else waiting(event);
  }

  /** Returns the next event. */
  next(): Promise<unknown> {
    if (this.#events.length > 0) return Promise.resolve(this.#events.shift());
    const { promise, resolve } = deferred<unknown>();
    this.#waiting.push(resolve);
    return promise;
  }

  async expect(...expected: unknown[]): Promise<void> {
    for (const event of expected) same(await this.next(), event);
  }
}

/** Compares without printing the difference of 10 MB, as `assert.equal` would. */
function same(actual: unknown, expected: unknown): void {
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) {
    assert.ok(Buffer.compare(actual, expected) === 0, `${actual.length} bytes, not the ${expected.length} expected`);
  } else if (typeof actual === 'string' && typeof expected === 'string' && expected.length > 1000) {
    assert.ok(actual === expected, `${actual.length} characters, not the ${expected.length} expected`);
  } else assert.equal(actual, expected);
}

export interface Exchange {
  readonly title: string;
  readonly needs?: Ability;
  /** Ends with an open connection, or with the given Close frames. */
  readonly run: (ours: Ours, closed: Promise<PeerClose>) => Promise<void>;
}

const echo = (title: string, data: string | Uint8Array): Exchange => ({
  title,
  async run(ours) {
    ours.connection.send(data);
    await ours.expect(data);
  },
});

const MB = 1_000_000;

/** Characters of all parts of Unicode, of one to four bytes. */
const scripts = 'ASCII, Ünïcödé, \u0000\u007f\u0080\u07ff\u0800\uffff, 漢字かな交じり文, 👩‍🚀🏳️‍🌈 \u{10ffff}';

export const EXCHANGES: readonly Exchange[] = [
  echo('ASCII', 'Hello'),
  echo('CJK', '漢字かな交じり文、한국어、中文'),
  echo('emoji', '👩‍🚀🏳️‍🌈\u{10ffff}'),
  echo('an empty text', ''),
  echo('a text of 70,000 characters of all kinds', scripts.repeat(1000)),
  ...[0, 1, 125, 126, 65_535, 65_536].map((size) => echo(`${size} bytes`, new Uint8Array(randomBytes(size)))),
  echo('10 MB of bytes', new Uint8Array(randomBytes(10 * MB))),
  echo('10 MB of text', '漢字 text '.repeat((10 * MB) / 12)),
  {
    title: '200 messages at once, in order',
    async run(ours) {
      const messages = Array.from({ length: 200 }, (_, i) => (i % 2 ? `message ${i}` : Uint8Array.of(i)));
      for (const message of messages) ours.connection.send(message);
      await ours.expect(...messages);
    },
  },
  {
    title: 'text in fragments from us, cut within a character, with a ping between them',
    async run(ours) {
      ours.connection.sendFragment('first \ud83d', false);
      ours.connection.sendFragment('', false);
      ours.connection.ping('between');
      ours.connection.sendFragment('\ude80 last', true);
      await ours.expect('pong between', 'first 🚀 last');
    },
  },
  {
    title: 'bytes in fragments from us, an empty one last',
    async run(ours) {
      for (const byte of [1, 2, 3]) ours.connection.sendFragment(Uint8Array.of(byte), false);
      ours.connection.sendFragment(new Uint8Array(0), true);
      await ours.expect(Uint8Array.of(1, 2, 3));
    },
  },
  {
    title: 'fragments from the peer',
    needs: 'fragment',
    async run(ours) {
      ours.connection.send('!text');
      await ours.expect('fragmented');
      ours.connection.send('!binary');
      await ours.expect(new Uint8Array(Buffer.from('fragmented')));
    },
  },
  {
    title: 'pings from us',
    async run(ours) {
      ours.connection.ping();
      await ours.expect('pong ');
      ours.connection.ping('x'.repeat(125));
      await ours.expect(`pong ${'x'.repeat(125)}`);
    },
  },
  {
    title: 'pings from the peer',
    needs: 'ping',
    async run(ours) {
      for (const data of ['1', 'x'.repeat(125)]) {
        ours.connection.send(`!ping ${data}`);
        await ours.expect(`ping ${data}`, `ponged ${data}`);
      }
    },
  },
  {
    title: 'an unsolicited pong from us',
    async run(ours) {
      ours.connection.pong('unasked');
      ours.connection.send('still there');
      await ours.expect('still there');
    },
  },
  {
    title: 'the subprotocol',
    async run(ours) {
      assert.is(ours.connection.subprotocol, 'chat.v1');
      ours.connection.send('!subprotocol');
      await ours.expect('chat.v1');
    },
  },
  {
    title: 'close by us, with code and reason',
    async run(ours, closed) {
      ours.connection.close(4002, 'genug für heute');
      assert.equal(await closed, { code: 4002, reason: 'genug für heute' });
      assert.match(String(await ours.next()), /^close 4002 /);
      assert.match(String(await ours.next()), /^end 4002 .*true$/);
    },
  },
  {
    title: 'close by us, without a code',
    async run(ours, closed) {
      ours.connection.close();
      assert.equal(await closed, { code: 1005, reason: '' });
      assert.match(String(await ours.next()), /^close (1005|1000) /);
      assert.match(String(await ours.next()), /^end (1005|1000) .*true$/);
    },
  },
  {
    title: 'close by us after a message',
    async run(ours, closed) {
      ours.connection.send('last words');
      ours.connection.close(1000);
      assert.is((await closed).code, 1000);
      await ours.expect('close 1000 ', 'end 1000  true');
    },
  },
  {
    title: 'close by the peer, with code and reason',
    async run(ours, closed) {
      ours.connection.send('!close 4001 c’est fini');
      await ours.expect('close 4001 c’est fini', 'end 4001 c’est fini true');
      assert.is((await closed).code, 4001);
    },
  },
  {
    title: 'close by the peer with 1000',
    async run(ours, closed) {
      ours.connection.send('!close 1000');
      await ours.expect('close 1000 ', 'end 1000  true');
      assert.is((await closed).code, 1000);
    },
  },
];
