// RFC 7239, X-Forwarded-*: which site a request is for, where a proxy in front is trusted to name it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ForwardedFields, isOriginOf, type Site, siteOf } from '../../src/handshake/site.ts';
import { judge } from './asking.ts';
import { requestHead } from './heads.ts';

const test = suite('RFC 7239 site');

const HOST = 'inner:8080';

const byHost = (scheme?: string): Site => ({ scheme, authority: HOST, field: 'Host' });
const byX = (scheme: string | undefined, authority: string): Site => ({ scheme, authority, field: 'X-Forwarded-Host' });
const by7239 = (scheme: string | undefined, authority: string): Site => ({ scheme, authority, field: 'Forwarded' });

for (const [trusted, fields, site] of [
  // Untrusted fields say nothing.
  [undefined, {}, byHost()],
  [undefined, { 'x-forwarded-host': 'a.example', forwarded: 'host=a.example' }, byHost()],
  ['x-forwarded', { forwarded: 'host=a.example;proto=https' }, byHost()],
  ['forwarded', { 'x-forwarded-host': 'a.example', 'x-forwarded-proto': 'https' }, byHost()],
  // X-Forwarded-*.
  ['x-forwarded', { 'x-forwarded-host': 'a.example:81' }, byX(undefined, 'a.example:81')],
  ['x-forwarded', { 'x-forwarded-proto': 'https' }, byHost('https')],
  ['x-forwarded', { 'x-forwarded-proto': 'wss' }, byHost('https')],
  ['x-forwarded', { 'x-forwarded-proto': 'WS' }, byHost('http')],
  ['x-forwarded', { 'x-forwarded-host': 'a.example', 'x-forwarded-proto': 'http' }, byX('http', 'a.example')],
  ['x-forwarded', { 'x-forwarded-host': 'mine.example, a.example' }, byX(undefined, 'a.example')],
  ['x-forwarded', { 'x-forwarded-host': 'a.example', 'x-forwarded-proto': 'http,https' }, byX('https', 'a.example')],
  ['x-forwarded', { 'x-forwarded-host': '[::1]' }, byX(undefined, '[::1]')],
  // What is not valid allows nothing.
  ['x-forwarded', { 'x-forwarded-host': '' }, undefined],
  ['x-forwarded', { 'x-forwarded-host': 'a.example,' }, undefined],
  ['x-forwarded', { 'x-forwarded-host': 'a b' }, undefined],
  ['x-forwarded', { 'x-forwarded-host': 'https://a.example' }, undefined],
  ['x-forwarded', { 'x-forwarded-proto': 'ftp' }, undefined],
  ['x-forwarded', { 'x-forwarded-proto': '' }, undefined],
  ['x-forwarded', { 'x-forwarded-proto': 'constructor' }, undefined],
  // Forwarded.
  ['forwarded', {}, byHost()],
  ['forwarded', { forwarded: 'for=192.0.2.60;proto=https;by=203.0.113.43' }, byHost('https')],
  [
    'forwarded',
    { forwarded: 'For="[2001:db8::1]:4711";Host="a.example:81" ; Proto=HTTPS' },
    by7239('https', 'a.example:81'),
  ],
  [
    'forwarded',
    { forwarded: 'host=mine.example;proto=https, for=192.0.2.1;host=a.example' },
    by7239(undefined, 'a.example'),
  ],
  ['forwarded', { forwarded: 'host=mine.example, for="a, b";host=a.example' }, by7239(undefined, 'a.example')],
  ['forwarded', { forwarded: ' ;host=a.example; ' }, by7239(undefined, 'a.example')],
  ['forwarded', { forwarded: 'host="a\\.exam\\ple"' }, by7239(undefined, 'a.example')],
  ['forwarded', { forwarded: ',host=mine.example,, host=a.example , ,' }, by7239(undefined, 'a.example')],
  ['forwarded', { forwarded: 'host=mine.example,proto=https' }, byHost('https')],
  ['forwarded', { forwarded: '' }, byHost()],
  ['forwarded', { forwarded: 'host=a.example:81' }, undefined],
  ['forwarded', { forwarded: 'host="a.example' }, undefined],
  ['forwarded', { forwarded: 'host="a.example"b' }, undefined],
  ['forwarded', { forwarded: 'host' }, undefined],
  ['forwarded', { forwarded: 'host=' }, undefined],
  ['forwarded', { forwarded: 'ho st=a.example' }, undefined],
  ['forwarded', { forwarded: 'h@st=a.example' }, undefined],
  ['forwarded', { forwarded: 'host=a.example;host=b.example' }, undefined],
  ['forwarded', { forwarded: 'host="a b"' }, undefined],
  ['forwarded', { forwarded: 'proto=ftp' }, undefined],
  ['forwarded', { forwarded: '__proto__=x;host=a.example' }, by7239(undefined, 'a.example')],
] as [ForwardedFields | undefined, Record<string, string>, Site | undefined][]) {
  test(`${trusted ?? 'none'} trusted, ${JSON.stringify(fields)}: ${JSON.stringify(site)}`, () => {
    assert.equal(siteOf(Object.entries(fields), HOST, trusted), site);
  });
}

test('a field of 100,000 equal parts is read without an error', () => {
  for (const part of [';', ' ', ' ;', 'a=b;', '"', 'a="', 'a', '\\', ',', 'a=b '])
    siteOf([['forwarded', part.repeat(100_000)]], HOST, 'forwarded');
});

for (const [origin, scheme, authority, own] of [
  ['http://a.example', undefined, 'a.example', true],
  ['https://a.example', undefined, 'a.example', true],
  ['https://a.example', 'https', 'A.example:443', true],
  ['http://a.example', 'https', 'a.example', false],
  ['https://a.example', 'http', 'a.example', false],
  ['https://a.example:81', 'https', 'a.example', false],
  ['https://a.example/', 'https', 'a.example', false],
  ['ftp://a.example', undefined, 'a.example', false],
  ['app://a', 'app', 'a', true],
  ['null', undefined, 'null', false],
  ['', undefined, '', false],
] as const) {
  test(`${origin || 'an empty origin'} is ${own ? '' : 'not '}the origin of a site at ${authority} over ${scheme ?? 'http or https'}`, () => {
    assert.is(isOriginOf(origin, { scheme, authority }), own);
  });
}

test('10.2: the forwarded fields of a trusted proxy replace Host; without them Host counts', () => {
  const head = (fields: Record<string, string>): string =>
    requestHead({ Host: HOST, Origin: 'https://a.example', ...fields });
  const forwarded = { 'X-Forwarded-Host': 'a.example', 'X-Forwarded-Proto': 'https' };
  assert.is(judge(head(forwarded), { trustForwarded: 'x-forwarded' }), 'conforms');
  assert.is(judge(head(forwarded), { trustForwarded: 'forwarded' }), 'origin-refused');
  assert.is(judge(head(forwarded)), 'origin-refused');
  assert.is(judge(head({ Forwarded: 'host=a.example;proto=https' }), { trustForwarded: 'forwarded' }), 'conforms');
  const inner = { Origin: `http://${HOST}`, 'X-Forwarded-Host': 'a.example' };
  assert.is(judge(head(inner), { trustForwarded: 'x-forwarded' }), 'origin-refused');
});

test.run();
