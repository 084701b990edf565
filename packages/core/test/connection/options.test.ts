// The options of a connection: every default is what its documentation says, every bad value throws and is named.
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConnectionOptions } from '../../src/connection/options.ts';
import { ResolvedOptions, resolveOptions, resolveServerOptions } from '../../src/connection/resolved-options.ts';
import { host } from '../../src/host.ts';
import { Connection, type EndEvent, Opcode } from '../../src/index.ts';
import { requestHead } from '../handshake/heads.ts';
import { ascii } from '../support.ts';
import { frame, isA, NEVER, opened, QUIET, receive, sent } from './tools.ts';

const test = suite('options');
const SOURCE = readFileSync(new URL('../../src/connection/options.ts', import.meta.url), 'utf8');

type Name = keyof ConnectionOptions;

const DEFAULTS: Record<Name, [documented: string, resolved: unknown]> = {
  maxMessageSize: ['16 MiB', 16_777_216],
  maxFragments: ["262,144, which 16 MiB in frames of 64 bytes are; `Infinity` with `messages: 'fragments'`", 262_144],
  maxFrameSize: ['`maxMessageSize`', 16_777_216],
  maxHeadSize: ['16 KiB', 16_384],
  maxEarlyBytes: ['64 KiB', 65_536],
  maxQueuedBytes: ['16 MiB', 16_777_216],
  fragmentSize: ['`Infinity`, so that each message is one frame', NEVER],
  messages: ["`'whole'`", false],
  autoPong: ['true', true],
  heartbeat: ['one every 30,000 ms, with 10,000 ms for an answer', { interval: 30_000, timeout: 10_000 }],
  idleTimeout: ['120,000', 120_000],
  messageProgress: ['1,024 bytes of payload within each 10,000 ms', { bytes: 1024, within: 10_000 }],
  stallTimeout: ['60,000', 60_000],
  handshakeTimeout: ['10,000', 10_000],
  closeTimeout: ['5,000', 5000],
  rateLimits: ['none', undefined],
  compression: ['none', undefined],
  random: ['`crypto.getRandomValues`, if the host has it', host.random],
  textDecoder: ["the host's `TextDecoder`, or core's own code if the host has none", host.textDecoder],
};

