// Helpers for the tests of deflate/: connections that have agreed on compression, and their frames. They need no host.
import { pako } from '../../../deflate/src/index.ts';
import {
  type DeflateAgreement,
  type DeflateEngine,
  DeflateTransform,
  type TransformOptions,
} from '../../src/deflate/index.ts';
import { Connection, type ConnectionEvent, type ConnectionOptions, type Role } from '../../src/index.ts';
import { seeded } from '../pair.ts';
import { decodeFrames, encodeFrame, type Frame } from '../reference.ts';
import { same } from '../runtimes/expectation.ts';
import { drain, hex, join, joinFragments, type Summary, summarize, ZEROS } from '../support.ts';

/** An engine for tests that only negotiate. */
export const NO_ENGINE: DeflateEngine = {
  createDeflater: unexpected,
  createInflater: unexpected,
};

function unexpected(): never {
  throw new Error('nothing is compressed here');
}

export const PLAIN: DeflateAgreement = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

export const NO_TAKEOVER: DeflateAgreement = { ...PLAIN, serverNoContextTakeover: true, clientNoContextTakeover: true };

export interface Setting {
  readonly agreement?: Partial<DeflateAgreement>;
  readonly transform?: Partial<TransformOptions>;
  readonly engine?: DeflateEngine;
}

/** Returns an open connection that compresses, whose event `open` has been taken. Nothing is masked visibly. */
export function opened(role: Role, options: ConnectionOptions = {}, setting: Setting = {}): Connection {
  const transform = new DeflateTransform(role, { ...PLAIN, ...setting.agreement }, setting.engine ?? pako, {
    level: 6,
    memLevel: 8,
    threshold: 0,
    ...setting.transform,
  });
  const connection = Connection.opened(role, { transform }, { random: ZEROS, heartbeat: false, ...options });
  same(connection.poll()?.type, 'open', 'the first event');
  return connection;
}

/** Returns a frame as the peer of `to` sends it. */
export function frame(to: Role, of: Partial<Frame> & Pick<Frame, 'opcode'>): Uint8Array<ArrayBuffer> {
  return encodeFrame({ ...of, ...(to === 'server' ? { key: [1, 2, 3, 4] } : {}) });
}

/** Returns a compressed message in one frame, or in several. */
export function compressed(
  to: Role,
  opcode: number,
  payload: Uint8Array,
  cuts: readonly number[] = [],
): Uint8Array<ArrayBuffer> {
  const bounds = [0, ...cuts, payload.length];
  const last = bounds.length - 2;
  return join(
    bounds.slice(1).map((end, i) =>
      frame(to, {
        fin: i === last,
        rsv: i === 0 ? 4 : 0,
        opcode: i === 0 ? opcode : 0,
        payload: payload.slice(bounds[i], end),
      }),
    ),
  );
}

/** Returns the events of bytes as short values; fragments of a message are joined. */
export function events(connection: Connection, chunks: readonly Uint8Array[]): Summary[] {
  const all: ConnectionEvent[] = [];
  for (const chunk of chunks) all.push(...connection.receive(chunk.slice()));
  return joinFragments(all).map(summarize);
}

/** Returns the frames that wait for `transmit`. */
export function frames(connection: Connection): Frame[] {
  const { frames, rest } = decodeFrames(drain(connection));
  same(rest, 0, 'bytes behind the last frame');
  return frames;
}

/** Returns the payloads of frames, joined. */
export const payload = (of: readonly Frame[]): Uint8Array<ArrayBuffer> => join(of.map(({ payload }) => payload));

/** "Hello" compressed (7.2.3.1), again with the window of the first (7.2.3.2), and with BFINAL set (7.2.3.4). */
export const HELLO = hex('f2 48 cd c9 c9 07 00');
export const HELLO_AGAIN = hex('f2 00 11 00 00');
export const HELLO_FINAL = hex('f3 48 cd c9 c9 07 00 00');
export const TEXT: Summary = ['text', 'Hello'];

/** Returns bytes that do not compress, the same for the same seed. */
export function noise(length: number, seed: number): Uint8Array {
  const random = seeded(seed);
  return Uint8Array.from({ length }, () => random() * 256);
}
