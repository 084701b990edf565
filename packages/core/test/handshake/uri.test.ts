// RFC 6455 3: WebSocket URIs.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostField, isAuthority, parseUri } from '../../src/handshake/uri.ts';
import { isA } from '../connection/tools.ts';

const test = suite('RFC 6455 3 uri');

for (const [text, secure, host, port, resource] of [
  ['ws://example.com', false, 'example.com', 80, '/'],
  ['ws://example.com/', false, 'example.com', 80, '/'],
  ['wss://example.com', true, 'example.com', 443, '/'],
  ['WSS://EXAMPLE.com/Chat', true, 'example.com', 443, '/Chat'],
  ['ws://example.com:8080/chat?room=1&a=?', false, 'example.com', 8080, '/chat?room=1&a=?'],
  ['ws://example.com?a', false, 'example.com', 80, '/?a'],
  ['ws://example.com/?', false, 'example.com', 80, '/'],
  ['ws://example.com:', false, 'example.com', 80, '/'],
  ['wss://example.com:/', true, 'example.com', 443, '/'],
  ['ws://example.com:00081', false, 'example.com', 81, '/'],
  ['ws://example.com:65535', false, 'example.com', 65_535, '/'],
  ['ws://127.0.0.1:1', false, '127.0.0.1', 1, '/'],
  ['ws://[::1]/', false, '[::1]', 80, '/'],
  ['ws://[2001:DB8::1]:81/', false, '[2001:db8::1]', 81, '/'],
  ['ws://[::ffff:127.0.0.1]/', false, '[::ffff:127.0.0.1]', 80, '/'],
  ['ws://localhost', false, 'localhost', 80, '/'],
  ['ws://a_b.xn--bcher-kva.example/', false, 'a_b.xn--bcher-kva.example', 80, '/'],
  ['ws://a%20z/', false, 'a%20z', 80, '/'],
  ['http://example.com/chat', false, 'example.com', 80, '/chat'],
  ['HTTPS://example.com', true, 'example.com', 443, '/'],
  ['https://example.com:80/', true, 'example.com', 80, '/'],
  ['ws://example.com//evil.example/', false, 'example.com', 80, '//evil.example/'],
  ['ws://example.com/%', false, 'example.com', 80, '/%'],
  ['ws://example.com/%4g?100%', false, 'example.com', 80, '/%4g?100%'],
  ["ws://h/a-._~!$&'()*+,;=:@%20//b/", false, 'h', 80, "/a-._~!$&'()*+,;=:@%20//b/"],
] as const) {
  test(`3: ${text} is parsed`, () => {
    assert.equal(parseUri(text), { secure, host, port, resource });
  });
}

for (const [text, why] of [
  ['', 'does not begin'],
  ['example.com', 'does not begin'],
  ['ftp://example.com', 'does not begin'],
  ['wsx://example.com', 'does not begin'],
  ['ws:example.com', 'does not begin'],
  ['ws:/example.com', 'does not begin'],
  [' ws://example.com', 'does not begin'],
  ['ws://example.com#', 'fragment'],
  ['ws://example.com/#a', 'fragment'],
  ['ws://example.com/?a#b', 'fragment'],
  ['ws://user@example.com', 'user name'],
  ['ws://user:password@example.com', 'user name'],
  ['ws://', 'host'],
  ['ws:///chat', 'host'],
  ['ws://:80', 'host'],
  ['ws://?a', 'host'],
  ['ws://exa mple.com', 'host'],
  ['ws://exa\r\nmple.com', 'host'],
  ['ws://exam\0ple.com', 'host'],
  ['ws://bücher.example', 'host'],
  ['ws://a%2', 'host'],
  ['ws://[::1', 'host'],
  ['ws://::1', 'host'],
  ['ws://[::g]', 'host'],
  ['ws://[]', 'host'],
  ['ws://example.com:80a', 'host'],
  ['ws://example.com:80:80', 'host'],
  ['ws://example.com:-1', 'host'],
  ['ws://example.com:0', 'port'],
  ['ws://example.com:65536', 'port'],
  [`ws://example.com:${'9'.repeat(400)}`, 'port'],
  ['ws://example.com/a b', 'percent-encoded'],
  ['ws://example.com/a\r\nX: y', 'percent-encoded'],
  ['ws://example.com/a\0', 'percent-encoded'],
  ['ws://example.com/a\n', 'percent-encoded'],
  ['ws://example.com/é', 'percent-encoded'],
  ['ws://example.com/?"', 'percent-encoded'],
  ['ws://example.com/\\', 'percent-encoded'],
] as const) {
  test(`3: ${JSON.stringify(text.slice(0, 50))} throws: ${why}`, () => {
    assert.throws(() => parseUri(text), isA(SyntaxError));
    assert.throws(() => parseUri(text), new RegExp(why));
    assert.throws(() => parseUri(text), /is not a WebSocket URI.*RFC 6455 section 3/s);
  });
}

