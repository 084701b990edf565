// RFC 6455 10.2: which requests a server accepts by itself.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type HandshakeError, type OriginRule, type ServerPolicy } from '../../src/index.ts';
import { isA, sentText } from '../connection/tools.ts';
import { ascii } from '../support.ts';
import { accepted, ask, judge } from './asking.ts';
import { requestHead } from './heads.ts';

const test = suite('RFC 6455 10.2 policy');

const origins = (...rules: OriginRule[]): ServerPolicy => ({ origins: rules });
const GLOBAL = /^https:\/\/(a|b)\.example$/g;

for (const [origin, policy, allowed, host] of [
  // Without a policy: the same host, and no origin at all.
  [undefined, {}, true],
  [undefined, { requireOrigin: true }, false],
  [undefined, { requireOrigin: true, origins: 'any' }, false],
  ['http://example.com', {}, true],
  ['https://example.com', {}, true],
  ['HTTP://Example.COM', {}, true, 'eXample.com'],
  ['http://example.com', { requireOrigin: true }, true],
  ['http://example.com:80', {}, true],
  ['http://example.com', {}, true, 'example.com:80'],
  ['https://example.com', {}, true, 'example.com:443'],
  ['https://example.com:443', {}, true],
  ['http://example.com', {}, false, 'example.com:443'],
  ['http://example.com:8080', {}, true, 'example.com:8080'],
  ['http://example.com:8080', {}, false],
  ['http://example.com', {}, false, 'example.com:8080'],
  ['http://[::1]:81', {}, true, '[::1]:81'],
  ['http://[::1]', {}, true, '[::1]'],
  ['http://sub.example.com', {}, false],
  ['http://example.com.evil', {}, false],
  ['http://example.com@evil', {}, false],
  ['http://example.com/', {}, false],
  ['ftp://example.com', {}, false],
  ['example.com', {}, false],
  ['null', {}, false],
  ['null', {}, false, 'null'],
  ['null', {}, false, 'undefined'],
  ['', {}, false],
  // All origins.
  ['https://evil.example', { origins: 'any' }, true],
  ['null', { origins: 'any' }, true],
  // Exact.
  ['https://a.example', origins('https://b.example', 'https://a.example'), true],
  ['https://A.example', origins('https://a.EXAMPLE'), true],
  ['https://a.example', origins(), false],
  ['http://a.example', origins('https://a.example'), false],
  ['https://a.example:444', origins('https://a.example'), false],
  ['https://a.example.evil', origins('https://a.example'), false],
  ['https://xa.example', origins('https://a.example'), false],
  ['null', origins('null'), true],
  ['file://', origins('file://'), true],
  ['file://', {}, false],
  ['file://', origins('null'), false],
  ['file://x', origins('file://'), false],
  // Named in public: Host is not compared.
  ['https://chat.example', { publicOrigins: ['https://chat.example'] }, true, '127.0.0.1:8080'],
  ['https://CHAT.example:443', { publicOrigins: ['https://chat.EXAMPLE'] }, true, '127.0.0.1:8080'],
  ['http://chat.example', { publicOrigins: ['https://chat.example'] }, false, 'chat.example'],
  ['https://chat.example:8443', { publicOrigins: ['https://chat.example'] }, false, 'chat.example:8443'],
  ['https://b.example', { publicOrigins: ['https://a.example', 'https://b.example'] }, true],
  ['app://chat', { publicOrigins: ['app://chat'] }, true],
  ['http://example.com', { publicOrigins: ['https://chat.example'] }, false],
  ['http://example.com', { publicOrigins: [] }, false],
  ['http://example.com', { publicOrigins: [], origins: ['http://example.com'] }, true],
  ['null', { publicOrigins: ['https://chat.example'] }, false],
  // Patterns.
  ['https://x.a.example', origins('https://*.a.example'), true],
  ['https://x.y.a.example', origins('https://*.a.example'), true],
  ['https://x.a.example.a.example', origins('https://*.a.example'), true],
  ['https://a.example', origins('https://*.a.example'), false],
  ['https://evil/.a.example', origins('https://*.a.example'), false],
  ['https://x.a.example.evil', origins('https://*.a.example'), false],
  ['http://x.a.example', origins('https://*.a.example'), false],
  ['http://a.example:3000', origins('http://a.example:*'), true],
  ['http://a.example', origins('http://a.example:*'), false],
  ['https://a.example', origins('*://a.example'), true],
  ['https://x-1.y-2.example', origins('https://x-*.y-*.example'), true],
  ['https://x-1.example', origins('https://x-*.y-*.example'), false],
  ['https://ab.example', origins('https://ab*b.example'), false],
  ['https://abab.example', origins('https://*ab.example'), true],
  ['https://a.example', origins('https://**.example'), true],
  ['https://a.example', origins('https://*'), true],
  // Expressions, with state of their own or without.
  ['https://a.example', origins(/^https:\/\/a\.example$/), true],
  ['https://a.example', origins(/^https:\/\/b\.example$/), false],
  ['https://a.example', origins(GLOBAL), true],
  ['https://b.example', origins(GLOBAL), true],
  ['https://c.example', origins(GLOBAL), false],
  ['https://A.example', origins(/^https:\/\/a\.example$/y), true],
  // A choice.
  ['https://A.example', origins((origin) => origin === 'https://a.example'), true],
  ['https://a.example', origins((_, { resource }) => resource === '/'), true],
  ['https://a.example', origins(() => false), false],
  // Only true allows.
  ...[
    async () => true,
    async () => false,
    () => Promise.reject(new Error('no')),
    () => 1,
    () => 'yes',
    () => undefined,
  ].map((rule) => ['https://a.example', origins(rule as unknown as OriginRule), false] as const),
  ['http://example.com', origins(() => false), true],
] as [string | undefined, ServerPolicy, boolean, string?][]) {
  const shown = JSON.stringify(policy, (_, value) => (typeof value === 'object' ? value : String(value)));
  test(`10.2: ${origin ?? 'no Origin'} at ${host ?? 'example.com'}, ${shown}: ${allowed ? 'allowed' : 'refused'}`, () => {
    const head = requestHead({ Host: host ?? 'example.com', Origin: origin });
    for (let n = 0; n < 3; n++) assert.is(judge(head, policy), allowed ? 'conforms' : 'origin-refused');
  });
}

