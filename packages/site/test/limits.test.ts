/** The page of limits: each number that a docstring names as a default is what the code does. */
import { readFileSync } from 'node:fs';
import { backoffDelay, type EndEvent, nextAttempt, reject, Scope, ServedConnections } from '@sockless/adapter';
import { VirtualClock } from '@sockless/adapter/testing';
import { Connection, HandshakeError, type Negotiated, type Role, resolveOptions } from '@sockless/core';
import { acceptDeflate, type DeflateOptions, type DeflaterOptions, permessageDeflate } from '@sockless/core/deflate';
import { pako } from '@sockless/deflate';
import { connect, serve } from '@sockless/node';
import { deferred } from '@sockless/tools/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveBounds } from '../../adapter/src/bounds.ts';
import { isWorthRetrying } from '../../adapter/src/retry.ts';
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
  'ConnectionOptions maxFragments'() {
    const { maxFragments, maxMessageSize } = resolveOptions({});
    return [
      maxFragments,
      maxMessageSize,
      maxMessageSize / maxFragments,
      resolveOptions({ messages: 'fragments' }).maxFragments,
    ];
  },
  'ReconnectPolicy when'() {
    const statuses = among(400, 499, (status) => isWorthRetrying(refused(status)));
    const [least, ...others] = among(0, 599, (status) => !isWorthRetrying(refused(status)));
    return [
      ...among(1000, 4999, (code) => !isWorthRetrying(closedWith(code))),
      least ?? 0,
      others.at(-1) ?? 0,
      ...statuses,
    ];
  },
  'ReconnectPolicy maxRetryAfter': async () => [await retryDelay('999999')],
  'ServerBounds maxConnections': () => [resolveBounds({}).maxConnections],
  'ServerBounds maxConnectionsPerAddress': () => [resolveBounds({}).maxConnectionsPerAddress],
  'ServerBounds maxPendingHandshakes': () => [resolveBounds({}).maxPendingHandshakes],
  'ServerBounds maxTotalQueuedBytes': () => [resolveBounds({}).maxTotalQueuedBytes],
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
  'ServeOptions backlog': async () => [await backlog()],
  async 'ServeOptions headersTimeout'() {
    const server = await serve({ host: '127.0.0.1' });
    await server.close();
    return [server.http.headersTimeout];
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

/** The whole numbers of a range for which something holds. */
function among(from: number, to: number, holds: (value: number) => boolean): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at).filter(holds);
}

/** The end of a try to connect that a server refused. */
function refused(status: number): EndEvent {
  const response = { status, reason: '', headers: [], body: new Uint8Array(0) };
  return { explanation: { error: new HandshakeError('status-not-101', '', response) } } as unknown as EndEvent;
}

/** The end of a connection that the peer closed. */
const closedWith = (code: number): EndEvent => ({ explanation: { received: { code } } }) as unknown as EndEvent;

/** How long a client waits when it is refused with this Retry-After, and its own delay is 0. */
async function retryDelay(retryAfter: string): Promise<number> {
  const server = await serve({ host: '127.0.0.1' }, { request: () => reject(429, { 'Retry-After': retryAfter }) });
  const delay = deferred<number>();
  const client = connect(server.url, { reconnect: { base: 0, onRetry: (retry) => delay.resolve(retry.delay) } });
  try {
    return await delay.promise;
  } finally {
    client.terminate();
    await server.close();
  }
}

/** What Node asks the operating system for when a server listens; no API tells it. */
async function backlog(): Promise<number> {
  const server = await serve({ host: '127.0.0.1' });
  const { _handle } = server.http as unknown as { _handle: object };
  const prototype = Object.getPrototypeOf(_handle) as { listen(backlog: number): number };
  const { listen } = prototype;
  let found = Number.NaN;
  prototype.listen = function (this: unknown, asked: number): number {
    found = asked;
    return listen.call(this, asked);
  };
  try {
    await (await serve({ host: '127.0.0.1' })).close();
  } finally {
    prototype.listen = listen;
    await server.close();
  }
  return found;
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
    dismiss: (given: number) => (code = given),
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
  const measure = MEASURED[`${of} ${name}`];
  if (measure === undefined && of === 'ConnectionOptions') {
    const value: unknown = resolveOptions({})[name as 'maxMessageSize'];
    return typeof value === 'object' && value !== null ? Object.values(value) : [value as number];
  }
  return measure?.();
}

for (const option of readOptions().filter((one) => numbersIn(one.default).length > 0)) {
  test(`${option.package}: ${option.of}.${option.name}: ${option.default}`, async () => {
    const found = await measured(option);
    assert.ok(found, 'limits.test.ts has to measure it');
    // In which order a sentence names them is its own affair.
    assert.equal([...found].sort(ascending), numbersIn(option.default).sort(ascending));
  });
}

test('the numbers of a docstring are read with their units', () => {
  assert.equal(numbersIn('every 30,000 ms, 10,000 ms for an answer'), [30_000, 10_000]);
  assert.equal(numbersIn('64 KiB, 16 MiB, `Infinity`, none of `0.0.0.0`'), [65_536, 16_777_216, Infinity]);
});

test('no heading is the bare name of an interface', () => {
  const headings = [...limitsPage().text.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
  assert.equal(
    headings.filter((heading) => /^\w+(Options|Policy|Bounds|Request|Limit)$/.test(heading)),
    [],
  );
});

test('the page has every option with a default, and every fixed limit', () => {
  const { text } = limitsPage();
  const options = readOptions();
  assert.ok(options.length > 40);
  for (const { name, default: value } of options)
    assert.ok(text.includes(`| \`${name}\` | ${value.replaceAll('|', '\\|')} |`), name);
  for (const { what, value } of readConstants())
    assert.ok(text.includes(`| ${what} | ${value.toLocaleString('en-US')}`), what);
});

test.run();
