/** The programs of the README do what the README says. */
import { connect, type WebSocketConnection } from '@sockless/node';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from './support.ts';

const test = suite('README');
const README = '../../../README.md';

test('core alone: both endpoints greet each other', async () => {
  const lines = await run(README, 'Connection.client(').lines();
  assert.equal(lines.sort(), ['client received: hello from the server', 'server received: hello from the client']);
});

test('core alone: heartbeats are answered for a day, and then silence ends with pong-timeout', async () => {
  assert.equal(await run(README, '24 * 60 * 60 * 1000').lines(), ['2879 answers, then pong-timeout']);
});

test('the Node client talks to the Node server, and both say how it ended', async () => {
  const server = run(README, 'port: 8081', { 'port: 8081': 'port: 0' });
  const [listening = ''] = await server.lines(1);
  const url = listening.replace('listening on ', '');
  assert.match(url, /^ws:\/\/localhost:\d+$/);
  try {
    const ended = 'closed the connection with 1000 "done", and the closing handshake was completed';
    const client = run(README, 'connect(', { 'ws://localhost:8081/': url });
    assert.equal(await client.lines(), ['welcome', 'hello', `this endpoint ${ended}`]);
    assert.equal((await server.lines(2))[1], `the peer ${ended}`);
  } finally {
    server.child.kill();
    await server.ended;
  }
});

test('the chat: private messages, groups, broadcast', async () => {
  const server = run(README, 'server.group(', { 'port: 8082': 'port: 0' });
  const [listening = ''] = await server.lines(1);
  const url = listening.replace('chat on ', '');
  try {
    const got: string[][] = [];
    const come = async (name: string): Promise<WebSocketConnection> => {
      const lines: string[] = [];
      got.push(lines);
      const ws = connect(`${url}/?${name}`, {}, { message: (_, data) => void lines.push(String(data)) });
      await ws.opened;
      return ws;
    };
    const [ada, bo, twin, cleo] = [await come('ada'), await come('bo'), await come('bo'), await come('cleo')];
    const say = async (ws: WebSocketConnection, message: object): Promise<void> => {
      ws.send(JSON.stringify(message));
      // Behind it all that it leads to has been sent.
      ws.ping();
      await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await say(cleo, { text: 'hello' });
    await say(ada, { to: 'bo', text: 'psst' });
    await say(ada, { join: 'tea' });
    await say(twin, { join: 'tea' });
    await say(ada, { group: 'tea', text: 'tea?' });
    await say(twin, { leave: 'tea' });
    await say(ada, { group: 'tea', text: 'nobody?' });
    cleo.close();
    await cleo.closed;
    await say(bo, { text: 'bye' });
    const end = ['cleo: hello', 'ada: psst', 'cleo has left', 'bo: bye'];
    assert.equal(got, [
      ['bo is here', 'bo is here', 'cleo is here', 'cleo: hello', 'cleo has left', 'bo: bye'],
      ['bo is here', 'cleo is here', ...end],
      ['cleo is here', 'cleo: hello', 'ada: psst', 'ada: tea?', 'cleo has left', 'bo: bye'],
      ['cleo: hello'],
    ]);
    assert.match((await connect(url).closed).explanation.summary, '401');
    for (const ws of [ada, bo, twin]) ws.terminate();
  } finally {
    server.child.kill();
    await server.ended;
  }
});

test('the Node server refuses other paths', async () => {
  const server = run(README, 'port: 8081', { 'port: 8081': 'port: 0' });
  const [listening = ''] = await server.lines(1);
  try {
    const { explanation } = await connect(`${listening.replace('listening on ', '')}/elsewhere`).closed;
    assert.match(explanation.summary, /^the opening handshake failed, status-not-101: .*404/);
  } finally {
    server.child.kill();
    await server.ended;
  }
});

test.run();
