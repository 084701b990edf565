/** Decompression of messages (RFC 7692 7.2.2) by the engine of @sockless/deflate, compared with a bit-by-bit inflate. */
import { constants, deflateRawSync } from 'node:zlib';
import { DeflateTransform } from '../../packages/core/src/deflate/index.ts';
import { ProtocolError } from '../../packages/core/src/rules.ts';
import { concat, hex, join } from '../../packages/core/test/support.ts';
import { pako } from '../../packages/deflate/src/index.ts';
import { cutBy, Input } from '../src/input.ts';
import { holds, same, typed } from '../src/target.ts';
import { inflateMessage, Malformed, Truncated } from './support/naive-inflate.ts';

export const name = 'inflate';
export const description =
  'Compressed messages, however they are cut, inflate as RFC 1951 says or are refused, and what we compress inflates to the original.';

/** Inputs with more output than this are not compared. */
const ENOUGH = 300_000;

export function fuzz(data: Uint8Array): void {
  const input = new Input(data);
  const flags = input.byte();
  const windowBits = 8 + (flags & 7);
  const takeover = (flags & 8) === 0;
  const [longest, seed] = [1 + input.byte(), input.byte()];
  const messages: Uint8Array[] = [];
  for (let count = 1 + (input.byte() & 3); count > 0; count--) {
    messages.push(count === 1 ? input.rest() : input.take(input.byte()));
  }
  const agreement = {
    ...{ serverNoContextTakeover: !takeover, clientNoContextTakeover: !takeover },
    ...{ serverMaxWindowBits: windowBits, clientMaxWindowBits: windowBits },
  };
  const options = { level: 1 + (flags >> 5), memLevel: 1, threshold: 0 };
  const create = (role: 'client' | 'server'): DeflateTransform => new DeflateTransform(role, agreement, pako, options);

  const whole = play(
    create('server'),
    messages.map((message) => [message]),
  );
  const cut = play(
    create('server'),
    messages.map((message) => cutBy(message, longest, seed)),
  );
  same('any cut inflates to the same', ['whole', whole], ['cut', cut]);
  const expected = naive(messages, takeover, windowBits);
  if (expected !== undefined) same('messages are what RFC 1951 says', ['actual', whole], ['expected', expected]);

  const sender = create('client');
  const compressed = messages.map((message) =>
    join(
      cutBy(message, 100, seed)
        .map((piece) => sender.compress(piece, false).slice())
        .concat(sender.compress(new Uint8Array(0), true).slice()),
    ),
  );
  sender.close();
  const again = play(
    create('server'),
    compressed.map((message) => [message]),
  );
  same('a compressed message inflates to the original', ['again', again], ['at first', messages]);
}

/** Inflates each message; 'refused' stands for the first that is invalid. */
function play(transform: DeflateTransform, messages: readonly (readonly Uint8Array[])[]): unknown[] {
  const results: unknown[] = [];
  for (const pieces of messages) {
    const output: Uint8Array[] = [];
    const error = typed(() => {
      for (const piece of pieces) {
        transform.write(piece);
        do {
          const bytes = transform.read();
          holds('a read returns a bounded number of bytes', (bytes?.length ?? 0) <= 65_536);
          if (bytes !== undefined) output.push(bytes.slice());
        } while (!transform.drained);
      }
      // An empty message is also written.
      if (pieces.length === 0) {
        transform.write(new Uint8Array(0));
        transform.read();
      }
      transform.finish();
    }, ProtocolError);
    if (error instanceof ProtocolError) {
      holds('invalid DEFLATE is refused with its rule', error.rule === 'invalid-deflate');
      results.push('refused');
      break;
    }
    results.push(join(output));
  }
  transform.close();
  return results;
}

/** Does the same by the text of RFC 1951; returns `undefined` if the output is too long. */
function naive(messages: readonly Uint8Array[], takeover: boolean, windowBits: number): unknown[] | undefined {
  const results: unknown[] = [];
  let output: number[] = [];
  for (const message of messages) {
    const start = takeover ? output.length : 0;
    if (!takeover) output = [];
    try {
      inflateMessage(message, output, 2 ** windowBits);
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof Truncated)) throw error;
      results.push('refused');
      return results;
    }
    if (output.length > ENOUGH) return undefined;
    results.push(Uint8Array.from(output.slice(start)));
  }
  return results;
}

export function* seeds(): Iterable<Uint8Array> {
  const examples = [
    ...[
      'f2 48 cd c9 c9 07 00',
      '00 05 00 fa ff 48 65 6c 6c 6f 00',
      'f3 48 cd c9 c9 07 00 00',
      '00',
      '01 00 00 ff ff 00',
    ],
    ...['f2 48 05 00 00 00 ff ff ca c9 c9 07 00', '02 00', '03 00 00', '', 'ff', '06', 'f2 00 11 00 00'],
  ];
  for (const flags of [0x07, 0x0f, 0x00, 0xe1]) {
    for (const digits of examples) yield concat(Uint8Array.of(flags, 2, 1, 0), hex(digits));
    yield concat(
      Uint8Array.of(flags, 200, 1, 2, 7),
      hex(examples.slice(0, 1).join('')),
      hex('05 f2 00 11 00 00 f2 00 11 00 00'),
    );
    for (const text of ['a'.repeat(3000), Array.from({ length: 400 }, (_, i) => i * i).join(' ')]) {
      for (const level of [1, 9]) {
        const bytes = deflateRawSync(text, { level, finishFlush: constants.Z_SYNC_FLUSH });
        yield concat(Uint8Array.of(flags, 50, 1, 0), bytes.subarray(0, -4));
      }
    }
  }
}