/** What the documentation of an option says of its default. */
function documented(name: string): string | undefined {
  const [, comment = ''] = new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s*readonly ${name}\\?:`, 's').exec(SOURCE) ?? [];
  return /Default: (.*?)\.(?: [A-Z]|\s*$)/s.exec(comment.replaceAll(/\s*\n\s*\*\s*/g, ' '))?.[1];
}

for (const [name, [text, value]] of Object.entries(DEFAULTS)) {
  test(`${name} has its documented default: ${text}`, () => {
    assert.is(documented(name), text);
    for (const options of [{}, { [name]: undefined }]) {
      const resolved = resolveOptions(options) as unknown as Record<string, unknown>;
      assert.equal(resolved[name === 'messages' ? 'fragments' : name], value);
    }
  });
}

test('every option has a documented default, and there are no others', () => {
  const interfaceOf = SOURCE.slice(
    SOURCE.indexOf('interface ConnectionOptions'),
    SOURCE.indexOf('export interface ClientOptions'),
  );
  const names = [...interfaceOf.matchAll(/readonly (\w+)\?:/g)].map(([, name]) => name);
  assert.equal(names.sort(), Object.keys(DEFAULTS).sort());
});

const LIMITS = { messages: { perSecond: 5 }, bytes: { perSecond: 1000, burst: 5000 }, controlFrames: undefined };
const decoder = { decode: () => '', fatal: true, ignoreBOM: true };

const GOOD: [Name, unknown, unknown?][] = [
  ...(['maxMessageSize', 'maxFrameSize', 'maxHeadSize', 'maxEarlyBytes', 'maxQueuedBytes'] as const).flatMap(
    (name) =>
      [
        [name, 0],
        [name, 1],
        [name, 2 ** 53 - 1],
        [name, NEVER],
      ] as [Name, number][],
  ),
  ['maxFragments', 1],
  ['maxFragments', NEVER],
  ['fragmentSize', 1],
  ['fragmentSize', 2 ** 53 - 1],
  ['messages', 'whole', false],
  ['messages', 'fragments', true],
  ['autoPong', false],
  ['heartbeat', false, undefined],
  ['heartbeat', { interval: 1, timeout: NEVER }],
  ...(['idleTimeout', 'stallTimeout', 'handshakeTimeout', 'closeTimeout'] as const).flatMap(
    (name) =>
      [
        [name, 1],
        [name, 1.5],
        [name, NEVER],
      ] as [Name, number][],
  ),
  ['messageProgress', false, undefined],
  ['messageProgress', { bytes: 1, within: 1 }],
  ['messageProgress', { bytes: NEVER, within: NEVER }],
  ['rateLimits', {}],
  ['rateLimits', LIMITS],
  ['rateLimits', { bytes: { perSecond: 0.1, burst: NEVER } }],
  ['random', () => undefined],
  ['textDecoder', decoder],
  ['textDecoder', { decode: () => '' }],
];

for (const [name, value, expected = value] of GOOD) {
  const shown = JSON.stringify(value) ?? typeof value;
  test(`${name} can be ${value === NEVER ? 'Infinity' : shown}`, () => {
    const resolved = resolveOptions({ [name]: value }) as unknown as Record<string, unknown>;
    const key = name === 'messages' ? 'fragments' : name;
    assert.equal(resolved[key], value === false && name !== 'autoPong' ? undefined : expected);
  });
}

const NO_SIZES = [-1, 0.5, Number.NaN, -NEVER, 2 ** 53, '1', true, 5n, {}];
const NO_TIMES = [0, -1, 0.5, Number.NaN, -NEVER, '1', true, 5n, {}];
const NO_RATES = [0, -1, Number.NaN, '1', true, {}];

const BAD: [Name, unknown[], named?: string][] = [
  ...(['maxMessageSize', 'maxFrameSize', 'maxHeadSize', 'maxEarlyBytes', 'maxQueuedBytes'] as const).map(
    (name): [Name, unknown[]] => [name, NO_SIZES],
  ),
  ['maxFragments', [0, ...NO_SIZES]],
  ['fragmentSize', [0, ...NO_SIZES]],
  ['messages', ['Whole', 'pieces', '', 5, true, {}]],
  ['autoPong', ['no', 0, 1, {}]],
  ['heartbeat', [true, 5, 'often', {}, { interval: 5 }, { timeout: 5 }]],
  ['heartbeat', NO_TIMES.map((interval) => ({ interval, timeout: 5 })), 'heartbeat.interval'],
  ['heartbeat', NO_TIMES.map((timeout) => ({ interval: 5, timeout })), 'heartbeat.timeout'],
  ...(['idleTimeout', 'stallTimeout', 'handshakeTimeout', 'closeTimeout'] as const).map((name): [Name, unknown[]] => [
    name,
    NO_TIMES,
  ]),
  ['messageProgress', [true, 5, 'some', {}, { bytes: 5 }, { within: 5 }]],
  ['messageProgress', [0, ...NO_SIZES].map((bytes) => ({ bytes, within: 5 })), 'messageProgress.bytes'],
  ['messageProgress', NO_TIMES.map((within) => ({ bytes: 5, within })), 'messageProgress.within'],
  ['rateLimits', NO_RATES.map((perSecond) => ({ messages: { perSecond } })), 'rateLimits.messages.perSecond'],
  ['rateLimits', [0.5, ...NO_RATES].map((burst) => ({ bytes: { perSecond: 1, burst } })), 'rateLimits.bytes.burst'],
  ['rateLimits', [{ controlFrames: {} }], 'rateLimits.controlFrames.perSecond'],
  ['rateLimits', [{ controlFrames: 5 }, { controlFrames: null }, { controlFrames: [] }], 'rateLimits.controlFrames'],
  ['compression', [true, 5, 'deflate', {}, null, { offer: () => [], accept: () => undefined }]],
  ['rateLimits', [{ message: { perSecond: 5 } }, { toString: { perSecond: 5 } }]],
  ['random', [5, 'dice', {}, true]],
  ['textDecoder', [5, 'utf-8', {}, { decode: 5 }, { ...decoder, fatal: false }, { ...decoder, ignoreBOM: false }]],
];

for (const [name, values, named = name] of BAD) {
  for (const value of values) {
    const shown = JSON.stringify(value, (_, part) => (typeof part === 'object' ? part : String(part)));
    test(`${name} cannot be ${shown}, and the error names ${named}`, () => {
      const resolve = (): unknown => resolveOptions({ [name]: value });
      assert.throws(resolve, (error: unknown) => isA(TypeError)(error) || isA(RangeError)(error));
      assert.throws(resolve, new RegExp(`^${named.replaceAll('.', '\\.')}\\b`));
    });
  }
}

for (const [options, message] of [
  [{ maxMessageSize: '5' }, 'maxMessageSize: a whole number of bytes from 0, or Infinity, not "5" (a string)'],
  [{ maxFrameSize: 5n }, 'maxFrameSize: a whole number of bytes from 0, or Infinity, not 5 (a bigint)'],
  [{ idleTimeout: '5' }, 'idleTimeout: a number from 1, not "5" (a string)'],
  [{ heartbeat: true }, 'heartbeat: an object, not true'],
  [{ heartbeat: { every: 5 } }, 'heartbeat.every: there is no such option'],
  [{ rateLimits: { message: { perSecond: 5 } } }, 'rateLimits.message: there is no such limit; did you mean messages?'],
  [
    { rateLimits: { bytes: { perSec: 5 } } },
    'rateLimits.bytes.perSec: there is no such option; did you mean perSecond?',
  ],
  [{ messages: 'Whole' }, "messages: 'whole' or 'fragments', not \"Whole\" (a string)"],
  [{ autoPong: 'yes' }, 'autoPong: true or false, not "yes" (a string)'],
  [{ compression: true }, 'compression: what permessageDeflate(…) of @sockless/core/deflate returns, not true'],
  [{ random: [5] }, 'random: a function that fills a Uint8Array, not a list'],
] as [object, string][]) {
  test(`wrong types throw a TypeError: ${message}`, () => {
    for (const resolve of [resolveOptions, resolveServerOptions, Connection.server]) {
      assert.throws(
        () => resolve(options as ConnectionOptions),
        (error: unknown) => error instanceof TypeError && error.message === message,
      );
    }
  });
}

test('a number out of range throws a RangeError', () => {
  assert.throws(() => resolveOptions({ maxMessageSize: -5 }), isA(RangeError));
  assert.throws(() => resolveOptions({ idleTimeout: 0 }), isA(RangeError));
});

test('resolved options are not resolved again, and connections share them', () => {
  const resolved = resolveOptions({ maxMessageSize: 5 });
  assert.instance(resolved, ResolvedOptions);
  assert.is(resolveOptions(resolved), resolved);
  assert.is(resolved.maxFrameSize, 5);
  assert.is(resolveOptions().maxMessageSize, 16_777_216);
});

test('the options of a server include its policy, which is checked', () => {
  const resolved = resolveServerOptions({ maxMessageSize: 5, subprotocols: ['chat'], origins: 'any' });
  assert.instance(resolved, ResolvedOptions);
  assert.is(resolveServerOptions(resolved), resolved);
  assert.is(resolved.maxMessageSize, 5);
  const { subprotocols, origins, ...others } = resolved.policy;
  assert.equal(
    [subprotocols, origins, Object.values(others).filter((value) => value !== undefined)],
    [['chat'], 'any', []],
  );
  assert.throws(() => resolveServerOptions({ subprotocols: ['a b'] }), /^subprotocols: /);
  assert.throws(() => resolveServerOptions({ maxMessageSize: -1 }), /^maxMessageSize: /);
  assert.is(resolveServerOptions().maxMessageSize, 16_777_216);
});

test('a server accepts resolved options', () => {
  const resolved = resolveServerOptions({ handshakeTimeout: 5, subprotocols: ['chat'] });
  for (let n = 0; n < 2; n++) {
    const connection = Connection.server(resolved);
    assert.is(connection.deadline, 5);
    connection.receive(ascii(requestHead({ 'Sec-WebSocket-Protocol': 'wamp, chat' })));
    assert.is(connection.poll()?.type, 'request');
    connection.accept();
    assert.equal(connection.poll(), { type: 'open', subprotocol: 'chat', extensions: [], headers: [] });
  }
});

test('a limit that is undefined does not limit', () => {
  assert.equal(resolveOptions({ rateLimits: { messages: undefined } }).rateLimits, { messages: undefined });
});

test("with messages: 'fragments' maxFragments is Infinity by default", () => {
  assert.is(resolveOptions({ messages: 'fragments' }).maxFragments, NEVER);
  assert.is(resolveOptions({ messages: 'fragments', maxFragments: 5 }).maxFragments, 5);
});

test('resolveServerOptions accepts what resolveOptions returned', () => {
  const resolved = resolveOptions({ messages: 'fragments', heartbeat: false, maxMessageSize: 5 });
  const forServers = resolveServerOptions(resolved);
  assert.equal([forServers.fragments, forServers.heartbeat, forServers.maxMessageSize], [true, undefined, 5]);
  assert.equal(forServers.policy, resolveServerOptions({}).policy);
});

test('7.1.1: all deadlines can be switched off', () => {
  const connection = opened('server', { ...QUIET, closeTimeout: NEVER });
  receive(connection, frame('server', Opcode.Text, 'x', false));
  assert.is(connection.deadline, NEVER);
  connection.close();
  sent(connection);
  assert.is(connection.deadline, NEVER);
  const [end] = [...connection.receiveEnd()] as EndEvent[];
  assert.is(end?.code, 1006);
});

test.run();