for (const [name, policy] of Object.entries({
  'a requireOrigin that is neither true nor false': { requireOrigin: 'false' },
  'a requireOrigin that is a function': { requireOrigin: () => true },
  'an origin that is not a list': { origins: 'https://a.example' },
  'origins that are no list': { origins: {} },
  '* for all': { origins: ['*'] },
  'a host without a scheme': { origins: ['*.example.com'] },
  'an origin with a path': { origins: ['https://a.example/'] },
  'an origin behind a path': { origins: ['/https://a.example'] },
  'an origin that only ends as null does': { origins: ['nonnull'] },
  'an origin that only begins as null does': { origins: ['nullable'] },
  'an empty origin': { origins: [''] },
  'a scheme without a host': { origins: ['https://'] },
  'public origins that are not a list': { publicOrigins: 'https://a.example' },
  'a public origin with a path': { publicOrigins: ['https://a.example/'] },
  'a public origin with a *': { publicOrigins: ['https://*.example'] },
  'a public origin behind a path': { publicOrigins: ['/https://a.example'] },
  'a public origin without a scheme': { publicOrigins: ['a.example'] },
  'a public origin of another type': { publicOrigins: [/a/] },
  'a trustForwarded that names no fields': { trustForwarded: true },
  'both trustForwarded and publicOrigins': {
    trustForwarded: 'forwarded',
    publicOrigins: ['https://a.example'],
  },
  'an origin of another type': { origins: [5] },
  'no origin in the list': { origins: [undefined] },
  'subprotocols that are no list': { subprotocols: 'chat' },
  'a subprotocol that is no token': { subprotocols: ['chat', 'a b'] },
  'an empty subprotocol': { subprotocols: [''] },
} as unknown as Record<string, ServerPolicy>)) {
  test(`4.2.2: a policy with ${name} throws before there is a request`, () => {
    assert.throws(() => Connection.server(policy), isA(TypeError));
    assert.throws(() => Connection.server(policy), new RegExp(`^${Object.keys(policy)[0]}: `));
    assert.throws(() => accepted({}, policy), isA(TypeError));
  });
}

