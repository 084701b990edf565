import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundle, runBare } from './bare.ts';

const test = suite('bare host');

const core = await bundle();
const bare = (script: string): unknown => runBare(core, script);

test('the bare host has none of these globals', () => {
  const names = [
    'WebAssembly',
    'TextDecoder',
    'TextEncoder',
    'crypto',
    'Buffer',
    'setTimeout',
    'process',
    'URL',
    'performance',
  ];
  const script = `return ${JSON.stringify(names)}.filter((name) => name in globalThis)`;
  assert.equal(bare(script), []);
});

for (const make of ["core.Connection.opened('client')", "core.Connection.client('ws://example.com')"]) {
  test(`5.3: ${make} without random bytes throws, and the error names the option`, () => {
    const script = `try { ${make} } catch (error) { return [error.name, error.message] }`;
    const [name, message] = bare(script) as [string, string];
    assert.is(name, 'TypeError');
    assert.match(message, /^random: a client needs this option.*no crypto\.getRandomValues/);
  });
}

test('a server needs no random bytes', () => {
  assert.is(bare("return core.Connection.server().state + core.Connection.opened('server').state"), 'connectingopen');
});

test('a client and a server exchange a handshake, text, binary, fragments, ping and close', () => {
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

test('8.1: invalid UTF-8 fails at its first impossible byte, even without a decoder', () => {
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
