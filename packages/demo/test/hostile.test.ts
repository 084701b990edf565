// One visitor does not affect the others: one who does not read, floods, or sends nonsense.
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Client, type Demo, startDemo, until } from './demo.ts';

const test = suite<{ demo: Demo }>('hostile visitors');

test.before(async (context) => {
  context.demo = await startDemo({ log: true });
});
test.after(async ({ demo }) => {
  await demo.stop('SIGKILL');
});

/** Checks that another visitor is still served. */
async function expectService(demo: Demo): Promise<void> {
  const other = new Client(`${demo.url}/chat`);
  const id = await other.hello('Other');
  other.send({ type: 'say', to: { kind: 'person', person: id }, text: 'still here?', ref: 'r' });
  assert.is((await other.next('said')).text, 'still here?');
  other.ws.close();
  await other.end();
}

test('a page that does not read while others talk to it is disconnected, with an explanation, and no other page is', async ({
  demo,
}) => {
  const deaf = new Client(`${demo.url}/chat`);
  const to = { kind: 'person', person: await deaf.hello('Deaf') };
  deaf.ws.pause();
  // 240 KB each, the most that one client may send at once: more than the operating system's buffers and 1 MiB.
  const text = '漢'.repeat(2000);
  const talkers = Array.from({ length: 48 }, () => new Client(`${demo.url}/chat`));
  await Promise.all(
    talkers.map(async (talker, n) => {
      await talker.hello(`Talker ${n}`, []);
      for (let m = 0; m < 40; m++) talker.send({ type: 'say', to, text, ref: `${m}` });
    }),
  );
  await until(() => demo.output().includes('reader-too-slow') || undefined, 'the end of the slow reader', 30_000);
  assert.is(demo.output().split('reader-too-slow').length, 2, 'one is too slow');
  await expectService(demo);
  deaf.ws.terminate();
  for (const { ws, closed } of talkers) {
    assert.is(closed, undefined);
    ws.terminate();
  }
});

test('a page that leaves while the answer is on its way ends only its own connection', async ({ demo }) => {
  for (let n = 0; n < 20; n++) {
    const client = new Client(`${demo.url}/chat`);
    await client.hello(`Hasty ${n}`);
    client.send({ type: 'fragments' });
    client.ws.send(Buffer.alloc(32_768));
    client.ws.terminate();
  }
  await expectService(demo);
});

test('nonsense is answered, or ends the connection with an explanation', async ({ demo }) => {
  const client = new Client(`${demo.url}/chat`);
  await client.hello('Nonsense');
  const nonsense = [
    '',
    'null',
    '[]',
    '1e999',
    '"x"',
    '{"__proto__":{"type":"hello"}}',
    '['.repeat(30_000),
    '{"type":"say","to":{}}',
  ];
  for (const text of nonsense) {
    client.send(text);
    assert.match((await client.next('problem')).text, 'did not understand');
  }
  const pings = new Client(`${demo.url}/chat`);
  await once(pings.ws, 'open');
  for (let n = 0; n < 1000; n++) pings.ws.ping();
  assert.equal(await pings.end(), { code: 1008, reason: 'control-rate' });
  await expectService(demo);
  client.ws.close();
});

test.run();
