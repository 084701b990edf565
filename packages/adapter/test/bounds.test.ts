// What counts as one address, and what a bound may be.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { networkOf, resolveBounds, SERVER_BOUNDS } from '../src/bounds.ts';

const test = suite('bounds');

for (const [address, network] of [
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:0001:0002::', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:db8::3:4:5:6', '2001:db8:0:0'],
  ['2001:db8:1::2:3:4:5:6', '2001:db8:1:2'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['FE80::ABCD:1', 'fe80:0:0:0'],
] as const) {
  test(`${address} counts as ${network}`, () => {
    assert.is(networkOf(address), network);
  });
}

test('bounds are Infinity by default, else whole numbers from 1', () => {
  for (const name of Object.keys(SERVER_BOUNDS) as (keyof typeof SERVER_BOUNDS)[]) {
    assert.is(resolveBounds({})[name], Infinity);
    assert.is(resolveBounds({ [name]: 1 })[name], 1);
    assert.is(resolveBounds({ [name]: undefined })[name], Infinity);
    for (const value of [0, -1, 1.5, Number.NaN, '5', true]) {
      assert.throws(() => resolveBounds({ [name]: value }), new RegExp(`^${name}: a whole number from 1, or Infinity`));
    }
  }
});

test.run();
