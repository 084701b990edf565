// The demo's server as a process: page, errors, chat, tap, and its end.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Client, type Demo, launch, mirrored, openTap, startDemo, until } from './demo.ts';

const server = suite<{ demo: Demo }>('server');

server.before(async (context) => {
  context.demo = await startDemo();
});
server.after(async ({ demo }) => {
  await demo.stop('SIGKILL');
});

/** Returns a client in the lobby. */
async function visitor(demo: Demo, name: string, rooms?: string[]): Promise<{ client: Client; id: string }> {
  const client = new Client(`${demo.url}/chat`);
  const id = await client.hello(name, rooms);
  return { client, id };
}

server('prints one line when it is ready', ({ demo }) => {
  assert.is(demo.output(), `sockless demo: ${demo.url} (Ctrl-C ends it)\n`);
});

server('serves the page with a strict policy, and nothing is cached', async ({ demo }) => {
  const response = await fetch(demo.url);
  assert.is(response.status, 200);
  assert.is(response.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.is(response.headers.get('cache-control'), 'no-store');
  assert.is(response.headers.get('x-content-type-options'), 'nosniff');
  const policy = response.headers.get('content-security-policy') ?? '';
  assert.match(policy, "default-src 'none'");
  assert.not.match(policy, 'unsafe');
  const html = await response.text();
  const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path as string);
  assert.ok(parts.includes('/main.js'));
  for (const path of parts) {
    const part = await fetch(demo.url + path);
    assert.is(part.status, 200, path);
    const type = path.endsWith('.js') ? 'text/javascript' : path.endsWith('.css') ? 'text/css' : 'image/svg+xml';
    assert.ok(part.headers.get('content-type')?.startsWith(type), path);
    await part.arrayBuffer();
  }
});

server('serves nothing else', async ({ demo }) => {
  for (const path of ['/nothing', '/server.js', '/../server.js', '/%2e%2e/server.js', '/page/main.js', '/chat', '//']) {
    const response = await fetch(demo.url + path);
    assert.is(response.status, 404, path);
    await response.text();
  }
  const post = await fetch(demo.url, { method: 'POST', body: 'x' });
  assert.is(post.status, 405);
  assert.is(post.headers.get('allow'), 'GET, HEAD');
  const head = await fetch(demo.url, { method: 'HEAD' });
  assert.is(head.status, 200);
  assert.ok(Number(head.headers.get('content-length')) > 0);
});

server('chats in a room, with one person, and with all', async ({ demo }) => {
  const { client: ada, id: adaId } = await visitor(demo, 'Ada', ['tea']);
  const { client: bo, id: boId } = await visitor(demo, 'Bo', ['tea']);
  const { client: cleo } = await visitor(demo, 'Cleo');
  assert.is((await ada.next('person')).person.name, 'Bo');

  ada.send({ type: 'say', to: { kind: 'room', room: 'tea' }, text: 'tea?', ref: '1' });
  for (const client of [ada, bo]) {
    const { from, text, ref } = await client.next('said');
    assert.equal([from, text, ref], [adaId, 'tea?', '1']);
  }
  ada.send({ type: 'say', to: { kind: 'person', person: boId }, text: 'psst', ref: '2' });
  for (const client of [ada, bo]) assert.is((await client.next('said')).text, 'psst');
  bo.send({ type: 'say', to: { kind: 'everyone' }, text: 'hello all', ref: '3' });
  for (const client of [ada, bo, cleo]) assert.is((await client.next('said')).text, 'hello all');

  ada.send({ type: 'name', name: 'Ada Lovelace' });
  const renamed = await until(() => {
    const { person } = cleo.take('person') ?? {};
    return person?.name === 'Ada Lovelace' ? person : undefined;
  }, 'the new name');
  const { latency: _, ...rest } = renamed;
  assert.equal(rest, { id: adaId, name: 'Ada Lovelace', rooms: ['tea'] });
  bo.ws.terminate();
  assert.is((await ada.next('gone')).id, boId);
  for (const { ws } of [ada, cleo]) ws.close();
});

server('the same key gives the same id, but not to two pages at a time', async ({ demo }) => {
  const { client: first, id } = await visitor(demo, 'Twin');
  const { client: second, id: other } = await visitor(demo, 'Twin');
  assert.is.not(id, other);
  for (const { ws } of [first, second]) ws.close();
  await Promise.all([first.end(), second.end()]);
  await delay(50);
  const { client: again, id: same } = await visitor(demo, 'Twin');
  assert.is(same, id);
  again.ws.close();
});

server('sends fragments with a Ping frame between them, and echoes binary', async ({ demo }) => {
  const { client } = await visitor(demo, 'Fragment');
  client.send({ type: 'fragments' });
  assert.match((await client.next('note')).text, 'three fragments');
  assert.equal(client.pings, ['in between']);
  client.ws.send(Uint8Array.of(1, 2, 3));
  const echo = await until(() => client.received.find((data) => typeof data !== 'string'), 'the bytes');
  assert.equal(echo, Buffer.of(1, 2, 3));
  client.ws.close();
});

server('sends the latencies of the heartbeat', async ({ demo }) => {
  const { client, id } = await visitor(demo, 'Latency');
  const latency = await until(() => client.take('latencies')?.of[id], 'a latency');
  assert.ok(latency > 0);
  client.ws.close();
});

