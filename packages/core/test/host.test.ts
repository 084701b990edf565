// Law 1: core knows no host. What one may offer is looked up once, and core works without all of it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { host, lookUpHost } from '../src/host.ts';
import { bundle, runBare } from './bare.ts';

const test = suite('host');

test('a host that offers nothing', () => {
  assert.equal(lookUpHost({}), { textDecoder: undefined, textEncoder: undefined, random: undefined });
});

test('this host offers all', () => {
  const { textDecoder, textEncoder, random } = host;
  assert.equal([textDecoder?.fatal, textDecoder?.ignoreBOM], [true, true]);
  assert.is(textDecoder?.decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa');
  assert.is(textEncoder?.encodeInto('é', new Uint8Array(2)).written, 2);
  const bytes = new Uint8Array(64);
  random?.(bytes);
  assert.ok(new Set(bytes).size > 16);
});

test('getRandomValues is called on crypto, as it must be', () => {
  const crypto = {
    getRandomValues(bytes: Uint8Array) {
      assert.is(this, crypto);
      bytes.fill(7);
    },
  };
  const bytes = new Uint8Array(2);
  lookUpHost({ crypto }).random?.(bytes);
  assert.equal([...bytes], [7, 7]);
});

class Decoder {
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  constructor(_label: string, { fatal = false, ignoreBOM = false }) {
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
  }
  decode(): string {
    return '';
  }
}

test('a decoder that is strict is taken', () => {
  assert.instance(lookUpHost({ TextDecoder: Decoder }).textDecoder, Decoder);
});

for (const [name, TextDecoder] of Object.entries({
  'refuses fatal': class {
    constructor() {
      throw new RangeError('fatal is not supported');
    }
  },
  'overlooks fatal': class extends Decoder {
    constructor(label: string) {
      super(label, { ignoreBOM: true });
    }
  },
  'overlooks ignoreBOM': class extends Decoder {
    constructor(label: string) {
      super(label, { fatal: true });
    }
  },
  'knows no options': class {
    decode(): string {
      return '';
    }
  },
})) {
  test(`a decoder that ${name} is left alone`, () => {
    assert.is(lookUpHost({ TextDecoder }).textDecoder, undefined);
  });
}

test('an encoder without encodeInto is left alone', () => {
  assert.is(lookUpHost({ TextEncoder: class {} }).textEncoder, undefined);
});

test('crypto without getRandomValues is none', () => {
  for (const crypto of [undefined, null, {}]) assert.is(lookUpHost({ crypto }).random, undefined);
});

// The whole of core in an engine that offers nothing.

const core = await bundle();
const bare = (script: string): unknown => runBare(core, script);

test('the engine is bare', () => {
  const names = ['TextDecoder', 'TextEncoder', 'crypto', 'Buffer', 'setTimeout', 'process', 'URL', 'performance'];
  const script = `return ${JSON.stringify(names)}.filter((name) => name in globalThis)`;
  assert.equal(bare(script), []);
});

for (const make of ["core.Connection.opened('client')", "core.Connection.client('ws://example.com')"]) {
  test(`5.3: ${make} without random bytes throws, and says what to give`, () => {
    const script = `try { ${make} } catch (error) { return [error.name, error.message] }`;
    const [name, message] = bare(script) as [string, string];
    assert.is(name, 'TypeError');
    assert.match(message, /a client needs the option "random".*no crypto\.getRandomValues/);
  });
}

test('a server needs no random bytes', () => {
  assert.is(bare("return core.Connection.server().state + core.Connection.opened('server').state"), 'connectingopen');
});

test('a client and a server talk: handshake, text, binary, fragments, ping, close', () => {
  const script = `
    let state = 1;
    const random = (bytes) => bytes.forEach((_, at) => (bytes[at] = state = (state * 167 + 13) & 255));
    const client = core.Connection.client('ws://example.com/', { random, subprotocols: ['chat'], fragmentSize: 900 });
    const server = core.Connection.server({ subprotocols: ['chat'] });
    const told = { client: [], server: [] };
    const tell = (name, from, to, onEvent) => {
      for (const event of to) {
        const data = typeof event.data === 'string' ? [event.data] : event.data ? [[...event.data].join()] : [];
        told[name].push([event.type, ...data]);
        onEvent(event);
      }
    };
    const run = () => {
      for (let moved = true; moved; ) {
        moved = false;
        for (const [name, from, to] of [['server', client, server], ['client', server, client]]) {
          tell(name, from, to, (event) => event.type === 'request' && to.accept());
          for (let bytes; (bytes = from.transmit()) !== undefined; moved = true) {
            for (const byte of bytes) to.receive(Uint8Array.of(byte));
          }
        }
      }
    };
    run();
    client.send('aé€😀'.repeat(100));
    client.send(Uint8Array.of(1, 2, 3));
    server.sendFragment('é\\ud83d', false);
    server.ping('are you there?');
    server.sendFragment('\\ude00', true);
    run();
    client.close(1000, 'tschüs');
    run();
    client.receiveEnd();
    server.receiveEnd();
    run();
    return told;
  `;
  const ping = [...'are you there?'].map((character) => character.charCodeAt(0)).join();
  assert.equal(bare(script), {
    client: [['open'], ['ping', ping], ['text', 'é😀'], ['close'], ['end']],
    server: [
      ['request'],
      ['open'],
      ['text', 'aé€😀'.repeat(100)],
      ['binary', '1,2,3'],
      ['pong', ping],
      ['close'],
      ['end'],
    ],
  });
});

test('8.1: text that is no UTF-8 fails at its first impossible byte, without a decoder, too', () => {
  const script = `
    const server = core.Connection.opened('server');
    server.poll();
    const text = [0x61, 0xe2, 0x82, 0x28];
    const [event] = server.receive(Uint8Array.of(0x81, 0x80 | text.length, 0, 0, 0, 0, ...text));
    return [event.type, event.error.rule, event.error.offset];
  `;
  assert.equal(bare(script), ['fail', 'invalid-utf8', 9]);
});

test.run();
