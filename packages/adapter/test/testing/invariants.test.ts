// The rules of the testing kit: each is found broken when it is, and not otherwise.
import type { WebSocketConnection } from '@sockless/adapter';
import {
  Application,
  type Fault,
  faultsOfEnd,
  faultsOfLoss,
  faultsOfOrder,
  faultsOfWaiting,
  POLITE,
  seeded,
  VirtualClock,
} from '@sockless/adapter/testing';
import type { EndEvent } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('invariants');

/** Returns an application, with a connection in that state if one is given. */
function application(
  ws?: Partial<Pick<WebSocketConnection, 'state' | 'queuedBytes'>>,
  hearsErrors = true,
): Application {
  const manner = { ...POLITE, hearsErrors };
  const app = new Application({ random: seeded(1), clock: new VirtualClock(), manner });
  if (ws) app.has({ state: 'closed', queuedBytes: 0, closed: new Promise(() => undefined), ...ws } as never);
  return app;
}

const end = (summary = 'why', unsentBytes = 0): EndEvent => ({ explanation: { summary, unsentBytes } }) as EndEvent;

const kinds = (faults: readonly Fault[]): string[] => faults.map(({ kind }) => kind);

test('it is a fault if an application was told to wait and is never told to continue', () => {
  for (const what of ['drain', 'drained', 'written'] as const) {
    const app = application({ state: 'open' });
    assert.equal(faultsOfWaiting(app), []);
    app.waiting.add(what);
    assert.equal(kinds(faultsOfWaiting(app)), [`never told: ${what}`]);
    const closed = application({ state: 'closed' });
    closed.waiting.add(what);
    assert.equal(faultsOfWaiting(closed), []);
  }
  const none = application();
  none.waiting.add('drain');
  assert.equal(faultsOfWaiting(none), []);
});

test('an application may wait for `drain` and `drained` above the high-water mark, and for `written` while anything is queued', () => {
  for (const [what, queuedBytes, count] of [
    ['drain', 1000, 1],
    ['drain', 1001, 0],
    ['drained', 1000, 1],
    ['drained', 1001, 0],
    ['written', 0, 1],
    ['written', 1, 0],
  ] as const) {
    const app = application({ state: 'open', queuedBytes });
    app.waiting.add(what);
    assert.is(faultsOfWaiting(app, 1000).length, count, `${what} with ${queuedBytes}`);
  }
  const app = application({ state: 'open', queuedBytes: 65_536 });
  app.waiting.add('drain');
  assert.is(faultsOfWaiting(app).length, 1);
});

test('a connection ends once, with a reason, and nothing is left of it', () => {
  const good = application({});
  good.ends.push(end());
  assert.equal(faultsOfEnd(good), []);
  assert.equal(kinds(faultsOfEnd(application({}))), ['ends']);
  good.ends.push(end());
  assert.equal(kinds(faultsOfEnd(good)), ['ends']);
  const silent = application({});
  silent.ends.push(end(''));
  assert.equal(faultsOfEnd(silent), [{ kind: 'ends', message: 'an end without a reason' }]);
  const open = application({ state: 'open', queuedBytes: 5 });
  open.ends.push(end());
  open.waiting.add('written');
  assert.equal(kinds(faultsOfEnd(open)), ['state', 'queued after the end', 'never told: written']);
});

test('a client that reconnects has at least one end for each time it was open', () => {
  const app = application({});
  app.opened = 2;
  app.ends.push(end());
  assert.equal(kinds(faultsOfEnd(app, true)), ['ends']);
  app.ends.push(end());
  assert.equal(faultsOfEnd(app, true), []);
  app.ends.push(end());
  assert.equal(faultsOfEnd(app, true), []);
});

test('an error of a handler that the error handler did not get is a fault, unless the application has no error handler', () => {
  const oops = new Error('oops');
  for (const hearsErrors of [true, false]) {
    const app = application({}, hearsErrors);
    app.ends.push(end());
    app.thrown.push(oops);
    assert.equal(kinds(faultsOfEnd(app)), hearsErrors ? ['error'] : []);
    app.errors.push(oops);
    assert.equal(faultsOfEnd(app), []);
  }
});

test('an application that never got a connection has no faults', () => {
  const app = application();
  app.sent.push('1');
  assert.equal([faultsOfEnd(app), faultsOfLoss(app, 0), faultsOfWaiting(app)], [[], [], []]);
});

test('messages arrive in the order in which they were sent, and no other messages arrive', () => {
  assert.equal(faultsOfOrder(['1', '2', '3'], ['1', '2', '3']), []);
  assert.equal(faultsOfOrder(['1', '2', '3'], ['1']), []);
  assert.equal(faultsOfOrder(['1', '2', '3'], ['1', '3']), [
    { kind: 'order', message: 'message 1 was 2, and arrived as 3' },
  ]);
  assert.equal(faultsOfOrder(['1'], ['2']), [{ kind: 'order', message: 'message 0 was 1, and arrived as 2' }]);
  assert.equal(faultsOfOrder(['1'], ['1', '1']), [
    { kind: 'order', message: 'message 1 was never sent, and arrived as 1' },
  ]);
});

test('an undelivered message counts as lost if the connection is open and nothing is queued, or if it has ended and no end reports unsent bytes', () => {
  const loss = (ws: Parameters<typeof application>[0], ...ends: readonly EndEvent[]): readonly Fault[] => {
    const app = application(ws);
    app.sent.push('1', '2');
    app.ends.push(...ends);
    assert.equal(faultsOfLoss(app, 2), []);
    return faultsOfLoss(app, 1);
  };
  const lost = ['lost'];
  assert.equal(kinds(loss({ state: 'open' })), lost);
  assert.equal(kinds(loss({ state: 'open', queuedBytes: 1 })), []);
  assert.equal(kinds(loss({ state: 'closing' })), []);
  assert.equal(kinds(loss({ state: 'closed' }, end())), lost);
  assert.equal(kinds(loss({ state: 'closed' }, end('why', 1))), []);
  assert.equal(kinds(loss({ state: 'closed' }, end(), end('why', 1))), []);
  assert.equal(faultsOfLoss(application({ state: 'open' }), 0), []);
});

test.run();
