/** The programs of the README do what the README says. */
import { connect } from '@sockless/node';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from './support.ts';

const test = suite('README');
const README = '../../../README.md';

test('core alone: both endpoints greet each other', async () => {
  const lines = await run(README, 'Connection.client(').lines();
  assert.equal(lines.sort(), ['client received: hello from the server', 'server received: hello from the client']);
});

test('core alone: a day of heartbeats, and then silence', async () => {
  assert.equal(await run(README, '24 * 60 * 60 * 1000').lines(), ['2879 answers, then pong-timeout']);
});

test('the Node client talks to the Node server, and both print how it ended', async () => {
  const server = run(README, 'await serve(', { 'port: 8081': 'port: 0' });
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

test('the Node server refuses other paths', async () => {
  const server = run(README, 'await serve(', { 'port: 8081': 'port: 0' });
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
