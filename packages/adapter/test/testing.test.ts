// The testing kit for authors of adapters finds faults, and reports none for an adapter without faults.

import { type Driver, proceed, Scope, type Sleeper, start, WebSocketConnection, work } from '@sockless/adapter';
import { exercise, keyOf, type Opened, type Opening, textOf, VirtualClock, WireEnd } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../core/test/budget.ts';

const test = suite('testing');

/** The faults that an adapter may have. */
type Wrong = 'nothing' | 'forgets to proceed' | 'leaves a timer' | 'cuts what it sends';

/** The driver of README.md, on one end of a simulated TCP connection. */
class WireDriver implements Driver, Sleeper {
  wakeAt = 0;
  alarm = 0;
  readonly socket: WireEnd;
  readonly #connection: Connection;
  readonly #ws: WebSocketConnection<never>;
  readonly #scope: Scope<never>;
  readonly #wrong: Wrong;
  #rest: Uint8Array = new Uint8Array(0);
  #over = false;

  constructor(end: WireEnd, connection: Connection, ws: WebSocketConnection<never>, scope: Scope<never>, wrong: Wrong) {
    this.socket = end;
    this.#connection = connection;
    this.#ws = ws;
    this.#scope = scope;
    this.#wrong = wrong;
    connection.written(0, 0);
    const again = (): void => void scope.clock.setTimeout(again, 1000);
    if (wrong === 'leaves a timer') again();
    end.onReadable = () => this.#read();
    end.onWritable = () => {
      const before = this.#rest.length;
      this.flush();
      const left = before - this.#rest.length;
      if (wrong !== 'forgets to proceed' && left > 0) proceed(ws, this, left);
    };
  }

  get queuedBytes(): number {
    return this.#rest.length;
  }

  now(): number {
    return this.#scope.clock.now() - 1000;
  }

  flush(): void {
    const connection = this.#connection;
    try {
      while (!this.#over) {
        if (this.#rest.length === 0) this.#rest = connection.transmit(this.now(), 65_536) ?? this.#rest;
        if (this.#rest.length === 0) break;
        const count = this.socket.take(this.#rest);
        if (count === 0) break;
        connection.written(count, this.now());
        this.#rest = this.#rest.subarray(this.#wrong === 'cuts what it sends' && count > 5000 ? count + 1 : count);
      }
      if (connection.transport === 'end' && !this.#over && this.#rest.length === 0) this.socket.shutdown();
    } catch (error) {
      this.#close(error);
    }
    if (connection.transport === 'destroy') this.#close(undefined);
    if (!connection.paused) this.#read();
    if (connection.deadline !== Infinity && !this.#over) this.#scope.alarms.set(this, 1000 + connection.deadline);
  }

  wake(): void {
    this.#connection.timeout(this.now());
    work(this.#ws);
    this.flush();
  }

  destroy(): void {
    this.#close('terminate was called');
    this.#connection.close();
  }

  #read(): void {
    try {
      while (!(this.#over || this.#connection.paused)) {
        const bytes = this.socket.read(65_536);
        if (bytes === undefined) return;
        if (bytes !== 'end') {
          this.#connection.receive(bytes.slice(), this.now());
          work(this.#ws);
        } else {
          this.#close(undefined);
          return;
        }
      }
    } catch (error) {
      this.#close(error);
    }
  }

  #close(cause: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.socket.close();
    this.#scope.alarms.clear(this);
    this.#connection.receiveEnd(this.now(), cause);
    this.#connection.resume(this.now());
    work(this.#ws);
  }
}

const opening =
  (wrong: Wrong) =>
  ({ clock, random, client, server }: Opening): Opened => {
    const ends = WireEnd.pair(clock);
    for (const end of ends) {
      end.capacity = Math.floor(1000 + random() * 20_000);
      end.latency = 1;
    }
    const attach = (end: WireEnd, role: 'client' | 'server', handlers: Opening['client']): WebSocketConnection => {
      const scope = new Scope(handlers, { clock });
      const ws = new WebSocketConnection(scope);
      const connection = Connection.opened(role);
      const driver = new WireDriver(end, connection, ws as WebSocketConnection<never>, scope as Scope<never>, wrong);
      start(ws, connection, driver);
      return ws;
    };
    return {
      client: attach(ends[0], 'client', client),
      server: attach(ends[1], 'server', server),
      harms: { reset: () => ends[0].reset() },
    };
  };

async function kindsOf(wrong: Wrong, schedules: number): Promise<string[]> {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= schedules; seed++) {
    for (const { kind } of (await exercise(seed, opening(wrong))).faults) kinds.add(kind);
  }
  return [...kinds].sort();
}

test('a correct adapter has no faults', async () => {
  assert.equal(await kindsOf('nothing', budget(40, 500)), []);
});

test('an adapter that forgets to proceed, leaves a timer or cuts what it sends has faults', async () => {
  assert.equal(await kindsOf('forgets to proceed', 120), [
    ...['never told: drain', 'never told: drained', 'never told: written'],
  ]);
  assert.ok((await kindsOf('leaves a timer', 2)).includes('left behind'));
  assert.equal(await kindsOf('cuts what it sends', 40), ['order', 'rule']);
});

test('a seed repeats its exercise', async () => {
  const [one, two] = [await exercise(3, opening('nothing')), await exercise(3, opening('nothing'))];
  assert.ok(one.trace.length > 5);
  assert.equal(one, two);
});

test('messages are distinguished from one another', () => {
  assert.is.not(keyOf(textOf(1, 1000)), keyOf(textOf(2, 1000)));
  assert.is.not(keyOf(textOf(1, 1000)), keyOf(textOf(1, 1001)));
  assert.is(keyOf('0.'), keyOf(textOf(0, 0)));
});

test('everything that a timer starts is done before the next timer', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  clock.setTimeout(() => void Promise.resolve().then(() => log.push('a promise of the first')), 5);
  clock.setTimeout(() => log.push('the second'), 5);
  assert.is(clock.next, 1005);
  await clock.pass(10);
  assert.equal([log, clock.now(), clock.timers], [['a promise of the first', 'the second'], 1010, 0]);
  assert.is(clock.next, Infinity);
});

test.run();
