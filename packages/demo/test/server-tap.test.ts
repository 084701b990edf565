// The tap of the demo's server: it mirrors one connection to the page that asked for it.
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Client, type Demo, mirrored, openTap, startDemo } from './demo.ts';

const server = suite<{ demo: Demo }>('server: tap');

server.before(async (context) => {
  context.demo = await startDemo();
});
server.after(async ({ demo }) => {
  await demo.stop('SIGKILL');
});

server('the tap shows the exact bytes of its connection, from the handshake to the end', async ({ demo }) => {
  const { tap, token } = await openTap(demo);
  const other = await openTap(demo);
  const client = new Client(`${demo.url}/chat?tap=${token}`);
  // The bytes at the client, below ws.
  const bytes = { up: '', down: '' };
  client.ws.on('upgrade', ({ socket }) => {
    socket.prependListener('data', (chunk: Buffer) => (bytes.down += chunk.toString('hex')));
    const write = socket.write.bind(socket);
    socket.write = (chunk: Buffer, ...rest: never[]) => {
      bytes.up += chunk.toString('hex');
      return write(chunk, ...rest);
    };
  });
  await client.hello('Tapped');
  client.send({ type: 'say', to: { kind: 'everyone' }, text: 'hello', ref: 'r' });
  await client.next('said');
  client.ws.ping('hi');
  await once(client.ws, 'pong');
  client.ws.close(4000, 'enough');
  await client.end();
  await tap.end();

  const { told, frames } = mirrored(tap);
  const joined = (direction: string): string =>
    frames
      .filter((frame) => frame.direction === direction)
      .map(({ hex }) => hex)
      .join('');
  assert.is(joined('up'), bytes.up);
  assert.is(joined('down'), bytes.down);
  assert.equal(
    frames.map(({ direction, hex }) => `${direction} ${hex.slice(0, 2)}`),
    ['up 81', 'down 81', 'up 81', 'down 81', 'up 89', 'down 8a', 'up 88', 'down 88'],
  );
  const heads = told.flatMap((message) => (message.type === 'handshake' ? [message] : []));
  assert.equal(
    heads.map(({ direction, head }) => [direction, head.split('\r\n')[0]]),
    [
      ['up', `GET /chat?tap=${token} HTTP/1.1`],
      ['down', 'HTTP/1.1 101 Switching Protocols'],
    ],
  );
  const end = told.at(-1);
  assert.ok(end?.type === 'end' && end.clean && end.code === 4000);
  assert.match(end.type === 'end' ? end.summary : '', 'the peer closed the connection with 4000 "enough"');

  assert.equal(mirrored(other.tap).frames, [], 'another tap sees nothing of it');
  other.tap.ws.close();
});

server(
  'chats are compressed for clients that offer it, and the tap shows them as they are on the wire',
  async ({ demo }) => {
    const { tap, token } = await openTap(demo);
    const client = new Client(`${demo.url}/chat?tap=${token}`, { perMessageDeflate: { threshold: 0 } });
    await client.hello('Deflated');
    assert.match(client.ws.extensions, 'permessage-deflate');
    client.send({ type: 'say', to: { kind: 'everyone' }, text: 'x'.repeat(1900), ref: 'r' });
    assert.is((await client.next('said')).text.length, 1900);
    client.ws.close(4000);
    await tap.end();
    const { frames } = mirrored(tap);
    assert.equal(
      frames.map(({ direction, hex }) => `${direction} ${hex.slice(0, 2)}`),
      ['up c1', 'down c1', 'up c1', 'down c1', 'up 88', 'down 88'],
    );
    for (const { hex } of frames) assert.ok(hex.length / 2 < 400);
  },
);

server('a token works once, and a guessed one does nothing', async ({ demo }) => {
  const { tap, token } = await openTap(demo);
  const [first, second, third] = [token, token, 'A'.repeat(22)].map((t) => new Client(`${demo.url}/chat?tap=${t}`));
  await Promise.all([first?.hello('First'), second?.hello('Second'), third?.hello('Third')]);
  for (const client of [first, second, third]) client?.ws.close();
  await tap.end();
  const heads = mirrored(tap).told.filter(({ type }) => type === 'handshake');
  assert.is(heads.length, 2);
});

server('a tap only listens', async ({ demo }) => {
  const { tap } = await openTap(demo);
  tap.send('hello');
  assert.equal(await tap.end(), { code: 1008, reason: 'a tap only listens' });
});

server.run();
