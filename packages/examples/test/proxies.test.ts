// Through Debian's nginx, haproxy and tinyproxy, with the configurations of this folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { type ConnectOptions, connect, type ServeOptions, type Server, serve } from '@sockless/node';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { debianTool, deferred, within } from '../../tools/testing.ts';
import { type Running, type Start, start } from './debian.ts';

const test = suite('proxies');

const read = (name: string): string => readFileSync(new URL(`../proxies/${name}`, import.meta.url), 'utf8');

/** Replaces what the configuration must say. */
function edit(configuration: string, parts: readonly (readonly [from: string, to: string])[]): string {
  return parts.reduce((all, [from, to]) => {
    if (!all.includes(from)) throw new Error(`the configuration does not say ${from}`);
    return all.replace(from, to);
  }, configuration);
}

const PROXIES = {
  nginx: (upstream: number, passesHost: boolean): Start => ({
    configuration: (port) =>
      edit(read('nginx.conf'), [
        ['listen 8080', `listen 127.0.0.1:${port}`],
        ['127.0.0.1:9000;', `127.0.0.1:${upstream};`],
        ...(passesHost ? [] : [['proxy_set_header Host $http_host;', ''] as const]),
      ]),
    command: (file, folder) => [
      '/usr/sbin/nginx',
      ...['-p', folder, '-c', file, '-g', `daemon off; master_process off; pid ${folder}/pid; error_log stderr;`],
    ],
  }),
  haproxy: (upstream: number, passesHost: boolean): Start => ({
    configuration: (port) =>
      edit(read('haproxy.cfg'), [
        ['127.0.0.1:8080', `127.0.0.1:${port}`],
        ['127.0.0.1:9000', `127.0.0.1:${upstream}`],
        ...(passesHost
          ? []
          : [['backend chat\n', `backend chat\n  http-request set-header Host 127.0.0.1:${upstream}\n`] as const]),
      ]),
    command: (file) => ['/usr/sbin/haproxy', '-db', '-f', file],
  }),
} as const;

/** A server behind a proxy; it echoes, and closes when it is told to. */
async function behind(
  name: keyof typeof PROXIES,
  options: ServeOptions,
  passesHost: boolean,
  body: (proxy: Running) => Promise<void>,
): Promise<void> {
  const server = await serve(
    { host: '127.0.0.1', ...options },
    {
      message(ws, data) {
        if (data === 'close') ws.close(4001, 'as you wish');
        else ws.send(data, { compress: true });
      },
    },
  );
  await withProxy(name, server, passesHost, (proxy) => within(30_000, name, body(proxy)));
}

/** Starts a proxy in front of a server, and ends both. */
async function withProxy(
  name: keyof typeof PROXIES,
  server: Server,
  passesHost: boolean,
  body: (proxy: Running) => Promise<void>,
): Promise<void> {
  let proxy: Running | undefined;
  try {
    proxy = await start(PROXIES[name](server.port, passesHost));
    await body(proxy);
  } finally {
    await server.close({ timeout: 1 });
    await proxy?.stop();
  }
}

const open = ({ port }: Running, options: ConnectOptions = {}) => connect(`ws://127.0.0.1:${port}/chat?a=b`, options);

