/** UTF-8 (RFC 6455 8.1) by every path that core has, compared with the host's decoder, byte by byte. */

import { host } from '../../packages/core/src/host.ts';
import { copyMasked, decode, mask, rotateKey } from '../../packages/core/src/simd.ts';
import { encodeUtf8 } from '../../packages/core/src/text/encode.ts';
import {
  decodePayload,
  decodeShortAscii,
  decodeText,
  decodeValid,
  isAscii,
  SHORT_ASCII,
} from '../../packages/core/src/text/text.ts';
import { decodeUtf8, UTF8_BOUNDARY, unfinishedBytes, validateUtf8 } from '../../packages/core/src/text/utf8.ts';
import { concat, decodeStrictly } from '../../packages/core/test/support.ts';
import { bytesOf, cutBy, Input } from '../src/input.ts';
import { holds, same } from '../src/target.ts';

export const name = 'utf8';
export const description =
  'A text is refused at its first impossible byte however it is cut, masked and decoded, and is encoded to the bytes it was decoded from.';

/** How often the input is repeated, so that few bytes reach the paths for long payloads. */
const TIMES = [1, 1, 3, 9, 40, 700] as const;

export function fuzz(data: Uint8Array): void {
  const input = new Input(data);
  const times = input.pick(TIMES);
  const before = input.byte() % 70;
  const [size, seed] = [1 + input.byte(), input.byte()];
  const key = input.take(4);
  const unit = input.rest();
  const repeated = Array<Uint8Array>(unit.length * times > 40_000 ? 1 : times).fill(unit);
  const bytes = concat(new Uint8Array(before).fill(0x61), ...repeated);

  // Long inputs are not cut into thousands of parts.
  const longest = size + Math.floor(bytes.length / 100);
  const fault = firstImpossible(bytes);
  for (const decoder of [host.textDecoder, undefined]) {
    let [at, state] = [0, UTF8_BOUNDARY];
    for (const piece of cutBy(bytes, longest, seed)) {
      state = validateUtf8(piece, 0, piece.length, state, decoder);
      if (state < 0) at += ~state;
      if (state < 0) break;
      at += piece.length;
      const whole = at - unfinishedBytes(piece, piece.length, state);
      if (state === UTF8_BOUNDARY) holds('nothing is unfinished at a boundary', whole === at);
    }
    const actual = state < 0 ? at : state === UTF8_BOUNDARY ? -1 : bytes.length;
    same('the first impossible byte is the same', ['pieces', actual], ['a byte at a time', fault]);
  }

  const expected = fault === -1 ? decodeStrictly(bytes) : undefined;
  checkDecoding(bytes, expected);
  checkMasking(bytes, key, expected);
  if (expected === undefined) return;
  for (const write of [host.writeUtf8, undefined]) {
    const room = new Uint8Array(3 * expected.length);
    const again = room.subarray(0, encodeUtf8(expected, room, 0, write));
    holds('a decoded text is encoded to the same bytes', Buffer.compare(again, bytes) === 0);
  }
}

/** Returns the index of the first impossible byte, the length if the text is cut short, or -1. */
function firstImpossible(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let at = 0; at < bytes.length; at++) {
    // ASCII after ASCII is always valid.
    if ((bytes[at] as number) < 0x80 && (at === 0 || (bytes[at - 1] as number) < 0x80)) continue;
    try {
      decoder.decode(bytes.subarray(at, at + 1), { stream: true });
    } catch {
      return at;
    }
  }
  try {
    decoder.decode();
    return -1;
  } catch {
    return bytes.length;
  }
}

