/** The command, as a user runs it: against sockless on Node, and against what is no echo server. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accept, serve } from '@sockless/node';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CERTIFICATE, KEY } from '../../node/test/certificate.ts';
import { within } from '../../tools/testing.ts';
import { chooseCases, runServerCases, TargetError } from '../src/index.ts';

const test = suite('command');
const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

/** For targets that never answer as a server should: how long the command waits for them. */
const HASTY = ['--patience', '0.1'];

/** The milliseconds after which a command that has not ended is taken to hang: many times what it takes on a busy machine. */
const LIMIT = 120_000;

async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // its own group, so that a client that it started can be ended with it
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    return { status: await within(LIMIT, args.join(' '), closed), out, err };
  } catch (error) {
    process.kill(-Number(child.pid), 'SIGKILL');
    throw new Error(`${error}\n${out}\n${err}`, { cause: error });
  }
}

const echoServer = (tls?: { cert: string; key: string }): ReturnType<typeof serve> =>
  serve(
    { port: 0, compression: true, ...(tls === undefined ? {} : { tls }) },
    { request: () => accept(), message: (ws, data) => ws.send(data) },
  );

test('for a server that passes, the exit status is 0, and the output, JSON, JUnit and HTML agree', async () => {
  const server = await echoServer();
  const folder = mkdtempSync(join(tmpdir(), 'sockless-conformance-'));
  try {
    const paths = ['json', 'junit', 'html'].map((kind) => join(folder, kind));
    const [json = '', junit = '', html = ''] = paths;
    const chosen = ['--filter', 'server/framing/text-12', '--filter', 'server/close/code-1005'];
    const { status, out } = await run([
      'server',
      server.url,
      ...chosen,
      '--json',
      json,
      '--junit',
      junit,
      '--html',
      html,
    ]);
    assert.is(status, 0, out);
    const total = chooseCases('server', { filter: ['server/framing/text-12', 'server/close/code-1005'] }).length;
    assert.match(out, new RegExp(`${total} cases: ${total} passed, 0 failed, 0 skipped`));
    const { summary, results } = JSON.parse(readFileSync(json, 'utf8'));
    assert.equal(summary, { total, pass: total, fail: 0, skip: 0 });
    assert.is(results.length, total);
    assert.match(
      readFileSync(junit, 'utf8'),
      new RegExp(`<testsuites name="sockless-conformance" tests="${total}" failures="0">`),
    );
    assert.match(readFileSync(html, 'utf8'), /server\/framing\/text-125[\s\S]*RFC 6455 5\.1/);
  } finally {
    rmSync(folder, { recursive: true });
    await server.close();
  }
});

test('an untrusted certificate is refused with status 4, unless --insecure is given', async () => {
  const server = await echoServer({ cert: CERTIFICATE, key: KEY });
  try {
    const args = [
      'server',
      server.url.replace(/\/\/[^:]+/, '//127.0.0.1'),
      '--filter',
      'server/framing/text-5',
      '--filter',
      'server/framing/text-125',
    ];
    const refused = await run(args);
    assert.is(refused.status, 4);
    assert.match(refused.err, /certificate of .* is not trusted .* --insecure/);
    const { status, out } = await run([...args, '--insecure']);
    assert.is(status, 0, out);
    const plain = await run(['server', server.url.replace(/^wss:\/\/[^:]+/, 'ws://127.0.0.1'), ...HASTY]);
    assert.is(plain.status, 4);
    assert.match(plain.err, /no echo server/);
  } finally {
    await server.close();
  }
});

test('a target that is not an echo server is refused with the reason, and nothing is tested', async () => {
  const free = createTcpServer().listen(0);
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  const absent = await run(['server', `ws://127.0.0.1:${port}/`]);
  assert.equal([absent.status, absent.err], [4, `sockless-conformance: nobody listens at 127.0.0.1:${port}\n`]);

  const http = createServer((_, response) => response.writeHead(200).end('hello')).listen(0);
  const at = `ws://127.0.0.1:${(http.address() as { port: number }).port}/`;
  const plain = await run(['server', at, ...HASTY]);
  assert.is(plain.status, 4);
  assert.match(plain.err, /is no echo server: .*did not switch protocols/);
  const secure = await run(['server', at.replace('ws:', 'wss:')]);
  assert.match(secure.err, /does not speak TLS: try ws:/);
  http.close();

  const silent = await serve({ port: 0 }, { request: () => accept() });
  try {
    await runServerCases(silent.url, { patience: 0.05 });
    assert.unreachable('it was tested');
  } catch (error) {
    assert.instance(error, TargetError);
    assert.match(String(error), /is no echo server: a text of 5 bytes did not come in time/);
  } finally {
    await silent.close();
  }
});

