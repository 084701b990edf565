// The part of a connection that does not depend on the host, over a fake transport.

import { VirtualClock } from '@sockless/adapter/testing';
import { Connection, type EndEvent, type ServerOptions } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { within } from '../../tools/testing.ts';
import { Client } from '../src/client.ts';
import { expire, proceed, start, work } from '../src/delivery.ts';
import type { Driver } from '../src/driver.ts';
import { ConnectionEndedError } from '../src/ended-error.ts';
import type { Handlers } from '../src/handlers.ts';
import { Scope } from '../src/scope.ts';
import { ServedConnections } from '../src/served-connections.ts';
import { WebSocketConnection } from '../src/websocket-connection.ts';

const test = suite('connection');

/** A transport that takes every byte and delivers what a test says. */
class FakeDriver implements Driver {
  readonly socket = undefined;
  queuedBytes = 0;
  readonly connection: Connection;
  readonly #ws: WebSocketConnection<never>;
  destroyed = false;
  time = 0;

  constructor(ws: WebSocketConnection<never>, connection: Connection) {
    this.#ws = ws;
    this.connection = connection;
  }

  now(): number {
    return this.time;
  }

  flush(): void {
    while (this.connection.transmit(0) !== undefined);
    if (this.connection.transport !== 'open') this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.connection.receiveEnd(0, 'destroyed');
    // Reports its end later, as a socket does.
    queueMicrotask(() => work(this.#ws));
  }

  /** Delivers these bytes. */
  arrive(bytes: readonly number[]): void {
    this.connection.receive(Uint8Array.from(bytes), 0);
    work(this.#ws);
  }
}

/** Returns an open client. */
function open(handlers: Handlers<never> = {}, options: ServerOptions = {}): [WebSocketConnection<never>, FakeDriver] {
  const ws = new WebSocketConnection<never>(new Scope(handlers, { clock: new VirtualClock() }));
  const connection = Connection.opened('client', {}, options);
  const driver = new FakeDriver(ws, connection);
  start(ws, connection, driver);
  return [ws, driver];
}

test('before it is open its subprotocol is empty', () => {
  const ws = new WebSocketConnection<never>(new Scope<never>({}, { clock: new VirtualClock() }));
  assert.equal([ws.state, ws.subprotocol, ws.queuedBytes], ['connecting', '', 0]);
});

/** Actions of a client that need random bytes. */
const NEEDS: Record<string, { readonly bytes?: readonly number[]; readonly handlers?: Handlers<never> }> = {
  'a Ping frame to answer': { bytes: [0x89, 1, 0x41] },
  'a Close frame to answer': { bytes: [0x88, 2, 3, 0xe8] },
  'a broken rule': { bytes: [0xff, 0xff] },
  'a handler that throws': {
    bytes: [0x81, 1, 0x41],
    handlers: {
      message() {
        throw new Error('a mishap');
      },
    },
  },
};
for (const [what, { bytes = [], handlers }] of Object.entries(NEEDS)) {
  test(`a failing source of random bytes, and ${what}: the connection ends and the transport is destroyed`, async () => {
    const random = (): never => {
      throw new Error('oops');
    };
    const errors: unknown[] = [];
    let ends = 0;
    const more = { error: (_: unknown, error: unknown) => void errors.push(error), end: () => void ends++ };
    const [ws, driver] = open({ ...handlers, ...more }, { random });
    driver.arrive(bytes);
    await within(1000, 'the end', ws.closed);
    assert.equal([driver.destroyed, ws.state, ends], [true, 'closed', 1]);
    assert.match(String(errors[0]), handlers === undefined ? 'oops' : 'a mishap');
  });
}

test('if the signal of a client is aborted and its Close frame cannot be made, it is terminated and the error reported', async () => {
  const errors: unknown[] = [];
  const controller = new AbortController();
  const scope = new Scope<never>({ error: (_, error) => void errors.push(error) }, { clock: new VirtualClock() });
  const random = (): never => {
    throw new Error('oops');
  };
  const ws = new Client<never>('ws://localhost', { signal: controller.signal }, scope, (client) => {
    const connection = Connection.opened('client', {}, { random });
    start(client, connection, new FakeDriver(client, connection));
  });
  assert.is(ws.state, 'open');
  controller.abort();
  assert.is((await within(1000, 'the end', ws.closed)).code, 1006);
  assert.equal(errors.map(String), ['Error: oops']);
});

test('when an attempt fails before it has started, the end event has the cause', async () => {
  const clock = new VirtualClock();
  const ends: EndEvent[] = [];
  const oops = new Error('oops');
  let attempts = 0;
  const random = (bytes: Uint8Array): void => {
    // The first attempt gets its key; the second one fails when its delay is drawn.
    if (attempts === 1 && ends.length === 1 && bytes.length === 16) throw oops;
    bytes.fill(1);
  };
  const scope = new Scope<never>({ end: (_, event) => void ends.push(event) }, { clock });
  const options = { reconnect: { attempts: 1 }, random };
  const ws = new Client<never>('ws://localhost', options, scope, (client, { connection }) => {
    attempts++;
    const driver = new FakeDriver(client, connection);
    start(client, connection, driver);
    driver.destroy();
  });
  await within(1000, 'the first end', new Promise((resolve) => setTimeout(resolve, 5)));
  clock.advance(120_000);
  await within(1000, 'the last end', ws.closed);
  assert.is(attempts, 1);
  const { code, clean, explanation } = ends[1] as EndEvent;
  const { initiator, cause, endedEarly, unsentBytes, bytesReceived, error, sent, received } = explanation;
  assert.equal([code, clean, initiator, cause, endedEarly, unsentBytes], [1006, false, 'local', oops, true, 0]);
  assert.equal([bytesReceived, error?.rule, sent, received], [0, 'handshake-interrupted', undefined, undefined]);
});

test('an error while a deadline is handled is reported and ends the connection', async () => {
  const random = (): never => {
    throw new Error('oops');
  };
  const errors: unknown[] = [];
  const heartbeat = { interval: 100, timeout: 1000 };
  const [ws, driver] = open({ error: (_, error) => void errors.push(error) }, { random, heartbeat });
  assert.is(driver.connection.deadline, 100);
  driver.time = 100;
  expire(ws, driver.connection, driver);
  assert.is((await within(1000, 'the end', ws.closed)).code, 1006);
  assert.equal([errors.map(String), driver.destroyed], [['Error: oops'], true]);
});

test('ConnectionEndedError has a name, the end, and as its cause the broken rule or the transport’s error', async () => {
  for (const bytes of [[], [0xff, 0xff]]) {
    const [ws, driver] = open();
    const waits = ws[Symbol.asyncIterator]().next();
    driver.arrive(bytes);
    driver.destroy();
    const error = await within(1000, 'the error', waits).catch((reason: unknown) => reason);
    assert.instance(error, ConnectionEndedError);
    const { name, message, end, cause } = error as ConnectionEndedError;
    const { summary, error: rule } = ws.endEvent?.explanation ?? {};
    assert.equal([name, message, end], ['ConnectionEndedError', summary, ws.endEvent]);
    assert.is(rule === undefined, bytes.length === 0);
    assert.is(cause, rule ?? 'destroyed');
  }
});

test('drain is called when the bytes in the driver were above the mark, even by one, and have fallen to it', () => {
  for (const [most, expected] of [
    [1000, 0],
    [1001, 1],
  ] as const) {
    let drains = 0;
    const scope = new Scope<never>({ drain: () => void drains++ }, { clock: new VirtualClock(), highWaterMark: 1000 });
    const ws = new WebSocketConnection<never>(scope);
    const connection = Connection.opened('client');
    const driver = new FakeDriver(ws, connection);
    start(ws, connection, driver);
    driver.queuedBytes = most;
    proceed(ws, driver);
    driver.queuedBytes = 1000;
    proceed(ws, driver);
    assert.is(drains, expected, `${most}`);
  }
});

test('a closed server leaves no timer', async () => {
  const clock = new VirtualClock();
  const connections = new ServedConnections(new Scope<never>({}, { clock }));
  await connections.close({ timeout: 1000 });
  assert.is(clock.timers, 0);
});

test.run();
