// The public names: nothing is exported by accident, and everything has a docstring.
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as deflate from '../src/deflate/index.ts';
import * as frame from '../src/frame/index.ts';
import * as handshake from '../src/handshake/index.ts';
import * as core from '../src/index.ts';

const test = suite('index');
const SOURCES = new URL('../src/', import.meta.url);

test('@sockless/core exports these values and no others', () => {
  assert.equal(Object.keys(core).sort(), [
    ...['CLIENT_OPTIONS', 'CloseCode', 'Connection', 'HANDSHAKE_RULES', 'HandshakeError', 'Opcode', 'PROTOCOL_RULES'],
    ...['PreparedMessage', 'ProtocolError', 'SERVER_OPTIONS', 'StateError', 'checkNames', 'decided', 'fieldValue'],
    ...['fieldValues', 'isCloseCode', 'parseUri', 'prepare', 'resolveOptions', 'resolveServerOptions', 'toBytes'],
  ]);
});

test('@sockless/core/deflate exports these values and no others', () => {
  assert.equal(Object.keys(deflate).sort(), [
    ...['DeflateTransform', 'PERMESSAGE_DEFLATE', 'acceptDeflate', 'confirmDeflate', 'offerDeflate'],
    ...['permessageDeflate'],
  ]);
});

test('@sockless/core/frame exports these values and no others', () => {
  assert.equal(Object.keys(frame).sort(), [
    ...['FrameReader', 'MAX_CONTROL_PAYLOAD', 'MAX_HEADER_SIZE', 'Opcode', 'RSV1', 'applyMask', 'createFrameHeader'],
    ...['decodeFrameHeader', 'encodeFrameHeader', 'frameHeaderSize'],
  ]);
});

test('@sockless/core/handshake exports these values and no others', () => {
  assert.equal(Object.keys(handshake).sort(), [
    ...['HeadReader', 'acceptKey', 'createKey', 'fieldValue', 'fieldValues', 'formatExtensions', 'formatRequestHead'],
    ...['formatResponse', 'parseExtensions', 'parseRequestHead', 'parseResponseHead', 'parseTokens', 'request'],
    ...['respond', 'verify'],
  ]);
});

for (const path of readdirSync(SOURCES, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.ts'))) {
  const source = readFileSync(new URL(path, SOURCES), 'utf8');

  test(`${path} opens with a sentence that describes it`, () => {
    assert.match(source, /^\/\*\*[\s*]+[^\s*].*?\*\/\n/s);
  });

  test(`${path}: every export is documented`, () => {
    const exported = /^(.*)\n^export (?:declare |abstract )?(?:class|const|function|interface|type) (\w+)/gm;
    const missing = [...source.matchAll(exported)].filter(([, before]) => !before?.endsWith('*/'));
    assert.equal(
      missing.map(([, , name]) => name),
      [],
    );
  });
}

test.run();
