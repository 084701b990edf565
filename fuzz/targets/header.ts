/** Frame headers (RFC 6455 5.2), compared with the RFC's diagram read with unbounded numbers. */
import {
  createFrameHeader,
  decodeFrameHeader,
  encodeFrameHeader,
  type FrameRules,
} from '../../packages/core/src/frame/header.ts';
import { ProtocolError } from '../../packages/core/src/rules.ts';
import { hex } from '../../packages/core/test/support.ts';
import { VECTORS } from '../../packages/core/test/vectors.ts';
import { Input } from '../src/input.ts';
import { holds, same, typed } from '../src/target.ts';

export const name = 'header';
export const description =
  'A frame header follows the diagram, is refused at the byte that breaks a rule, and is encoded to the bytes it was decoded from.';

const MASKED = [true, false, undefined] as const;
const LIMITS = [Number.MAX_SAFE_INTEGER, Infinity, 0, 125, 126, 65_535, 65_536, 2 ** 32] as const;

export function fuzz(data: Uint8Array): void {
  const input = new Input(data);
  const rules: FrameRules = {
    masked: input.pick(MASKED),
    rsv: input.pick([0, 4, 7]),
    maxFrameSize: input.pick(LIMITS),
  };
  const start = input.byte() % 8;
  const bytes = input.take(20);
  const behind = new Uint8Array(start + bytes.length).fill(0xff);
  behind.set(bytes, start);

  let last: unknown = 0;
  for (let end = 0; end <= bytes.length; end++) {
    const header = createFrameHeader();
    const found = typed(() => decodeFrameHeader(behind, start, start + end, rules, header), ProtocolError);
    const outcome = found instanceof ProtocolError ? found.rule : found;
    if (last !== 0) {
      holds('bytes behind a header do not change the result', outcome === last, () => `${last}, then ${outcome}`);
      continue;
    }
    last = outcome;
    const expected = naive(bytes.subarray(0, end), rules);
    const actual = outcome === 0 ? 'more' : found instanceof ProtocolError ? 'refused' : { size: found, ...header };
    same('a header follows the diagram', ['actual', actual], ['expected', expected]);
    if (found instanceof ProtocolError) {
      holds('a refusal says where the header begins', found.offset === start);
    } else if (found > 0) {
      const again = new Uint8Array(found);
      holds('an encoded header has the length of the original', encodeFrameHeader(header, again, 0) === found);
      same('a decoded header is encoded to the same bytes', ['actual', again], ['expected', bytes.subarray(0, found)]);
    }
  }
}

/** Reads the header in the first bytes by the text of 5.2; `more` if it is legal so far but incomplete. */
function naive(bytes: Uint8Array, rules: FrameRules): unknown {
  const [first, second] = bytes;
  if (first === undefined) return 'more';
  const opcode = first % 16;
  const rsv = Math.floor(first / 16) % 8;
  const allowed = opcode === 1 || opcode === 2 ? rules.rsv : 0;
  if (![0, 1, 2, 8, 9, 10].includes(opcode) || (rsv | allowed) !== allowed) return 'refused';
  if (opcode >= 8 && first < 128) return 'refused';
  if (second === undefined) return 'more';
  const masked = second >= 128;
  if (rules.masked !== undefined && masked !== rules.masked) return 'refused';
  const code = second % 128;
  if (opcode >= 8 && code > 125) return 'refused';
  if (opcode === 8 && code === 1) return 'refused';
  const extended = code === 126 ? 2 : code === 127 ? 8 : 0;
  const digits = Array.from(bytes.subarray(2, 2 + extended));
  if (extended === 8 && (digits[0] ?? 0) >= 128) return 'refused';
  if (digits.length < extended) return 'more';
  const length = extended === 0 ? BigInt(code) : digits.reduce((sum, digit) => sum * 256n + BigInt(digit), 0n);
  if (extended > 0 && length < (extended === 2 ? 126n : 65_536n)) return 'refused';
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) return 'refused';
  if (opcode < 8 && Number(length) > rules.maxFrameSize) return 'refused';
  const size = 2 + extended + (masked ? 4 : 0);
  if (bytes.length < size) return 'more';
  const key = masked ? new DataView(bytes.slice(size - 4, size).buffer).getInt32(0) : 0;
  return { size, final: first >= 128, rsv, opcode, masked, key, length: Number(length) };
}

export function* seeds(): Iterable<Uint8Array> {
  for (const { hex: digits } of VECTORS) yield Uint8Array.of(2, 1, 0, 0, ...hex(digits).subarray(0, 16));
}