server('answers unknown messages, and closes connections that break a rule', async ({ demo }) => {
  const { client: odd } = await visitor(demo, 'Odd');
  odd.send('hello?');
  assert.match((await odd.next('problem')).text, 'did not understand');
  odd.send('x'.repeat(64 * 1024 + 1));
  assert.equal(await odd.end(), { code: 1009, reason: 'frame-too-big' });

  const { client: loud } = await visitor(demo, 'Loud');
  for (let n = 0; n < 200; n++) loud.send({ type: 'name', name: `Loud ${n}` });
  assert.equal(await loud.end(), { code: 1008, reason: 'message-rate' });

  const rude = new Client(`${demo.url}/chat`);
  await once(rude.ws, 'open');
  rude.send({ type: 'join', room: 'tea' });
  assert.equal(await rude.end(), { code: 1008, reason: 'say hello first' });
});

server('refuses other sites and other paths', async ({ demo }) => {
  for (const [path, origin, status] of [
    ['/chat', 'https://evil.example', 403],
    ['/tap', 'https://evil.example', 403],
    ['/chat', demo.url, 101],
    ['/other', demo.url, 404],
  ] as const) {
    const { ws } = new Client(demo.url + path, { origin });
    const answer = await Promise.race([
      once(ws, 'open').then(() => 101),
      once(ws, 'unexpected-response').then(([, response]) => response.statusCode),
    ]);
    assert.is(answer, status, `${path} from ${origin}`);
    ws.terminate();
  }
});

/** Sends a request like a page whose name was made to point to this computer. */
async function statusOf(port: number, host: string, headers: Record<string, string>): Promise<number | undefined> {
  const request = get({ port, host: '127.0.0.1', path: '/chat', headers: { Host: host, ...headers } });
  const [response, socket] = (await Promise.race([once(request, 'response'), once(request, 'upgrade')])) as [
    IncomingMessage,
    Socket | undefined,
  ];
  socket?.destroy();
  response.destroy();
  return response.statusCode;
}

server(
  'DNS rebinding: requests with another host name get neither the page nor the chat',
  async ({ demo: { port } }) => {
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '192.0.2.1',
    ]) {
      const upgrade = {
        ...{ Connection: 'Upgrade', Upgrade: 'websocket', Origin: `http://${host}` },
        ...{ 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version': '13' },
      };
      assert.equal([await statusOf(port, host, {}), await statusOf(port, host, upgrade)], [421, 421], host);
    }
    for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, '127.0.0.1', '[::1]']) {
      const upgrade = {
        ...{ Connection: 'Upgrade', Upgrade: 'websocket', Origin: `http://${host}` },
        ...{ 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version': '13' },
      };
      assert.equal([await statusOf(port, host, {}), await statusOf(port, host, upgrade)], [404, 101], host);
    }
  },
);

const life = suite('start and end');

life('a port in use is a clear error', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const { output, exit } = launch({ port: String(port) });
  assert.is(await exit, 1);
  assert.match(output(), `Port ${port} is taken`);
  assert.match(output(), 'PORT=8081 npm start');
  assert.not.match(output(), /^\s+at /m);
  other.close();
});

for (const port of ['abc', '-1', '65536', '80.5', '1e3']) {
  life(`PORT=${port} is a clear error`, async () => {
    const { output, exit } = launch({ port });
    assert.is(await exit, 1);
    assert.match(output(), `PORT is "${port}", which is not a port`);
    assert.not.match(output(), /^\s+at /m);
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  life(`${signal} closes every connection with 1001 and exits with 0`, async () => {
    const demo = await startDemo();
    const { tap, token } = await openTap(demo);
    const clients = [new Client(`${demo.url}/chat?tap=${token}`), new Client(`${demo.url}/chat`)];
    for (const [n, client] of clients.entries()) await client.hello(`Guest ${n}`);
    const idle = new Client(`${demo.url}/tap`);
    await once(idle.ws, 'open');
    assert.is(await demo.stop(signal), 0);
    for (const client of clients) {
      assert.equal(await client.end(), { code: 1001, reason: 'the server is shutting down' });
    }
    assert.is((await idle.end()).code, 1001);
    await tap.end();
    const end = mirrored(tap).told.at(-1);
    assert.ok(end?.type === 'end' && end.clean, 'the tap still tells of the end');
    assert.match(demo.output(), '\nClosing 2 connections with 1001.\n');
  });
}

life('clients that do not answer delay the end only briefly', async () => {
  const demo = await startDemo();
  const client = new Client(`${demo.url}/chat`);
  await client.hello('Deaf');
  client.ws.pause();
  assert.is(await demo.stop(), 0);
  client.ws.terminate();
});

life('a second signal ends the process at once', async () => {
  const demo = await startDemo();
  const client = new Client(`${demo.url}/chat`);
  await client.hello('Deaf');
  client.ws.pause();
  demo.child.kill('SIGINT');
  await until(() => demo.output().includes('Closing 1 connection ') || undefined, 'the first signal');
  demo.child.kill('SIGINT'); // npm's, of the same Ctrl-C
  await delay(250);
  assert.is(demo.child.exitCode, null);
  assert.is(await demo.stop('SIGINT'), 1);
  client.ws.terminate();
});

server.run();
life.run();
