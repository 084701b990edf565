import * as assert from 'uvu/assert';
import { Connection, type ConnectionOptions, type Role, resolveOptions } from '../../src/index.ts';
import { decodeFrames } from '../reference.ts';
import { decodeStrictly, ZEROS } from '../support.ts';

/** No deadlines. */
export const OFF: ConnectionOptions = {
  heartbeat: false,
  idleTimeout: Infinity,
  messageProgress: false,
  stallTimeout: Infinity,
};

/** Returns three open connections that share their options. */
export function opened(role: Role, options: ConnectionOptions = {}): [Connection, Connection, Connection] {
  const resolved = resolveOptions({ ...OFF, random: ZEROS, ...options });
  const open = (): Connection => {
    const connection = Connection.opened(role, {}, resolved);
    assert.is(connection.poll()?.type, 'open');
    return connection;
  };
  return [open(), open(), open()];
}

/** Returns the frames in `bytes`, each as its opcode and its text. */
export function frames(bytes: Uint8Array): string[] {
  const { frames, rest } = decodeFrames(bytes);
  assert.is(rest, 0);
  return frames.map(({ opcode, payload }) => `${opcode} ${decodeStrictly(payload)}`);
}
