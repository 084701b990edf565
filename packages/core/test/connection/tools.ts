// Helpers for the tests of connections: frames as bytes or digits, and what a connection answers to them.
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
import { encodeFrame } from '../reference.ts';
import { ascii, drain, hex, latin1, toHex, ZEROS } from '../support.ts';

/** The deadline when there is nothing to wait for. */
export const NEVER = Infinity;

export const ROLES = ['server', 'client'] as const;

/** No deadline but those of the opening and closing handshakes. */
export const QUIET = { heartbeat: false, idleTimeout: NEVER, messageProgress: false, stallTimeout: NEVER } as const;

/** Returns an open connection whose event `open` has been taken. The time is 0. */
export function opened(role: Role, options: ConnectionOptions = {}): Connection {
  const connection = Connection.opened(role, {}, { random: ZEROS, ...options });
  assert.is(connection.poll()?.type, 'open');
  return connection;
}

/** Returns bytes as digits without spaces, so that tests can concatenate frames. */
const digits = (bytes: Uint8Array): string => toHex(bytes).replaceAll(' ', '');

/** Returns a frame as the peer of `to` sends it, masked with the key 0 if `to` is a server. */
export function frame(to: Role, opcode: number, payload: string | Uint8Array = '', fin = true): Uint8Array {
  const bytes = typeof payload === 'string' ? ascii(payload) : payload;
  return encodeFrame({ fin, opcode, payload: bytes, ...(to === 'server' ? { key: [0, 0, 0, 0] } : {}) });
}

/** Returns a Close frame as the peer of `to` sends it; without a code it is empty. */
export function closeFrame(to: Role, code?: number, reason = ''): Uint8Array {
  const payload = code === undefined ? '' : String.fromCharCode(code >> 8, code & 255) + reason;
  return frame(to, 0x8, payload);
}

/** Gives the connection a copy of the bytes and returns the events. */
export function receive(connection: Connection, bytes: Uint8Array, now?: number): ConnectionEvent[] {
  return [...connection.receive(bytes.slice(), now)];
}

/** Returns all bytes that wait for `transmit`, as digits. */
export function sent(connection: Connection): string {
  return digits(drain(connection));
}

/** Returns all bytes that wait for `transmit`, as text. */
export function sentText(connection: Connection): string {
  return latin1(drain(connection));
}

/** Returns a frame as `from` sends it, as digits. */
export function own(from: Role, opcode: Opcode, payload: string | Uint8Array = '', final = true): string {
  return digits(frame(from === 'client' ? 'server' : 'client', opcode, payload, final));
}

/** Returns a Close frame as `from` sends it, as digits. */
export function ownClose(from: Role, code?: number, reason = ''): string {
  return digits(closeFrame(from === 'client' ? 'server' : 'client', code, reason));
}

export const types = (events: Iterable<ConnectionEvent>): string => Array.from(events, ({ type }) => type).join(' ');

/** Returns the rule of the event `fail`, if there is one. */
export function rule(events: Iterable<ConnectionEvent>): string | undefined {
  return Array.from(events).find((event): event is FailEvent => event.type === 'fail')?.error.rule;
}

/** Ends the transport and returns the event `end`, after which nothing may follow. */
export function ending(connection: Connection, cause?: unknown): EndEvent {
  const last = [...connection.receiveEnd(undefined, cause)].at(-1);
  if (last?.type !== 'end') throw new Error(`the last event is ${last?.type}, not end`);
  nothingFollows(connection);
  return last;
}

/** Asserts that after `end` there are no events, no way back, and finally no deadline. */
export function nothingFollows(connection: Connection): void {
  sent(connection);
  const calls = [
    () => connection.receiveEnd(undefined, 'again'),
    ...ROLES.map((role) => () => connection.receive(frame(role, 0x1, 'late'))),
    () => connection.close(1000),
    () => connection.pause(),
    () => connection.resume(),
    // The write side of the transport may still have to end.
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
