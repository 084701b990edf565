// Handlers: their arguments, what they may do to their own connection, and what happens to their errors.
import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import type { Handlers, WebSocketConnection } from '../src/index.ts';
import { closing, dial, frame, rawClient, request } from './raw.ts';
import { cut } from './sockets.ts';
import { recorder, soon, suite, until } from './support.ts';

const test = suite('handlers');

test('all handlers get the connection and then the facts of the event', async (bench) => {
  const calls: unknown[][] = [];
  const names = ['open', 'message', 'ping', 'pong', 'close', 'end'] as const;
  const note = (name: string) => ({ [name]: (...values: unknown[]) => void calls.push([name, ...values]) });
  const server: Handlers = Object.assign({}, ...names.map(note));
  const host = await bench.serve(server);
  const wire = await rawClient(bench, host.port);
  wire.write(
    frame('client', 0x81, 'text'),
    frame('client', 0x82, 'bin'),
    frame('client', 0x89, 'a'),
    frame('client', 0x8a, 'b'),
    frame('client', 0x88, closing(4000, 'why')),
  );
  await until(() => calls.length === 6 || wire.ended);
  wire.socket.end();
  await until(() => calls.length === 7);
  const [[, ws]] = calls as [[string, WebSocketConnection]];
  assert.is(typeof ws.send, 'function');
  assert.ok(calls.every((call) => call[1] === ws));
  const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
  assert.equal(
    calls.slice(1, -1).map(([name, , ...rest]) => [name, ...rest]),
    [
      ['message', 'text'],
      ['message', bytes('bin')],
      ['ping', bytes('a')],
      ['pong', bytes('b'), undefined],
      ['close', 4000, 'why'],
    ],
  );
  const [, , end] = calls[6] as [string, unknown, EndEvent];
  assert.is(end.code, 4000);
});

// What handlers may do to their own connection. Each receives a chunk with the messages 1, 2 and 3 and a ping.

const reentrant: { title: string; handlers: (log: string[]) => Handlers; log: string[]; sent: number[] }[] = [
  {
    title: 'close() in a message: no further message is delivered, and our Close frame leaves',
    handlers: () => ({ message: (ws) => ws.close(1000) }),
    log: ['text 1', 'close 1000', 'end 1000 clean'],
    sent: [0x88, 0x8a],
  },
  {
    title: 'after close() in a message, a second close() does nothing, and send() is refused',
    handlers: (log) => ({
      message(ws) {
        ws.close(1000);
        ws.close(1001);
        if (!ws.send('late')) log.push('not sent');
      },
    }),
    log: ['text 1', 'not sent', 'close 1000', 'end 1000 clean'],
    sent: [0x88, 0x8a],
  },
  {
    title: 'terminate() in a message: no further message is delivered, and no Close frame leaves',
    handlers: () => ({ message: (ws) => ws.terminate() }),
    log: ['text 1', 'end 1006'],
    sent: [],
  },
  {
    title: 'close() in open: no message is delivered, and our Close frame leaves',
    handlers: () => ({ open: (ws) => ws.close(4001) }),
    log: ['open', 'close 1000', 'end 1000 clean'],
    sent: [0x88, 0x8a],
  },
  {
    title: 'pause() in open and resume() in a later turn: every event arrives, in order',
    handlers: () => ({
      open(ws) {
        ws.pause();
        setTimeout(() => ws.resume(), 10);
      },
    }),
    log: ['open', 'text 1', 'text 2', 'text 3', 'ping !', 'close 1000', 'end 1000 clean'],
    sent: [0x8a, 0x88],
  },
  {
    title: 'pause() and resume() in a message: every event arrives, in order',
    handlers: () => ({
      message(ws) {
        ws.pause();
        ws.resume();
      },
    }),
    log: ['text 1', 'text 2', 'text 3', 'ping !', 'close 1000', 'end 1000 clean'],
    sent: [0x8a, 0x88],
  },
  {
    title: 'pause() in every message and resume() a turn later: every event arrives, in order',
    handlers: () => ({
      message(ws) {
        ws.pause();
        setImmediate(() => ws.resume());
      },
    }),
    log: ['text 1', 'text 2', 'text 3', 'ping !', 'close 1000', 'end 1000 clean'],
    sent: [0x8a, 0x88],
  },
  {
    title: 'send() in close and end is refused',
    handlers: (log) => {
      const late = (ws: WebSocketConnection): void => {
        if (!ws.send('late')) log.push('not sent');
      };
      return { close: late, end: late };
    },
    log: ['text 1', 'text 2', 'text 3', 'ping !', 'close 1000', 'not sent', 'end 1000 clean', 'not sent'],
    sent: [0x8a, 0x88],
  },
  {
    title: 'close(), terminate(), pause() and resume() in end do nothing',
    handlers: () => ({
      end(ws) {
        ws.close(1000);
        ws.terminate();
        ws.pause();
        ws.resume();
      },
    }),
    log: ['text 1', 'text 2', 'text 3', 'ping !', 'close 1000', 'end 1000 clean'],
    sent: [0x8a, 0x88],
  },
];

for (const { title, handlers, log: expected, sent } of reentrant) {
  test(title, async (bench) => {
    const { log, handlers: record } = recorder();
    const own = handlers(log);
    const both: Handlers = {};
    for (const name of ['open', 'message', 'ping', 'close', 'end'] as const) {
      if (name === 'open' && own.open === undefined) continue;
      const call = (ws: WebSocketConnection, ...rest: [never, never]): void => {
        record[name](ws, ...rest);
        own[name]?.(ws, ...rest);
      };
      Object.assign(both, { [name]: call });
    }
    const host = await bench.serve(both);
    const wire = await rawClient(bench, host.port);
    wire.write(...['1', '2', '3'].map((text) => frame('client', 0x81, text)), frame('client', 0x89, '!'));
    const frames = await wire.frames(Math.min(sent.length, 1));
    if (!wire.ended) wire.write(frame('client', 0x88, closing(1000)));
    frames.push(...(await wire.frames(sent.length - frames.length)));
    wire.socket.end();
    await until(() => log.some((line) => line.startsWith('end')) && wire.ended);
    await soon();
    assert.equal(log, expected);
    assert.equal(
      frames.map(({ first }) => first),
      sent,
    );
    assert.is(wire.received.length, 0);
    assert.is(host.connections.size, 0);
  });
}

test('after terminate() in open, no message is delivered, and there is one end', async (bench) => {
  const { log, handlers } = recorder();
  const host = await bench.serve({
    ...handlers,
    open(ws, event) {
      handlers.open(ws, event);
      ws.terminate();
    },
  });
  const wire = await dial(bench, host.port);
  wire.write(request(), frame('client', 0x81, '1'));
  await wire.end();
  assert.equal(log, ['open', 'end 1006']);
});

test('no message is lost when the socket errors while handlers are running', async (bench) => {
  const { log, handlers } = recorder();
  const host = await bench.serve({
    ...handlers,
    message(ws, data) {
      handlers.message(ws, data);
      cut(ws, new Error('pulled'));
    },
  });
  const wire = await rawClient(bench, host.port);
  wire.write(frame('client', 0x81, '1'), frame('client', 0x81, '2'));
  await wire.end();
  await until(() => log.length === 4);
  assert.equal(log, ['open', 'text 1', 'text 2', 'end 1006']);
});

test.run();
