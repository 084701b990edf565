// RFC 6455 6.1: bytes that `send` borrows, and what happens when the application transfers them before they have left.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type ConnectionEvent } from '../../src/index.ts';
import { toHex } from '../support.ts';

const lending = suite('lending');

const SIZE = 10_000;

/** A server's connection that is open and has lent bytes waiting, of which `sent` have been transmitted. */
function lent(sent: number): { connection: Connection; bytes: Uint8Array<ArrayBuffer> } {
  const connection = Connection.opened('server', {}, { heartbeat: false, idleTimeout: Infinity });
  assert.is(connection.poll()?.type, 'open');
  const bytes = new Uint8Array(SIZE);
  connection.send(bytes, { lend: true });
  for (let left = sent; left > 0; ) left -= connection.transmit(0, left)?.length ?? left;
  return { connection, bytes };
}

const transfer = (bytes: Uint8Array<ArrayBuffer>): unknown =>
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });

const types = (events: Iterable<ConnectionEvent>): string[] => [...events].map(({ type }) => type);

lending('a changed loan of which no byte has been transmitted is dropped, and the connection fails with 1011', () => {
  const { connection, bytes } = lent(0);
  connection.pause();
  transfer(bytes);
  const [first, second] = toHex(connection.transmit(0) ?? new Uint8Array(0)).split(' ');
  assert.equal([first, second, connection.transmit(0)], ['88', '0e', undefined]);
  assert.equal([connection.state, connection.transport, connection.paused], ['closing', 'end', false]);
  const [fail, ...more] = [...connection];
  assert.is(fail?.type === 'fail' && fail.error.rule, 'loan-changed');
  assert.equal(more, []);
});

lending('a changed loan whose header has left destroys the transport without a Close frame', () => {
  for (const sent of [4, 5, 4 + SIZE - 1]) {
    const { connection, bytes } = lent(sent);
    transfer(bytes);
    assert.is(connection.transmit(0), undefined);
    assert.equal([connection.state, connection.transport, connection.queuedBytes], ['closed', 'destroy', 0]);
    assert.equal(types(connection), ['fail', 'end']);
  }
});

lending(
  'with transmitInto, our Close frame is still transmitted if no byte of the changed loan has been transmitted',
  () => {
    const { connection, bytes } = lent(0);
    transfer(bytes);
    const into = new Uint8Array(50);
    assert.is(connection.transmitInto(into, 0), 16);
    assert.equal([into[0], connection.state, connection.transmitInto(into, 0)], [0x88, 'closing', 0]);
  },
);

lending('with transmitInto, a changed loan whose header has left destroys the transport', () => {
  const { connection, bytes } = lent(100);
  transfer(bytes);
  assert.equal([connection.transmitInto(new Uint8Array(50), 0), connection.transport], [0, 'destroy']);
});

lending('after a changed loan, the first later call that passes `now` restarts closeTimeout, and no other does', () => {
  for (const ends of [false, true]) {
    const { connection, bytes } = lent(0);
    connection.receive(new Uint8Array(0), 1000);
    transfer(bytes);
    assert.is(connection.transmitInto(new Uint8Array(50)), 16);
    assert.is(connection.deadline, 6000);
    if (ends) connection.receiveEnd(20_000);
    else connection.written(0, 20_000);
    assert.is(connection.deadline, 25_000);
    connection.written(0, 21_000);
    assert.is(connection.deadline, 25_000);
  }
});

lending(
  'if transmit cut a part at `max`, transferring the first piece destroys the transport, since the rest is lost with it',
  () => {
    const open = Connection.opened('server', {}, { heartbeat: false, idleTimeout: Infinity });
    open.send(new Uint8Array(SIZE));
    const connecting = Connection.client('ws://example.com/');
    for (const [connection, told] of [
      [open, ['open', 'fail', 'end']],
      [connecting, ['fail', 'end']],
    ] as const) {
      const part = connection.transmit(0, 100) as Uint8Array<ArrayBuffer>;
      assert.is(part.length, 100);
      transfer(part);
      assert.is(connection.transmit(0, 100), undefined);
      assert.equal([connection.state, connection.transport, connection.queuedBytes], ['closed', 'destroy', 0]);
      assert.equal(types(connection), told);
    }
  },
);

