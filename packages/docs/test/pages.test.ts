/** The programs of the pages do what the pages say. */
import { readFileSync } from 'node:fs';
import { connect } from '@sockless/node';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from './support.ts';

const test = suite('pages');

/** Returns the lines that a page says its program prints. */
function printed(page: string): string[] {
  const [, text = ''] =
    /^It prints:\n\n```text\n(.*?)\n```$/ms.exec(readFileSync(new URL(page, import.meta.url), 'utf8')) ?? [];
  return text.split('\n');
}

test('handlers and errors: one handler fails, one connection ends', async () => {
  const program = run('../handlers-and-errors.md', 'async request(');
  assert.equal(await program.lines(), printed('../handlers-and-errors.md'));
  assert.is(await program.ended, 0);
});

test('back-pressure: everything arrives, and little waits', async () => {
  const program = run('../back-pressure.md', 'await ws.drained');
  assert.equal(await program.lines(), printed('../back-pressure.md'));
  assert.is(await program.ended, 0);
});

for (const [page, words] of [
  ['rooms-and-broadcast', 'server.group('],
  ['watching-a-server', 'sockless:refuse'],
  ['authentication', 'async request('],
  ['origins-and-proxies', 'publicOrigins:'],
  ['reconnecting', 'freshTicket'],
  ['compression', 'clientMaxWindowBits'],
  ['fake-clock', 'new VirtualClock'],
] as const) {
  test(`${page}: the program prints what the page says`, async () => {
    const program = run(`../${page}.md`, words);
    assert.equal(await program.lines(), printed(`../${page}.md`));
    assert.is(await program.ended, 0);
  });
}

test('shutdown: SIGTERM closes every connection with the code, and the process ends by itself', async () => {
  const program = run('../shutdown.md', 'process.on(signal');
  const [listening = ''] = await program.lines(1);
  const url = listening.replace('listening on ', '');
  const clients = [connect(url), connect(url)];
  await Promise.all(clients.map(({ opened }) => opened));
  program.child.kill('SIGTERM');
  for (const { closed } of clients) {
    const { code, reason, clean } = await closed;
    assert.equal([code, reason, clean], [1012, 'restart', true]);
  }
  const end = 'this endpoint closed the connection with 1012 "restart", and the closing handshake was completed';
  assert.equal((await program.lines()).slice(1), [end, end, 'closed']);
  assert.is(await program.ended, 0);
});

test('shutdown: a second signal ends it at once', async () => {
  const program = run('../shutdown.md', 'process.on(signal');
  const [listening = ''] = await program.lines(1);
  const deaf = connect(listening.replace('listening on ', ''), {}, { message() {} });
  await deaf.opened;
  deaf.pause();
  program.child.kill('SIGTERM');
  // The first signal has been handled when new clients are refused.
  while ((await connect(listening.replace('listening on ', '')).closed).explanation.received !== undefined);
  program.child.kill('SIGTERM');
  assert.is(await program.ended, 1);
  deaf.terminate();
});

test.run();
