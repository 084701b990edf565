/** Whether a contestant's codec gives right results. It is refused otherwise: wrong results may be fast. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Kind, payload } from '../codec/inputs.ts';
import { messageOf } from '../method.ts';
import { frameHead } from '../net/frames.ts';
import { type Message, type Own, OwnError, type Role } from './own.ts';

const KINDS: readonly Kind[] = ['text', 'CJK text', 'binary'];
/** Around the borders of the three forms of a length (5.2). */
const SIZES = [0, 1, 16, 125, 126, 1000, 65_535, 65_536];
/** Lengths of chunks. */
const CUTS = [1, 7, 1460, Number.POSITIVE_INFINITY];
/** The most turns of the event loop after which a message must have been delivered. */
const PATIENCE = 1000;

/**
 * Checks what a file exports.
 *
 * @throws {OwnError} that names the first wrong result
 */
export async function checkCodecs({ decoder, encoder }: Own): Promise<void> {
  for (const role of ['server', 'client'] as const) {
    if (decoder !== undefined) await checkDecoder(decoder, role);
    if (encoder !== undefined) checkEncoder(encoder, role);
  }
}

async function checkDecoder(decoder: NonNullable<Own['decoder']>, role: Role): Promise<void> {
  const decode = async (chunks: readonly Buffer[], patience = PATIENCE): Promise<Message[] | undefined> => {
    const messages: Message[] = [];
    const receive = decoder(role, (message) => {
      messages.push(typeof message === 'string' ? message : Buffer.from(message));
    });
    if (receive === undefined) return undefined;
    if (typeof receive !== 'function') throw new OwnError(`decoder('${role}') must return a function`);
    for (const chunk of chunks) await receive(chunk);
    for (let left = patience; left > 0 && messages.length === 0; left--) await turn();
    return messages;
  };
  const masked = role === 'server';
  for (const kind of KINDS) {
    for (const size of SIZES) {
      const data = payload(kind, size);
      // The last two cut a message into fragments, and the first of them in the middle of a code point.
      for (const fragments of [1, 3]) {
        const bytes = Buffer.concat(fragmented(kind === 'binary' ? 2 : 1, data, masked, fragments));
        for (const length of CUTS.filter((cut) => size / cut < 5000)) {
          const where = `${kind}, ${size} bytes, ${fragments} ${fragments === 1 ? 'frame' : 'frames'}, chunks of ${Math.min(length, bytes.length)} bytes`;
          const messages = await decode(cut(bytes, length)).catch((error: unknown) => {
            if (error instanceof OwnError) throw error;
            throw new OwnError(`decoder('${role}') throws: ${where}: ${messageOf(error)}`, { cause: error });
          });
          // It does not have this role.
          if (messages === undefined) return;
          const [message, ...more] = messages;
          if (!isSame(kind, data, message) || more.length > 0) {
            throw new OwnError(`decoder('${role}') gives a wrong result: ${where}: ${told(message, more.length)}`);
          }
        }
      }
    }
  }
  const invalid = fragmented(1, Buffer.from([0xc3, 0x28]), masked, 1);
  const passed = await decode(invalid, 10).catch(() => []);
  if (passed !== undefined && passed.length > 0) {
    throw new OwnError(`decoder('${role}') delivers a text that is not valid UTF-8 (RFC 6455 8.1)`);
  }
}

function checkEncoder(encoder: NonNullable<Own['encoder']>, role: Role): void {
  const keys = new Set<string>();
  let parts: Buffer[] = [];
  const send = encoder(role, (bytes) => {
    parts.push(Buffer.from(bytes));
  });
  if (send === undefined) return;
  if (typeof send !== 'function') throw new OwnError(`encoder('${role}') must return a function`);
  const masked = role === 'client';
  for (const kind of KINDS) {
    for (const size of SIZES) {
      const data = payload(kind, size);
      parts = [];
      try {
        send(kind === 'binary' ? Buffer.from(data) : data.toString());
      } catch (error) {
        throw new OwnError(`encoder('${role}') throws: ${kind}, ${size} bytes: ${messageOf(error)}`, { cause: error });
      }
      const bytes = Buffer.concat(parts);
      const head = frameHead(kind === 'binary' ? 2 : 1, size, masked);
      const key = masked ? bytes.subarray(head.length, head.length + 4) : Buffer.alloc(0);
      if (size > 0) keys.add(key.toString('hex'));
      const expected = Buffer.concat([head, key, xor(data, key)]);
      if (!bytes.equals(expected)) {
        const length = `${bytes.length} bytes for a frame of ${head.length + (masked ? 4 : 0) + size}`;
        throw new OwnError(`encoder('${role}') gives a wrong result: ${kind}, ${size} bytes: ${length}: ${hex(bytes)}`);
      }
    }
  }
  if (masked && keys.size === 1) {
    throw new OwnError("encoder('client') uses the same masking key for every frame (RFC 6455 5.3)");
  }
}

/** Returns a message as frames of nearly the same size. */
function fragmented(opcode: number, data: Buffer, masked: boolean, count: number): Buffer[] {
  return Array.from({ length: count }, (_, at) => {
    const part = data.subarray(Math.floor((at * data.length) / count), Math.floor(((at + 1) * data.length) / count));
    const key = masked ? Buffer.from([0x37, 0xfa, 0x21 ^ at, 0x3d]) : Buffer.alloc(0);
    const head = frameHead(at === 0 ? opcode : 0, part.length, masked, at === count - 1);
    return Buffer.concat([head, key, xor(part, key)]);
  });
}

function cut(bytes: Buffer, length: number): Buffer[] {
  const size = Math.min(length, bytes.length);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    // In memory of its own, like what a socket reads.
    Buffer.from(bytes.subarray(at * size, (at + 1) * size)),
  );
}

function xor(data: Buffer, key: Buffer): Buffer {
  return key.length === 0 ? data : Buffer.from(data.map((byte, at) => byte ^ (key[at & 3] as number)));
}

function isSame(kind: Kind, data: Buffer, message: Message | undefined): boolean {
  return kind === 'binary' ? typeof message === 'object' && data.equals(message) : message === data.toString();
}

function told(message: Message | undefined, more: number): string {
  if (message === undefined) return 'no message was delivered';
  if (more > 0) return `${1 + more} messages were delivered`;
  const kind = typeof message === 'string' ? 'a string' : 'bytes';
  return `${kind} of length ${message.length} came: ${hex(Buffer.from(message as Uint8Array))}`;
}

function hex(bytes: Buffer): string {
  const start = bytes
    .subarray(0, 16)
    .toString('hex')
    .replace(/..(?=.)/g, '$& ');
  return bytes.length > 16 ? `${start} …` : start;
}