lending('a loan that shrank and has grown again is sent, and the connection stays usable', () => {
  const buffer = new ArrayBuffer(5000, { maxByteLength: 5000 });
  const connection = Connection.opened('server', {}, { heartbeat: false, idleTimeout: Infinity });
  assert.is(connection.poll()?.type, 'open');
  connection.send('a');
  connection.send(new Uint8Array(buffer, 0, 5000), { lend: true });
  buffer.resize(2500);
  const into = new Uint8Array(10_000);
  assert.is(connection.transmitInto(into, 0), 3);
  buffer.resize(5000);
  assert.is(connection.transmitInto(into, 0), 5004);
  assert.throws(() => connection.send(Uint8Array.of(0xff), { text: true }), TypeError);
  assert.equal([connection.transmit(0), connection.state, types(connection)], [undefined, 'open', []]);
});

lending(
  'once one call of transmit has returned the whole header of a loan, that header may be transferred, and the payload still follows',
  () => {
    const { connection } = lent(0);
    const header = connection.transmit(0) as Uint8Array<ArrayBuffer>;
    assert.is(header.length, 4);
    transfer(header);
    assert.is(connection.transmit(0)?.length, SIZE);
    assert.equal([connection.transmit(0), connection.queuedBytes, connection.transport], [undefined, 0, 'open']);
  },
);

lending("transferring a part of a loan's header destroys the transport, since the rest of the header is gone", () => {
  for (const into of [undefined, new Uint8Array(50)]) {
    const { connection } = lent(0);
    transfer(connection.transmit(0, 3) as Uint8Array<ArrayBuffer>);
    if (into === undefined) assert.is(connection.transmit(0), undefined);
    else assert.is(connection.transmitInto(into, 0), 0);
    assert.equal([connection.state, connection.transport, connection.queuedBytes], ['closed', 'destroy', 0]);
  }
});

lending('if transmit cut a part at `max` and the first piece was transferred, `fail` destroys the transport', () => {
  const open = Connection.opened('server', {}, { heartbeat: false, idleTimeout: Infinity });
  open.send(new Uint8Array(SIZE));
  const connecting = Connection.client('ws://example.com/');
  for (const connection of [open, connecting]) {
    transfer(connection.transmit(0, 100) as Uint8Array<ArrayBuffer>);
    connection.fail('reader-too-slow');
    assert.is(connection.transmit(0), undefined);
    assert.equal([connection.transport, connection.queuedBytes], ['destroy', 0]);
    assert.is(types(connection.receiveEnd(0)).at(-1), 'end');
  }
});

lending('a changed loan after the end of the transport leads to no event', () => {
  for (const sent of [0, 100]) {
    const { connection, bytes } = lent(sent);
    assert.equal(types(connection.receiveEnd(0)), ['end']);
    transfer(bytes);
    assert.is(connection.transmit(0), undefined);
    assert.equal([connection.transport, types(connection)], [sent === 0 ? 'end' : 'destroy', []]);
  }
});

lending(
  'while closing, our Close frame is still transmitted if no byte of the changed loan in front of it has been transmitted',
  () => {
    const { connection, bytes } = lent(0);
    connection.close(1000);
    transfer(bytes);
    assert.is(toHex(connection.transmit(0) ?? new Uint8Array(0)), '88 02 03 e8');
    assert.equal(types(connection), []);
  },
);

lending('a connection that has failed keeps its first explanation when a loan changes', () => {
  const { connection, bytes } = lent(100);
  connection.fail('reader-too-slow');
  assert.equal(types(connection), ['fail']);
  transfer(bytes);
  assert.is(connection.transmit(0), undefined);
  assert.is(connection.transport, 'destroy');
  const [end, ...more] = [...connection];
  assert.is(end?.type === 'end' && end.explanation.error?.rule, 'reader-too-slow');
  assert.equal(more, []);
});

lending.run();
