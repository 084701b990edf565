/** What core asks of an engine that offers nothing beyond ECMAScript: random bytes, where it is a client. */
import { Connection } from '../../src/index.ts';
import { kernel } from '../../src/kernel.ts';
import { hex, summarize } from '../support.ts';
import { type Expectation, same } from './expectation.ts';

/** Holds where there is neither TextDecoder nor TextEncoder nor crypto nor WebAssembly nor Buffer. */
export const BARE: readonly Expectation[] = [
  { name: 'there is no kernel', run: () => same(kernel() === undefined, true) },
  {
    name: '5.3 a client without random bytes throws, and the error names the option',
    run() {
      for (const make of [() => Connection.client('ws://example.com/'), () => Connection.opened('client')]) {
        let message = '';
        try {
          make();
        } catch (error) {
          message = error instanceof TypeError ? error.message : `no TypeError: ${error}`;
        }
        same(/^random: a client needs this option.*no crypto\.getRandomValues/.test(message), true, message);
      }
    },
  },
  {
    name: '5.3 with a source of its own it has fresh keys from there',
    run() {
      const random = (bytes: Uint8Array): void => {
        for (let at = 0; at < bytes.length; at++) bytes[at] = at & 255;
      };
      const client = Connection.opened('client', {}, { random });
      client.send('Hello');
      const frame = client.transmit();
      same([...(frame ?? [])].slice(0, 6), [0x81, 0x85, 0, 1, 2, 3]);
    },
  },
  {
    name: 'a server needs no random bytes, and decodes by itself or by a decoder that it is given',
    run() {
      const decoder = { decode: (bytes: Uint8Array) => `${bytes.length} bytes` };
      for (const [options, expected] of [
        [{}, ['text', 'é']],
        [{ textDecoder: decoder }, ['text', '2 bytes']],
      ] as const) {
        const server = Connection.opened('server', {}, options);
        server.poll();
        same([...server.receive(hex('81 82 00 00 00 00 c3 a9'))].map(summarize), [expected]);
      }
    },
  },
];