for (const name of ['nginx', 'haproxy'] as const) {
  const installed = debianTool(name).test(test);

  installed(`${name}: passes text, binary and long messages on, with compression and without`, async () => {
    await behind(name, { compression: true }, true, async (proxy) => {
      for (const compression of [true, false]) {
        const ws = open(proxy, { compression });
        const { extensions } = await ws.opened;
        assert.is(extensions.length, compression ? 1 : 0);
        const messages = ['hello', '漢字 '.repeat(50_000), Uint8Array.of(0, 1, 255), new Uint8Array(300_000).fill(7)];
        const loop = ws[Symbol.asyncIterator]();
        for (const message of messages) {
          ws.send(message);
          assert.equal((await loop.next()).value, message);
        }
        ws.close(1000);
        assert.ok((await ws.closed).clean);
      }
    });
  });

  installed(`${name}: a close from either side arrives with its code and reason`, async () => {
    const { promise, resolve } = deferred<unknown>();
    const server = await serve(
      { host: '127.0.0.1' },
      {
        message: (ws) => ws.close(4001, 'as you wish'),
        end: (_, { code, reason, clean }) => resolve([code, reason, clean]),
      },
    );
    await withProxy(name, server, true, async (proxy) => {
      const first = open(proxy);
      await first.opened;
      first.close(4000, 'enough');
      assert.equal(await promise, [4000, 'enough', true]);
      assert.ok((await first.closed).clean);
      const second = open(proxy);
      await second.opened;
      second.send('close');
      const { code, reason, clean } = await second.closed;
      assert.equal([code, reason, clean], [4001, 'as you wish', true]);
    });
  });

  for (const [title, options, passesHost] of [
    ['where it passes Host on', {}, true],
    ['where it sends another Host, and the forwarded fields are trusted', { trustForwarded: 'x-forwarded' }, false],
    ['where it sends another Host, and the public origin is named', 'public', false],
  ] as const) {
    installed(`${name}: the site's own pages may connect and foreign ones may not, ${title}`, async () => {
      const given = (port: number): ServeOptions =>
        options === 'public' ? { publicOrigins: [`http://127.0.0.1:${port}`] } : options;
      await behindAt(name, given, passesHost, async (proxy) => {
        const own = open(proxy, { origin: `http://127.0.0.1:${proxy.port}` });
        await own.opened;
        own.close(1000);
        for (const [origin, headers] of [
          ['https://evil.example', {}],
          // A client that says itself what the proxy should.
          ['https://evil.example', { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' }],
        ] as const) {
          const { explanation } = await open(proxy, { origin, headers }).closed;
          assert.match(explanation.summary, /status-not-101: .*403/);
        }
      });
    });
  }

  installed(
    `${name}: if it changes Host and the server is not told, the site's own pages are refused with the reason`,
    async () => {
      await behind(name, {}, false, async (proxy) => {
        const { explanation } = await open(proxy, { origin: `http://127.0.0.1:${proxy.port}` }).closed;
        const { response } = explanation.error as { response?: { status: number; body: Uint8Array } };
        assert.is(response?.status, 403);
        const said = Buffer.from(response?.body ?? []).toString();
        assert.match(
          said,
          `the Origin is not allowed to connect: http://127.0.0.1:${proxy.port}, and by Host this is 127.0.0.1:`,
        );
      });
    },
  );
}

/** {@link behind} for options that depend on the port of the proxy. */
async function behindAt(
  name: keyof typeof PROXIES,
  options: (port: number) => ServeOptions,
  passesHost: boolean,
  body: (proxy: Running) => Promise<void>,
): Promise<void> {
  // The proxy comes first, and knows where its server is going to listen.
  const first = await serve({ host: '127.0.0.1' });
  const { port } = first;
  await first.close();
  const proxy = await start(PROXIES[name](port, passesHost));
  const server = await serve({ host: '127.0.0.1', port, ...options(proxy.port) });
  try {
    await within(30_000, name, body(proxy));
  } finally {
    await server.close({ timeout: 1 });
    await proxy.stop();
  }
}

const TINYPROXY: Start = {
  configuration: (port) => `Port ${port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nMaxClients 10\n`,
  command: (file) => ['/usr/bin/tinyproxy', '-d', '-c', file],
};

debianTool('tinyproxy').test(test)('http-proxy.ts says what it should', async () => {
  const proxy = await start(TINYPROXY);
  try {
    const child = spawn(process.execPath, ['--import', 'tsx', 'http-proxy.ts'], {
      cwd: new URL('..', import.meta.url),
      env: { ...process.env, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await within(30_000, 'http-proxy.ts', Promise.all([text(child.stdout), once(child, 'close')]));
    const [first, second] = said.split('\n');
    assert.is(first, 'you said: hello through the proxy');
    assert.match(second ?? '', /^handshake-interrupted: Error: the proxy answers 5\d\d$/);
    assert.is(child.exitCode, 0);
  } finally {
    await proxy.stop();
  }
});

test.run();
