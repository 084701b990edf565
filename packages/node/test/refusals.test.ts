// Refusals whose body does not end are still refusals, and after a 401 there is no further attempt.

import { VirtualClock } from '@sockless/adapter/testing';
import type { HandshakeError } from '@sockless/core';
import * as assert from 'uvu/assert';
import { rawServer } from './raw.ts';
import { soon, suite, until } from './support.ts';

const test = suite('refusals');

const bodies: [title: string, head: string, body: string][] = [
  ['without a length', '', ''],
  ['that goes on without a length', '', 'who?'],
  ['with a length that is too large', 'Content-Length: 100\r\n', 'who?'],
  ['in chunks without an end', 'Transfer-Encoding: chunked\r\n', '4\r\nwho?\r\n'],
];

for (const [title, head, body] of bodies) {
  test(`a 401 with a body ${title} is reported only at handshakeTimeout, and not retried`, async (bench) => {
    const clock = new VirtualClock();
    let attempts = 0;
    const url = await rawServer(bench, async (wire) => {
      attempts++;
      await wire.head().catch(() => undefined);
      wire.write(`HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n${head}\r\n${body}`);
    });
    const ws = bench.connect(url, {}, { clock, handshakeTimeout: 1000, reconnect: { base: 2 } });
    await until(() => attempts === 1);
    // No event shows that the response has arrived.
    for (let turn = 0; turn < 10; turn++) await soon();
    assert.is(ws.state, 'connecting');
    clock.advance(1001);
    const error = (await ws.closed).explanation.error as HandshakeError;
    assert.equal([error.rule, error.response?.status], ['status-not-101', 401]);
    assert.is(Buffer.from(error.response?.body ?? []).toString(), body.includes('who?') ? 'who?' : '');
    assert.is(new Map(error.response?.headers).get('www-authenticate'), 'Basic');
    assert.is(attempts, 1);
  });
}

for (const head of ['401 Unauthorized\r\nContent-Length: 0', '204 No Content', '304 Not Modified']) {
  test(`${head.split('\r\n')[0]} has no body, and is reported at once`, async (bench) => {
    const clock = new VirtualClock();
    const url = await rawServer(bench, async (wire) => {
      await wire.head();
      wire.write(`HTTP/1.1 ${head}\r\n\r\n`);
    });
    const ws = bench.connect(url, {}, { clock });
    assert.is((await ws.closed).explanation.error?.rule, 'status-not-101');
  });
}

test.run();
