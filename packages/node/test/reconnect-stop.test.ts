import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import { ConnectionEndedError, type connect } from '../src/index.ts';
import { rawServer } from './raw.ts';
import { client, FAST, fractions, reset, scripted, stay } from './reconnect.ts';
import { delay, soon, suite, thrown, until } from './support.ts';

const test = suite('reconnect');

const stops: Record<string, (ws: ReturnType<typeof connect>, controller: AbortController) => void> = {
  'close()': (ws) => ws.close(),
  'close(4000)': (ws) => ws.close(4000),
  'terminate()': (ws) => ws.terminate(),
  abort: (_, controller) => controller.abort(),
};

for (const [how, stop] of Object.entries(stops)) {
  for (const when of ['while it waits', 'in end', 'in onRetry', 'when open', 'while it connects again'] as const) {
    test(`a client stops for good, and no end is reported twice, after ${how} ${when}`, async (bench) => {
      const { url, wires } = await scripted(bench, [when === 'when open' ? stay : reset, stay]);
      const controller = new AbortController();
      const ends: EndEvent[] = [];
      let closedCount = 0;
      const ws = client(
        bench,
        url,
        {
          base: when === 'while it waits' ? 60_000 : 2,
          cap: 60_000,
          onRetry: () => {
            if (when === 'in onRetry') stop(ws, controller);
            if (when === 'while it waits') setTimeout(stop, 5, ws, controller);
            if (when === 'while it connects again') {
              const timer = setInterval(() => {
                if (ws.socket === first) return;
                clearInterval(timer);
                stop(ws, controller);
              });
            }
          },
        },
        {
          end: (_, event) => {
            ends.push(event);
            if (when === 'in end' && ends.length === 1) stop(ws, controller);
          },
        },
        { random: fractions(0.99), signal: controller.signal, closeTimeout: 30 },
      );
      const first = ws.socket;
      void ws.closed.then(() => closedCount++);
      if (when === 'when open') {
        await ws.opened;
        stop(ws, controller);
      }
      const end = await ws.closed;
      await soon();
      assert.equal([ws.state, closedCount], ['closed', 1]);
      assert.is(ends.length, when === 'while it connects again' ? 2 : 1);
      assert.is(ends.at(-1), end);
      const count = wires.length;
      await delay(20);
      assert.is(wires.length, count);
      assert.is(ws.send('x'), false);
      ws.close();
      ws.terminate();
      controller.abort();
      assert.is(ends.length, when === 'while it connects again' ? 2 : 1);
      assert.instance(await connectedOr(ws), when === 'when open' ? Object : ConnectionEndedError);
    });
  }
}

/** Returns the result of `opened` for a connection that has ended. */
function connectedOr(ws: ReturnType<typeof connect>): Promise<unknown> {
  return ws.opened.catch((error: unknown) => error);
}

test('a close with an invalid code stops nothing', async (bench) => {
  const { url, wires } = await scripted(bench, [stay, stay]);
  const ws = client(bench, url, FAST, {});
  await ws.opened;
  thrown(RangeError, () => ws.close(1006));
  wires[0]?.socket.resetAndDestroy();
  await until(() => wires.length === 2);
});

test('a close still closes when the fail handler throws', async (bench) => {
  const errors: unknown[] = [];
  const oops = new Error('oops');
  const fail = (): never => {
    throw oops;
  };
  const url = await rawServer(bench, stay);
  const ws = client(bench, url, FAST, { fail, error: (_, error) => void errors.push(error) });
  ws.close();
  await ws.closed;
  await soon();
  assert.equal([errors, ws.state], [[oops], 'closed']);
});

test.run();
