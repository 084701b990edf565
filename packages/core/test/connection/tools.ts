// What the tests of connection.ts share: frames as hex or as the peer sends them, and what a connection gives for them.
import * as assert from 'uvu/assert';
import {
  Connection,
  type ConnectionEvent,
  type ConnectionOptions,
  type EndEvent,
  type FailEvent,
  type Opcode,
  type ProtocolRuleName,
  type Role,
} from '../../src/index.ts';
import { ascii, drain, hex, ZEROS } from '../support.ts';

/** What `deadline` is when there is nothing to wait for. */
export const NEVER = Infinity;

export const ROLES = ['server', 'client'] as const;

/** A connection that is open, its `open` event taken. Time is 0. */
export function opened(role: Role, options: ConnectionOptions = {}): Connection {
  const connection = Connection.opened(role, {}, { random: ZEROS, ...options });
  assert.is(connection.poll()?.type, 'open');
  return connection;
}

/** Bytes as hex that can be joined. */
export function toHex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export { ascii };

/** A frame as the peer of `to` sends it: masked with the key 0 where `to` is a server. Its payload is at most 65,535 bytes. */
export function frame(to: Role, opcode: number, payload: string | Uint8Array = '', final = true): Uint8Array {
  const bytes = typeof payload === 'string' ? ascii(payload) : payload;
  const { length } = bytes;
  const mask = to === 'server' ? 0x80 : 0;
  const size = length < 126 ? [mask | length] : [mask | 126, length >> 8, length & 255];
  const header = [(final ? 0x80 : 0) | opcode, ...size, ...(mask === 0 ? [] : [0, 0, 0, 0])];
  const whole = new Uint8Array(header.length + length);
  whole.set(header);
  whole.set(bytes, header.length);
  return whole;
}

/** A Close frame as the peer of `to` sends it; without a code, an empty one. */
export function closeFrame(to: Role, code?: number, reason = ''): Uint8Array {
  const payload = code === undefined ? '' : String.fromCharCode(code >> 8, code & 255) + reason;
  return frame(to, 0x8, payload);
}

/** Hands the connection the bytes, a copy of them, and gives the events. */
export function receive(connection: Connection, bytes: Uint8Array, now?: number): ConnectionEvent[] {
  return [...connection.receive(bytes.slice(), now)];
}

/** All that waits in the outbox, in hex. */
export function sent(connection: Connection): string {
  return toHex(drain(connection));
}

/** All that waits in the outbox, one character a byte: for heads. */
export function sentText(connection: Connection): string {
  return String.fromCharCode(...drain(connection));
}

/** A frame as `from` sends it, in hex. */
export function own(from: Role, opcode: Opcode, payload: string | Uint8Array = '', final = true): string {
  return toHex(frame(from === 'client' ? 'server' : 'client', opcode, payload, final));
}

/** The Close frame that `from` sends, in hex. */
export function ownClose(from: Role, code?: number, reason = ''): string {
  return toHex(closeFrame(from === 'client' ? 'server' : 'client', code, reason));
}

export const types = (events: Iterable<ConnectionEvent>): string => Array.from(events, ({ type }) => type).join(' ');

/** The rule of the `fail` event among these, if there is one. */
export function rule(events: Iterable<ConnectionEvent>): string | undefined {
  return Array.from(events).find((event): event is FailEvent => event.type === 'fail')?.error.rule;
}

/** Ends the transport and gives the last event; nothing may come after it, whatever is done. */
export function ending(connection: Connection, cause?: unknown): EndEvent {
  const last = [...connection.receiveEnd(undefined, cause)].at(-1);
  if (last?.type !== 'end') throw new Error(`the last event is ${last?.type}, not end`);
  nothingFollows(connection);
  return last;
}

/** After `end` there are no events, no way back, and in the end no deadline. */
export function nothingFollows(connection: Connection): void {
  sent(connection);
  const calls = [
    () => connection.receiveEnd(undefined, 'again'),
    ...ROLES.map((role) => () => connection.receive(frame(role, 0x1, 'late'))),
    () => connection.close(1000),
    () => connection.pause(),
    () => connection.resume(),
    // What is left to wait for is the end of the transport's write side.
    () => connection.timeout(1e9),
    () => connection.timeout(1e12),
  ];
  for (const call of calls) {
    call();
    assert.equal([...connection], []);
    assert.is(connection.transmit(), undefined);
    assert.is(connection.state, 'closed');
    assert.is.not(connection.transport, 'open');
  }
  assert.is(connection.paused, false);
  assert.is(connection.deadline, NEVER);
  assert.throws(() => connection.send('late'), /nothing can be sent/);
}

/** For `assert.throws`, which takes a class for a function to call. */
export const isA =
  (type: abstract new (...args: never[]) => Error) =>
  (error: unknown): boolean =>
    error instanceof type;

/** Bytes that break a rule, as the peer of `to` sends them. */
export const FAULT: Record<Role, { readonly bytes: Uint8Array; readonly rule: ProtocolRuleName }> = {
  server: { bytes: hex('8100'), rule: 'unmasked-frame' },
  client: { bytes: hex('8180 00000000'), rule: 'masked-frame' },
};
