// pako as an engine.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../src/index.ts';
import { compress, decompress } from './engines.ts';
import { DEFLATER, echoing, expectEngine } from './expectations.ts';

const test = suite('pako');
expectEngine(test, 'pako', pako);

test('pako: a distance beyond the window is refused, however the payload is cut', () => {
  for (const windowBits of [8, 9, 12]) {
    for (const [distance, allowed] of [
      [2 ** windowBits, true],
      [2 ** windowBits + 1, false],
    ] as const) {
      const payload = compress(pako.createDeflater(DEFLATER), echoing(distance));
      for (const step of [1, 100, payload.length]) {
        const inflater = pako.createInflater({ windowBits });
        const message = `distance ${distance} in a window of 2^${windowBits}, by ${step}`;
        // What went before, a final block and a reset, leaves the limit as it was.
        inflater.write(Uint8Array.of(0x03, 0x00));
        inflater.read();
        inflater.reset();
        if (allowed) assert.is(decompress(inflater, payload, step).length, echoing(distance).length, message);
        else assert.throws(() => decompress(inflater, payload, step), /zlib/, message);
      }
    }
  }
});

test.run();
