/** Tests of the engine that are left out on Deno because its zlib cannot make these bytes, with recorded bytes instead. */
import * as assert from 'uvu/assert';
import { native } from '../../../deflate/src/zlib.ts';

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

Deno.test('zlib: blocks with BFINAL, and the window lasts', () => {
  const inflater = native.createInflater({ windowBits: 15 });
  const text = 'a WebSocket without a socket';
  // Made by Node, each block with the one before as its dictionary; 7.2.3.4: a "0x00" after them.
  for (const hex of ['4b54084f4d0ace4fce4e2d5128cf2cc9c82f2d51485428060b0000', '4bc4230700', '4bc4230700']) {
    inflater.write(Uint8Array.of(...bytes(hex), 0));
    let read = new TextDecoder().decode(inflater.read());
    while (!inflater.drained) read += new TextDecoder().decode(inflater.read());
    assert.is(read, text);
    assert.ok(inflater.endsBlock());
  }
  inflater.close();
});

Deno.test('zlib: use after an error does not abort the process', () => {
  for (const hex of ['07', '000100000000', '4b0453ffffffff']) {
    const inflater = native.createInflater({ windowBits: 15 });
    for (let again = 0; again < 3; again++) {
      inflater.write(bytes(hex));
      assert.throws(() => inflater.read(), /zlib refused the input|DEFLATE/);
      assert.not(inflater.endsBlock());
    }
    inflater.close();
    inflater.close();
  }
});