test('3: a URI that is not a string throws a TypeError', () => {
  for (const text of [undefined, null, 5, {}] as unknown as string[]) {
    assert.throws(() => parseUri(text), isA(TypeError));
    assert.throws(() => parseUri(text), /^a WebSocket URI is a string, not /);
  }
});

// Messages are logged, so they must not contain a user name, a password, a query or a fragment.
for (const [text, shown] of [
  ['ws://user:secret@example.com/', 'ws://…'],
  ['wss://secret@example.com/a b', 'wss://…'],
  ['ws://user:sec/ret@example.com/', 'ws://…'],
  ['ws://user:sec?ret@example.com/', 'ws://…'],
  ['ws://user:sec#ret@example.com/', 'ws://…'],
  ['ws://user:s@cret@example.com/#a', 'ws://…'],
  ['user:secret@example.com', '…'],
  ['ftp://user:secret@example.com/?secret', 'ftp://…'],
  ['ws://example.com/?token=secret#', 'ws://example.com/?…'],
  ['ws://example.com/a b?token=secret', 'ws://example.com/a b?…'],
  ['ws://example.com/?token="secret"', 'ws://example.com/?…'],
  ['ws://example.com/?a=@&token=secret"', 'ws://…'],
  ['ws://example.com:0/?secret', 'ws://example.com:0/?…'],
  ['ws://?secret', 'ws://?…'],
  ['example.com/?secret', 'example.com/?…'],
  ['ws://example.com/#access_token=secret', 'ws://example.com/#…'],
  ['ws://example.com/#secret\nsecret', 'ws://example.com/#…'],
  ['ws://example.com/\n\u202e\x9b', 'ws://example.com/\\u{a}\\u{202e}\\u{9b}'],
] as const) {
  test(`3: the error for ${JSON.stringify(text)} quotes ${shown}`, () => {
    assert.throws(
      () => parseUri(text),
      (error: Error) => error.message.startsWith(`"${shown}" is not`) && !/secret|sec.ret/.test(error.message),
    );
  });
}

for (const [text, expected] of [
  ['ws://example.com:80', 'example.com'],
  ['wss://example.com:443', 'example.com'],
  ['ws://example.com:443', 'example.com:443'],
  ['wss://example.com:80', 'example.com:80'],
  ['ws://[::1]:81', '[::1]:81'],
] as const) {
  test(`4.1: the Host of ${text} is ${expected}`, () => {
    assert.is(hostField(parseUri(text)), expected);
    assert.ok(isAuthority(expected));
  });
}

test('3: a URI of a million characters is parsed or refused, and the error quotes its first 200', () => {
  const long = 'a'.repeat(1_000_000);
  assert.is(parseUri(`ws://example.com/${long}?${long}`).resource.length, 2_000_002);
  assert.throws(() => parseUri(`ws://${long}%`), /is not a WebSocket URI/);
  const shown = `"${`ws://example.com/${long}`.slice(0, 200)}…"`;
  assert.throws(
    () => parseUri(`ws://example.com/${long}"`),
    (error: Error) => error.message.startsWith(`${shown} is not`),
  );
});

test.run();