function checkDecoding(bytes: Uint8Array, expected: string | undefined): void {
  const ways: [string, string | undefined][] = [
    ["core's own", decodeUtf8(bytes)],
    ['nothing known', decodeText(bytes, 'nothing', host.textDecoder)],
    ['no decoder', decodeText(bytes, 'nothing', undefined)],
  ];
  if (expected !== undefined) {
    ways.push(['valid UTF-8', decodeText(bytes, 'utf8', host.textDecoder)]);
    ways.push(['a message that was collected', decodeValid(bytes, false, host.textDecoder)]);
  }
  if (isAscii(bytes, 0, bytes.length)) {
    holds(
      'what is seen to be ASCII is',
      bytes.every((byte) => byte < 0x80),
    );
    ways.push(['ASCII', decodeText(bytes, 'ascii', host.textDecoder)]);
  }
  for (const [way, text] of ways) holds('every way gives the same text', text === expected, () => way);
}

/** 5.3: checks that the fast paths of masking agree with the slow one, and that what they report is true. */
function checkMasking(bytes: Uint8Array, key: Uint8Array, expected: string | undefined): void {
  const keyBytes = [0, 1, 2, 3].map((at) => key[at] ?? 0);
  const word = new DataView(Uint8Array.from(keyBytes).buffer).getInt32(0);
  const masked = bytes.map((byte, at) => byte ^ (keyBytes[at % 4] as number));
  const isAllAscii = bytes.every((byte) => byte < 0x80);
  for (const withView of [false, true]) {
    // Neither at the beginning nor at the end of its memory.
    const memory = concat(Uint8Array.of(1, 2, 3), masked, Uint8Array.of(4, 5, 6));
    const chunk = memory.subarray(1);
    const view = withView ? new DataView(memory.buffer, 1) : undefined;
    const end = 2 + bytes.length;
    if (bytes.length <= SHORT_ASCII) {
      const short = decodeShortAscii(chunk, 2, bytes.length, word, view);
      holds('decodeShortAscii decodes ASCII and nothing else', short === (isAllAscii ? expected : undefined), () =>
        String(short),
      );
    }
    const seen = mask(chunk, 2, end, word, view);
    holds('unmasking follows 5.3', Buffer.compare(chunk.subarray(2, end), bytes) === 0);
    holds('unmasking changes no other bytes', memory.at(2) === 3 && memory.at(-3) === 4);
    holds('bytes reported as ASCII are ASCII', seen !== 0 || isAllAscii);
    const payload = concat(Uint8Array.of(1, 2, 3), masked, Uint8Array.of(4, 5, 6));
    const text = decodePayload(
      {
        bytes: payload,
        view: (start, end) => payload.subarray(start, end),
        words: () => (withView ? new DataView(payload.buffer) : undefined),
      },
      3,
      3 + bytes.length,
      word,
      host.textDecoder,
    );
    holds('a payload is decoded where it lies', text === expected);
  }
  const text = decode(masked, word);
  holds('the kernel gives the same text', text === undefined || text === expected);
  const copy = new Uint8Array(bytes.length + 4);
  copyMasked(bytes, 0, bytes.length, copy, 2, word, new DataView(copy.buffer));
  holds('masking a copy follows 5.3', Buffer.compare(copy.subarray(2, 2 + bytes.length), masked) === 0);
  for (let phase = 0; phase < 4; phase++) {
    const [first = 0] = keyBytes.slice(phase);
    holds('a key is rotated by its phase', rotateKey(word, phase) >>> 24 === first);
  }
}

export function* seeds(): Iterable<Uint8Array> {
  const texts = ['Hello', 'aé', '€', '🐯', '\ufeffx', '漢字かな', '\u{10ffff}', '\ud7ff\ue000', 'x'.repeat(100)];
  const broken = ['c0 80', 'ed a0 80', 'f4 90', 'f0 8f', 'e0 9f', 'ff', '80', 'e2 82'];
  for (let times = 0; times < TIMES.length; times++) {
    for (const text of texts) yield concat(bytesOf(`${String.fromCharCode(times)}\x03\x05\x00abcd`), Buffer.from(text));
    for (const digits of broken) {
      yield concat(
        bytesOf(`${String.fromCharCode(times)}\x03\x05\x00abcd`),
        Buffer.from(digits.replace(/ /g, ''), 'hex'),
      );
    }
  }
}
