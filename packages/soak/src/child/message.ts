/** Messages that contain their own number, so that each can be recognised as the next one, and as complete. */
import { Buffer } from 'node:buffer';
import { below, type Random } from '../plan.ts';

export type Side = 'client' | 'server';

const MIB = 1_048_576;

/** The text of messages: words that compress, with characters of one to three bytes. */
const TEXT = words();
const BYTES = Buffer.from(TEXT).subarray(0, MIB);

function words(): string {
  let text = '';
  for (let number = 0; text.length < MIB; number++) text += `${Math.imul(number, 0x9e3779b1) >>> 0} naïve € words, `;
  return text.slice(0, MIB);
}

/** Returns message `number` of a side: mostly a short one, but up to 1 MiB. */
export function messageOf(id: number, side: Side, number: number, random: Random): string | Uint8Array {
  const length = Math.floor(2 ** (20 * random() ** 1.5)) - 1;
  const offset = below(random, MIB - length);
  const head = `${id} ${side} ${number} ${offset} ${length}\n`;
  if (random() < 0.5) return head + TEXT.slice(offset, offset + length);
  return Buffer.concat([Buffer.from(head), BYTES.subarray(offset, offset + length)]);
}

/** Returns what is wrong with a message that should be `number` of a side, if anything. */
export function faultOf(data: string | Uint8Array, id: number, side: Side, number: number): string | undefined {
  const bytes = typeof data === 'string' ? undefined : Buffer.from(data.buffer, data.byteOffset, data.length);
  const start = bytes?.toString('latin1', 0, 100) ?? (data as string).slice(0, 100);
  const [head = '', name, offset, length] = /^(.+) (\d+) (\d+)\n/.exec(start) ?? [];
  const expected = `${id} ${side} ${number}`;
  if (name !== expected) return `message "${expected}" is due, and "${name ?? start}" arrives`;
  const [from, to] = [Number(offset), Number(offset) + Number(length)];
  const isWhole =
    bytes === undefined
      ? data === head + TEXT.slice(from, to)
      : bytes.subarray(head.length).equals(BYTES.subarray(from, to));
  return isWhole ? undefined : `message "${expected}" is not as it was sent`;
}