test('a fault prints its case and rule, with exit status 1; --severity leaves out cases of other severities', async () => {
  const server = await serve(
    { port: 0 },
    {
      request: () => accept(),
      message: (ws, data) => ws.send(typeof data === 'string' ? data : data.subarray(0, 1000)),
    },
  );
  try {
    const args = [
      'server',
      server.url,
      '--filter',
      'server/framing/binary-65535',
      '--filter',
      'server/framing/text-126',
      '--verbose',
    ];
    const { status, out } = await run(args);
    assert.is(status, 1, out);
    assert.match(out, /server\/framing\/binary-65535: .*\n {2}must, RFC 6455 5\.2: it sent a binary of 1000 bytes/);
    assert.match(out, /ms suite +Binary, 65535 bytes/);
    assert.match(out, /2 cases: 1 passed, 1 failed \(must: 1\)/);
    const other = await run([...args, '--severity', 'may']);
    assert.is(other.status, 4);
    assert.match(other.err, /no case has been chosen/);
  } finally {
    await server.close();
  }
});

test('a case fails if the client never asks for it; a program that asks for no case is an error', async () => {
  const client = `
    import { connect } from '@sockless/node';
    const { SOCKLESS_CONFORMANCE_URL: url, SOCKLESS_CONFORMANCE_CASES: count } = process.env;
    const { message } = await (async () => ({ message: (ws, data) => ws.send(data) }))();
    const reported = await (await fetch(url.replace('ws', 'http') + '/count')).text();
    if (reported !== count) throw new Error(reported);
    for (let i = 1; i <= count - 1; i++) await connect(url + '/?case=' + i, { reconnect: false }, { message }).closed;
    const report = await (await fetch(url.replace('ws', 'http') + '/report')).json();
    console.log(report.played);
    let counted = '';
    await connect(url + '/count', { reconnect: false }, { message: (_, data) => { counted = data; } }).closed;
    console.log('over a WebSocket', counted);`;
  const chosen = ['--filter', 'client/framing/text-12'];
  const total = chooseCases('client', { filter: ['client/framing/text-12'] }).length;
  const { status, out } = await run([
    'client',
    ...chosen,
    '--',
    process.execPath,
    '--input-type=module',
    '--eval',
    client,
  ]);
  assert.is(status, 1, out);
  assert.match(out, new RegExp(`^${total - 1}\nover a WebSocket ${total}\n`));
  assert.match(out, /the client never asked for this case/);
  assert.match(out, new RegExp(`${total} cases: ${total - 1} passed, 1 failed`));
  const nobody = await run(['client', '--', process.execPath, '--eval', '0']);
  assert.is(nobody.status, 4);
  assert.match(nobody.err, /no client asked/);
  const missing = await run(['client', '--', './no-such-program']);
  assert.match(missing.err, /cannot run \.\/no-such-program/);
});

test('a wrong argument is named, with exit status 4; --help prints the usage, and list prints the cases', async () => {
  for (const [args, why] of [
    [['sever', 'ws://localhost'], /"sever" is no command/],
    [['server'], /which server\?/],
    [['server', 'http://localhost'], /neither a ws: nor a wss: URL/],
    [['server', 'ws://localhost', '--severity', 'shall'], /"shall" is no severity/],
    [['server', 'ws://localhost', '--paralel', '3'], /--paralel is not an option/],
    [['server', 'ws://localhost', '--parallel', 'x'], /takes a number/],
    [['server', 'ws://localhost', '--json'], /--json lacks its value/],
  ] as const) {
    const { status, err } = await run(args);
    assert.is(status, 4);
    assert.match(err, why);
  }
  assert.match((await run(['--help'])).out, /sockless-conformance server URL/);
  assert.match(
    (await run(['list', '--filter', 'client/masking/fresh'])).out,
    /^client\/masking\/fresh-keys\tmust\tRFC 6455 5\.3/,
  );
});

test('the package contains all cases as JSON', () => {
  const vectors = JSON.parse(readFileSync(new URL('../dist/vectors.json', import.meta.url), 'utf8'));
  assert.is(vectors.length, chooseCases('server').length + chooseCases('client').length);
});

test.run();
