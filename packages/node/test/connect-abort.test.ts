// connect: abort, close and terminate, before and after the connection is open.
import { getEventListeners } from 'node:events';
import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import { type ConnectionEndedError, connect } from '../src/index.ts';
import { closing, frame, openServer, rawServer, type Wire } from './raw.ts';
import { deferred, recorder, suite, thrown } from './support.ts';

const test = suite('connect');

test('connect throws the reason of a signal that was aborted before', () => {
  const reason = new Error('changed my mind');
  const createSocket = (): never => {
    throw new Error('dialled');
  };
  assert.is(
    thrown(Error, () => connect('ws://x', { createSocket, signal: AbortSignal.abort(reason) })),
    reason,
  );
});

const giveUp: Record<string, (ws: ReturnType<typeof connect>, controller: AbortController) => void> = {
  abort: (_, controller) => controller.abort(),
  'close()': (ws) => ws.close(1001),
  'terminate()': (ws) => ws.terminate(),
};

for (const [how, act] of Object.entries(giveUp)) {
  const ended = how === 'terminate()' ? 'handshake-interrupted' : 'handshake-abandoned';
  for (const when of ['at once', 'while the server is silent', 'within the fail handler'] as const) {
    test(`a connecting client ends once, with 1006, after ${how} ${when}`, async (bench) => {
      const controller = new AbortController();
      const silent = deferred<Wire>();
      const url = await rawServer(bench, silent.resolve);
      const { log, handlers } = recorder();
      const ws = bench.connect(
        url,
        {
          ...handlers,
          fail(connection, error) {
            handlers.fail(connection, error);
            if (when === 'within the fail handler') act(ws, controller);
          },
        },
        { signal: controller.signal, ...(when === 'within the fail handler' ? { handshakeTimeout: 20 } : {}) },
      );
      const opened = ws.opened.catch((error: ConnectionEndedError) => error.end);
      if (when === 'while the server is silent') await (await silent.promise).head();
      if (when !== 'within the fail handler') act(ws, controller);
      const end = await ws.closed;
      assert.is(await opened, end);
      assert.is(end.explanation.error?.rule, when === 'within the fail handler' ? 'handshake-timeout' : ended);
      assert.is(log.at(-1), 'end 1006');
      assert.is(log.length, 2);
      assert.is(ws.state, 'closed');
      if (when !== 'at once') await (await silent.promise).end();
    });
  }

  test(`${how} ends an open connection, and abort, close and terminate after the end do not throw`, async (bench) => {
    const controller = new AbortController();
    const wire = deferred<Wire>();
    const url = await openServer(bench, wire.resolve);
    const ws = bench.connect(url, {}, { signal: controller.signal });
    await ws.opened;
    act(ws, controller);
    if (how !== 'terminate()') {
      const [close] = await (await wire.promise).frames(1);
      assert.equal(close, { first: 0x88, payload: closing(1001) });
      (await wire.promise).socket.end(frame('server', 0x88, closing(1001)));
    }
    const { clean, explanation } = await ws.closed;
    assert.is(clean, how !== 'terminate()');
    if (how === 'terminate()') assert.match(explanation.summary, /terminate/);
    controller.abort();
    ws.close();
    ws.terminate();
  });
}

test('a signal keeps no listener for a connection that has ended', async (bench) => {
  const { signal } = new AbortController();
  const server = await bench.serve();
  const ends: EndEvent[] = [];
  for (const how of ['close', 'terminate'] as const) {
    const ws = bench.connect(server.url, { end: (_, event) => void ends.push(event) }, { signal });
    await ws.opened;
    assert.is(getEventListeners(signal, 'abort').length, 1);
    ws[how]();
    await ws.closed;
    assert.is(getEventListeners(signal, 'abort').length, 0);
  }
  assert.is(ends.length, 2);
});

test.run();