// An origin rule that throws at an unexpected Origin allows nothing: a peer must not be able to make the server throw.

test('10.2: a function for origins that throws refuses the request', () => {
  const connection = Connection.server({
    origins: [
      () => {
        throw new Error('out of order');
      },
    ],
  });
  connection.receive(ascii(requestHead({ Origin: 'https://a.example' })));
  const fail = connection.poll();
  assert.ok(fail?.type === 'fail' && fail.error.rule === 'origin-refused');
  assert.match(String(fail.error.cause), /out of order/);
  assert.match(sentText(connection), /^HTTP\/1\.1 403 /);
});

test('10.2: a function for origins that returns a promise refuses the request, and the error says why', () => {
  const rules: OriginRule[] = [(async () => true) as unknown as OriginRule];
  const error = ask(requestHead({ Origin: 'https://a.example' }), { origins: rules }) as HandshakeError;
  assert.is(error.rule, 'origin-refused');
  assert.instance(error.cause, TypeError);
  assert.is((error.cause as Error).message, 'an Origin function returns true or false, not a promise');
});

const REMEDY = '; if it should be, name it in the option origins (RFC 6455 section 10.2)';

// What a refusal says: to the peer what came and what that was compared with, to the application what would have been allowed too.

for (const [origin, policy, said, aside, fields] of [
  ['https://evil.example', {}, 'https://evil.example, and by Host this is example.com', 'origins has none'],
  [
    'https://evil.example',
    { origins: ['https://*.a.example', /^b$/, () => false] },
    'https://evil.example, and by Host this is example.com',
    'origins has https://*.a.example, /^b$/, a function',
  ],
  [
    'https://evil.example',
    { publicOrigins: ['https://a.example', 'https://b.example'] },
    'https://evil.example',
    'publicOrigins has https://a.example, https://b.example, origins has none',
  ],
  [
    'https://evil.example',
    { trustForwarded: 'x-forwarded' },
    'https://evil.example, and by X-Forwarded-Host this is https://a.example',
    'origins has none',
    { 'X-Forwarded-Host': 'a.example', 'X-Forwarded-Proto': 'https' },
  ],
  [
    'https://evil.example',
    { trustForwarded: 'forwarded' },
    'https://evil.example, and the forwarded fields that are trusted are malformed',
    'origins has none',
    { Forwarded: 'host' },
  ],
  [
    undefined,
    { requireOrigin: true, origins: 'any' },
    'there is none, and requireOrigin asks for one',
    'origins has any',
  ],
  [`https://${'x'.repeat(72)}`, {}, `https://${'x'.repeat(72)}, and by Host this is example.com`, 'origins has none'],
  [`https://${'x'.repeat(200)}`, {}, `https://${'x'.repeat(72)}…, and by Host this is example.com`, 'origins has none'],
] as [string | undefined, ServerPolicy, string, string, Record<string, string>?][]) {
  test(`10.2: a refusal tells the peer: ${said}; and the application also: ${aside}`, () => {
    const head = requestHead({ Origin: origin, ...fields });
    const error = ask(head, policy) as HandshakeError;
    assert.is(error.message, `the Origin is not allowed to connect: ${said}; ${aside}${REMEDY}`);
    const connection = Connection.server(policy);
    connection.receive(ascii(head));
    connection.poll();
    const answer = sentText(connection);
    assert.ok(
      answer.endsWith(`the Origin is not allowed to connect: ${said.replace('…', '\xe2\x80\xa6')}${REMEDY}\n`),
      answer,
    );
  });
}

test.run();
