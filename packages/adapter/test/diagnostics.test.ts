// The diagnostics channels: what each is told, that they are silent without subscribers, and what counts as a refusal.
import { VirtualClock } from '@sockless/adapter/testing';
import { Connection, type EndEvent, HandshakeError } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Client } from '../src/client.ts';
import { start, work } from '../src/delivery.ts';
import { type Channel, diagnosticsOf, isRefusal } from '../src/diagnostics.ts';
import type { Driver } from '../src/driver.ts';
import type { Handlers } from '../src/handlers.ts';
import { Scope } from '../src/scope.ts';
import { WebSocketConnection } from '../src/websocket-connection.ts';

const test = suite('diagnostics');

test('a HandshakeError counts as a refusal unless the handshake was interrupted or abandoned; no other error does', () => {
  for (const [error, expected] of [
    [new HandshakeError('handshake-rejected', 'no'), true],
    [new HandshakeError('handshake-timeout', 'no'), true],
    [new HandshakeError('handshake-interrupted', 'no'), false],
    [new HandshakeError('handshake-abandoned', 'no'), false],
    [new Error('no'), false],
    [undefined, false],
  ] as const) {
    assert.is(isRefusal(error), expected, String(error));
  }
});

/** A transport that takes nothing. */
const DRIVER: Driver = {
  ...{ socket: undefined, queuedBytes: 0 },
  now: () => 0,
  flush: () => undefined,
  destroy: () => undefined,
};

/** A scope with channels, what was asked of these, and what they were told. */
function scopeWith(listening: boolean, handlers: Handlers<never> = {}) {
  const asked: string[] = [];
  const told: (readonly [name: string, message: Record<string, unknown>])[] = [];
  const channel = (name: string): Channel<unknown> => ({
    get hasSubscribers() {
      asked.push(name);
      return listening;
    },
    publish: (message) => void told.push([name, message as Record<string, unknown>]),
  });
  const clock = new VirtualClock();
  const context = { run: <A>(call: (it: A) => void, it: A) => call(it), inherited: true };
  const scope = new Scope<never>(handlers, { clock }, { ...context, diagnostics: diagnosticsOf(channel) });
  return { asked, told, clock, scope };
}

/** Opens a connection and ends it, lets a server refuse a request, and fails to accept a client. */
function happen(scope: Scope<never>): void {
  const opened = Connection.opened('server');
  const ws = new WebSocketConnection<never>(scope);
  start(ws, opened, DRIVER);
  opened.receive(Uint8Array.of(0x82, 0x81, 0, 0, 0, 0, 1));
  work(ws);
  opened.receiveEnd(0);
  work(ws);
  const refusing = Connection.server();
  const refused = new WebSocketConnection<never>(scope);
  start(refused, refusing, DRIVER);
  refusing.receive(new TextEncoder().encode('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
  work(refused);
  scope.acceptFailed(new Error('no'), false);
}

test('without subscribers a channel is checked once for each event, and gets no message', () => {
  const { asked, told, scope } = scopeWith(false);
  happen(scope);
  assert.equal(asked, ['sockless:open', 'sockless:end', 'sockless:refuse', 'sockless:accept-failed']);
  assert.equal(told, []);
});

test('with subscribers each channel is told once, with the connection and the event or error', () => {
  const { told, scope } = scopeWith(true);
  happen(scope);
  assert.equal(
    told.map(([name, message]) => [name, ...Object.keys(message)]),
    [
      ['sockless:open', 'ws', 'event'],
      ['sockless:end', 'ws', 'event'],
      ['sockless:refuse', 'ws', 'error'],
      ['sockless:accept-failed', 'error'],
    ],
  );
});

test('a host without channels has nothing to tell', () => {
  happen(new Scope<never>({}, { clock: new VirtualClock() }));
});

test('sockless:end is published for each attempt of a client, even for one that fails to start', async () => {
  const { told, clock, scope } = scopeWith(true);
  let tries = 0;
  const client = new Client<never>(
    'ws://localhost/',
    { reconnect: { base: 10, attempts: 2 } },
    scope,
    (ws, attempt) => {
      if (tries++ === 1) throw new Error('no random bytes');
      start(ws, attempt.connection, DRIVER);
      attempt.connection.receiveEnd(0, 'refused');
      work(ws);
    },
  );
  await clock.pass(100);
  assert.is(client.state, 'closed');
  const causes = told
    .filter(([name]) => name === 'sockless:end')
    .map(([, { event }]) => String((event as EndEvent).explanation.cause));
  assert.equal(causes, ['refused', 'Error: no random bytes', 'refused']);
});

test.run();
