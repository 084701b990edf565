/** The page of limits: each number that a docstring names as a default is what the code does. */
import { readFileSync } from 'node:fs';
import { backoffDelay, nextAttempt, Scope, ServedConnections } from '@sockless/adapter';
import { VirtualClock } from '@sockless/adapter/testing';
import { Connection, type Negotiated, type Role, resolveOptions } from '@sockless/core';
import { acceptDeflate, type DeflateOptions, type DeflaterOptions, permessageDeflate } from '@sockless/core/deflate';
import { pako } from '@sockless/deflate';
import { serve } from '@sockless/node';
import { deferred } from '@sockless/tools/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limitsPage, numbersIn, type Option, readConstants, readOptions } from '../src/limits.ts';

const test = suite('limits');

const OFFER = [{ name: 'permessage-deflate', parameters: [] }];
const ALMOST_ONE = (bytes: Uint8Array): Uint8Array => bytes.fill(0xff);

const delay = (attempt: number): number => Math.round(backoffDelay(attempt, {}, ALMOST_ONE) ?? Number.NaN);

/** What the code does where a docstring has numbers; core's options are resolved and need no entry here. */
const MEASURED: Readonly<Record<string, () => number[] | Promise<number[]>>> = {
  'DeflateOptions level': () => [asked('client').level],
  'DeflateOptions memLevel': () => [asked('client').memLevel, asked('server').memLevel],
  'DeflateOptions threshold': () => [threshold({}), threshold({ clientNoContextTakeover: true })],
  'DeflateRequest serverMaxWindowBits'() {
    const [parameter] = permessageDeflate(pako).accept(OFFER)?.extension.parameters ?? [];
    return [acceptDeflate(OFFER, {})?.agreement.serverMaxWindowBits ?? 0, Number(parameter?.[1])];
  },
  'DeflateRequest clientMaxWindowBits': () => [acceptDeflate(OFFER, {})?.agreement.clientMaxWindowBits ?? 0],
  'RateLimit burst'() {
    const connection = Connection.opened('client', {}, { rateLimits: { messages: { perSecond: 0.5 } } });
    const events = [...connection.receive(Uint8Array.of(0x81, 0, 0x81, 0, 0x81, 0))];
    return [events.filter(({ type }) => type === 'text').length];
  },
  'BackoffPolicy base': () => [delay(0)],
  'BackoffPolicy factor': () => [delay(1) / delay(0)],
  'BackoffPolicy cap': () => [delay(1000)],
  'BackoffPolicy attempts': () => [backoffDelay(Number.MAX_SAFE_INTEGER, {}, ALMOST_ONE) === undefined ? 0 : Infinity],
  'BackoffPolicy stableAfter': () => [first((time) => nextAttempt(3, time, {}) === 0)],
  'ReconnectPolicy when'() {
    const [body = ''] = /function isWorthRetrying.*?\n}/s.exec(source('adapter/src/client.ts')) ?? [];
    const [normal, policy, from, to, ...except] = [...body.matchAll(/\b\d+\b/g)].map(Number);
    return [normal ?? 0, policy ?? 0, from ?? 0, (to ?? 0) - 1, ...except];
  },
  'AdapterOptions highWaterMark': () => [new Scope({}).highWaterMark],
  'CloseOptions code': async () => [(await closed()).code ?? 0],
  'CloseOptions timeout': async () => [(await closed()).timeout],
  async 'ServeOptions port'() {
    const server = await serve({ host: '127.0.0.1' });
    await server.close();
    // Which port it asked for is to be seen in the source alone: it was given one that is free.
    return ['node', 'deno'].every((host) => /\bport = 0\b/.test(source(`${host}/src/serve.ts`))) && server.port > 0
      ? [0]
      : [];
  },
  async 'ServeOptions http'() {
    const server = await serve({ host: '127.0.0.1' });
    const { status } = await fetch(server.url.replace(/^ws:\/\/[^:]+/, 'http://127.0.0.1'));
    await server.close();
    return [status];
  },
};

const source = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const ascending = (a: number, b: number): number => a - b;

/** The least whole number for which something holds. */
function first(holds: (value: number) => boolean): number {
  let value = 0;
  while (!holds(value) && value < 1_000_000) value++;
  return value;
}

function negotiated(role: Role, options: DeflateOptions, engine = pako): Partial<Negotiated> {
  const extension = permessageDeflate(engine, options);
  const accepted = role === 'server' ? extension.accept(extension.offer()) : undefined;
  const answer = permessageDeflate(pako, options).accept(extension.offer())?.extension;
  return (role === 'server' ? accepted : extension.confirm(answer === undefined ? [] : [answer])) ?? {};
}

/** What an engine is asked for when a message is compressed. */
function asked(role: Role): DeflaterOptions {
  let found: DeflaterOptions | undefined;
  const engine: typeof pako = {
    ...pako,
    createDeflater(options) {
      found = options;
      return pako.createDeflater(options);
    },
  };
  const connection = Connection.opened(role, negotiated(role, {}, engine));
  connection.send('hello', { compress: true });
  return found as unknown as DeflaterOptions;
}

/** The length of the shortest message that a client compresses. */
function threshold(options: DeflateOptions): number {
  return first((length) => {
    const connection = Connection.opened('client', negotiated('client', options));
    connection.send(new Uint8Array(length));
    return ((connection.transmit()?.[0] ?? 0) & 0x40) !== 0;
  });
}

/** How a server closes a connection that does not end. */
async function closed(): Promise<{ code: number | undefined; timeout: number }> {
  const clock = new VirtualClock(0);
  const connections = new ServedConnections(new Scope({}, { clock }));
  const end = deferred<void>();
  let code: number | undefined;
  let timeout = Number.NaN;
  const deaf = {
    closed: end.promise,
    close: (given: number) => (code = given),
    terminate() {
      timeout = clock.now();
      end.resolve();
    },
  };
  connections.all.add(deaf as never);
  const done = connections.close({});
  clock.advance(60_000);
  await done;
  return { code, timeout };
}

function measured({ of, name }: Option): number[] | Promise<number[]> | undefined {
  if (of === 'ConnectionOptions') {
    const value: unknown = resolveOptions({})[name as 'maxMessageSize'];
    return typeof value === 'object' && value !== null ? Object.values(value) : [value as number];
  }
  return MEASURED[`${of} ${name}`]?.();
}

for (const option of readOptions().filter((one) => numbersIn(one.default).length > 0)) {
  test(`${option.package}: ${option.of}.${option.name}: ${option.default}`, async () => {
    const found = await measured(option);
    assert.ok(found, 'limits.test.ts has to measure it');
    // In which order a sentence names them is its own affair.
    assert.equal([...found].sort(ascending), numbersIn(option.default).sort(ascending));
  });
}

test('the numbers of a docstring are read as they are meant', () => {
  assert.equal(numbersIn('every 30,000 ms, 10,000 ms for an answer'), [30_000, 10_000]);
  assert.equal(numbersIn('64 KiB, 16 MiB, `Infinity`, none of `0.0.0.0`'), [65_536, 16_777_216, Infinity]);
});

test('every option with a default is on the page, and every limit that is no option', () => {
  const { text } = limitsPage();
  const options = readOptions();
  assert.ok(options.length > 40);
  for (const { name, default: value } of options)
    assert.ok(text.includes(`| \`${name}\` | ${value.replaceAll('|', '\\|')} |`), name);
  for (const { what, value } of readConstants())
    assert.ok(text.includes(`| ${what} | ${value.toLocaleString('en-US')}`), what);
});

test.run();
