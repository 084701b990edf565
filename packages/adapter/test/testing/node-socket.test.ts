// The simulated socket of Node: what it counts, and how it connects, ends and is reset.
import { Duplex } from 'node:stream';
import { settled, simulateSocket, VirtualClock, WireEnd } from '@sockless/adapter/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('simulated socket');

type Options = Parameters<typeof simulateSocket>[3];

function begin(options: Options = {}) {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  const simulated = simulateSocket(Duplex, near, clock, options);
  const events: string[] = [];
  const { socket } = simulated;
  for (const name of ['connect', 'secureConnect', 'end', 'finish', 'close']) {
    socket.on(name, () => void events.push(name));
  }
  socket.on('error', (error: Error) => void events.push((error as Error & { code: string }).code));
  socket.on('data', (bytes: Uint8Array) => void events.push(`${bytes.length} bytes`));
  return { clock, near, far, events, ...simulated };
}

test('bytesWritten counts the bytes written, including those that wait, and bytesRead those that have arrived', async () => {
  const { clock, near, far, socket } = begin();
  near.capacity = 10;
  socket.write(new Uint8Array(6));
  await clock.pass(5);
  assert.equal([socket.bytesWritten, socket.writableLength], [6, 0]);
  socket.write(new Uint8Array(8));
  socket.write(new Uint8Array(5));
  await clock.pass(5);
  assert.equal([socket.bytesWritten, socket.writableLength], [19, 13]);
  far.read(100);
  await clock.pass(5);
  far.read(100);
  await clock.pass(5);
  assert.equal([socket.bytesWritten, socket.writableLength], [19, 0]);
  far.take(new Uint8Array(7));
  await clock.pass(5);
  assert.is(socket.bytesRead, 7);
});

test('a socket connects, and with TLS completes its handshake, before anything moves', async () => {
  for (const tls of [false, true]) {
    const { clock, far, socket, events, connected, secured } = begin({ connecting: true, tls });
    socket.write(new Uint8Array(3));
    far.take(new Uint8Array(2));
    secured();
    await clock.pass(5);
    assert.equal([socket.connecting, socket.encrypted, events, far.read(9)], [true, tls || undefined, [], undefined]);
    connected();
    connected();
    await clock.pass(5);
    assert.is(socket.connecting, false);
    if (tls) {
      assert.equal([events, far.read(9)], [['connect'], undefined]);
      secured();
      await clock.pass(5);
    }
    assert.equal(events, ['connect', ...(tls ? ['secureConnect'] : []), '2 bytes']);
    assert.is((far.read(9) as Uint8Array).length, 3);
  }
});

test('a refused connection is an error; one that is open cannot be refused', async () => {
  for (const connecting of [true, false]) {
    const { clock, events, refused } = begin({ connecting });
    refused();
    await clock.pass(5);
    assert.equal(events, connecting ? ['ECONNREFUSED', 'close'] : []);
  }
});

test('resetAndDestroy sends an RST if the socket is open, else it only closes', async () => {
  for (const connecting of [false, true]) {
    const { clock, far, socket, events } = begin({ connecting });
    assert.is(socket.resetAndDestroy(), socket);
    await clock.pass(5);
    assert.equal([far.dead, far.ended, socket.destroyed, events], [!connecting, connecting, true, ['close']]);
  }
});

test('destroySoon ends, writes the bytes that wait, and then destroys', async () => {
  const { clock, near, far, socket, events } = begin({ allowHalfOpen: true });
  near.capacity = 2;
  socket.write(new Uint8Array(3));
  socket.destroySoon();
  await clock.pass(5);
  assert.is(socket.destroyed, false);
  far.read(9);
  await clock.pass(5);
  assert.equal([socket.destroyed, events, far.ended], [true, ['finish', 'close'], true]);
  socket.destroySoon();
});

test('when the peer ends, the socket ends too unless it may stay half open', async () => {
  for (const allowHalfOpen of [false, true]) {
    const { clock, far, socket, events } = begin({ allowHalfOpen });
    far.shutdown();
    await clock.pass(5);
    assert.equal([far.ended, socket.writable, events.includes('end')], [!allowHalfOpen, allowHalfOpen, true]);
  }
});

test('an end before the TLS handshake is complete is ECONNRESET', async () => {
  const { clock, far, events } = begin({ tls: true });
  far.shutdown();
  await clock.pass(5);
  assert.ok(events.includes('ECONNRESET'), events.join());
  assert.is(events.at(-1), 'close');
});

test('a write that is cut short by `destroy` fails with ECANCELED from Node 22 on, and succeeds in older versions', async () => {
  for (const cancels of [true, false]) {
    const { clock, near, socket } = begin({ cancels });
    near.capacity = 1;
    const results: unknown[] = [];
    socket.write(new Uint8Array(3), (error) => void results.push(error && (error as Error & { code: string }).code));
    await clock.pass(5);
    assert.equal(results, []);
    socket.destroy();
    await clock.pass(5);
    await settled();
    assert.equal(results.length, 1);
    assert.is(results[0] === 'ECANCELED', cancels, String(results[0]));
  }
});

test('an RST is an error of the read in progress', async () => {
  const { clock, far, events, socket } = begin();
  far.reset();
  await clock.pass(5);
  assert.equal([events, socket.destroyed], [['ECONNRESET', 'close'], true]);
});

test.run();
