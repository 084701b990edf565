// attach: a connection of core on any socket.
import { once } from 'node:events';
import { connect as netConnect } from 'node:net';
import { Duplex } from 'node:stream';
import { Connection, type Role, StateError } from '@sockless/core';
import * as assert from 'uvu/assert';
import { attach, type Handlers } from '../src/index.ts';
import { frame, openServer } from './raw.ts';
import { delay, recorder, soon, suite, thrown, until } from './support.ts';

const test = suite('attach');

/** Two ends of a pipe in memory that are no sockets. */
function duplexPair(): [Duplex, Duplex] {
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const a: Duplex = end(() => b);
  const b: Duplex = end(() => a);
  return [a, b];
}

test('works on streams that are no sockets', async () => {
  const [a, b] = duplexPair();
  const server = recorder();
  const client = recorder();
  const echo: Handlers = { ...server.handlers, message: (ws, data) => void ws.send(data) };
  attach(b, Connection.opened('server'), echo);
  const ws = attach(a, Connection.opened('client'), client.handlers);
  ws.send('hello');
  ws.send(Uint8Array.of(65, 66));
  await until(() => client.log.length === 3);
  ws.close(1000, 'bye');
  await ws.closed;
  assert.equal(client.log, ['open', 'text hello', 'binary AB', 'close 1000', 'end 1000 clean']);
  assert.equal(server.log, ['open', 'close 1000 bye', 'end 1000 clean']);
});

test('opens a connection on a socket that is still connecting', async (bench) => {
  const url = new URL(await openServer(bench, (wire) => wire.write(frame('server', 0x81, 'hi'))));
  const socket = netConnect({ host: '127.0.0.1', port: Number(url.port) });
  bench.after(() => socket.destroy());
  const { log, handlers } = recorder();
  const ws = attach(socket, Connection.client(url.href), handlers);
  assert.is(ws.state, 'connecting');
  await until(() => log.length === 2);
  assert.equal(log, ['open', 'text hi']);
});

test('the time of a connection begins when it is attached, however old the process is', async (bench) => {
  const age = performance.now();
  const { log, handlers } = recorder();
  const limits = { handshakeTimeout: age / 2, idleTimeout: age / 2, heartbeat: false } as const;
  const [a, b] = duplexPair();
  const [c] = duplexPair();
  bench.after(() => {
    b.destroy();
    c.destroy();
  });
  const server = attach(a, Connection.opened('server', {}, limits), handlers);
  const client = attach(c, Connection.client('ws://localhost/', limits), handlers);
  await delay(Math.min(50, age / 4));
  assert.equal([log, server.state, client.state], [['open'], 'open', 'connecting']);
});

for (const when of ['just now', 'long ago'] as const) {
  test(`a socket that was destroyed ${when} ends the connection, once`, async () => {
    const [a] = duplexPair();
    a.destroy();
    if (when === 'long ago') await once(a, 'close');
    const { log, handlers } = recorder();
    const ws = attach(a, Connection.opened('server'), handlers);
    assert.is((await ws.closed).code, 1006);
    await soon();
    assert.equal(log, ['open', 'end 1006']);
  });
}

test('sets TCP_NODELAY and no timeout of the socket, and listens for errors first', () => {
  const [a] = duplexPair();
  const calls: string[] = [];
  Object.assign(a, {
    setNoDelay: (on: boolean) => calls.push(`setNoDelay ${on}`),
    setTimeout: (time: number) => calls.push(`setTimeout ${time}`),
  });
  a.on('newListener', (name) => calls.push(String(name)));
  attach(a, Connection.opened('server'));
  assert.is(calls[0], 'error');
  assert.ok(calls.includes('setNoDelay true') && calls.includes('setTimeout 0'));
});

for (const role of ['client', 'server'] as Role[]) {
  test(`commands before, while and after (${role})`, async () => {
    const [a, b] = duplexPair();
    const ws = attach(a, Connection.opened(role));
    b.resume();
    thrown(TypeError, () => ws.send(5 as never));
    thrown(RangeError, () => ws.close(1006));
    thrown(RangeError, () => ws.ping('x'.repeat(126)));
    assert.is(ws.state, 'open');
    ws.close();
    assert.is(ws.state, 'closing');
    thrown(StateError, () => ws.send('x'));
    ws.terminate();
    await ws.closed;
    assert.is(ws.state, 'closed');
    for (const call of [() => ws.send('x'), () => ws.sendFragment('x', true), () => ws.ping(), () => ws.pong()]) {
      thrown(StateError, call);
    }
    ws.close();
    ws.terminate();
    ws.pause();
    ws.resume();
  });
}

test.run();
