// What a transport takes into memory of its own: the bytes that `transmit` would have returned.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes, join } from '../support.ts';
import { client, of, server, transfer, transmitted } from './tools.ts';

const taking = suite('transmitInto');

taking('transmitInto writes the bytes that transmit would return, in any parts', () => {
  for (const size of [1, 7, 100, 16_384, 70_000, 200_000]) {
    for (const make of [server, client]) {
      const [one, other] = [make(), make()];
      for (const from of [one, other]) {
        from.pong(of(9, 20));
        from.message('a');
        from.message(of(1, 20_000), undefined, true);
        from.message(of(2, 300));
        from.message(of(3, 90_000));
        from.message(of(4, 5));
      }
      const got: Uint8Array[] = [];
      while (true) {
        const into = new Uint8Array(size);
        const length = one.transmitInto(into);
        if (length === 0) break;
        got.push(into.subarray(0, length));
        if (one.queuedBytes > 0) assert.is(length, size, 'there was room for more');
      }
      assert.is(one.queuedBytes, 0);
      equalBytes(join(got), join(transmitted(other)));
    }
  }
});

taking('transmitInto writes the bytes queued before a transferred loan', () => {
  const from = server();
  const payload = of(1, 20_000);
  from.message('a');
  from.message(payload, undefined, true);
  transfer(payload);
  assert.equal([from.transmitInto(new Uint8Array(100)), from.broken], [3, 'unsent']);
  assert.is(from.transmitInto(new Uint8Array(100)), 0);
});

taking.run();
