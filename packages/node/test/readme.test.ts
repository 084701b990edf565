/** The examples of the README do what the README says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('README');
const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
const folder = await mkdtemp(join(tmpdir(), 'sockless-readme-'));
test.after(() => rm(folder, { recursive: true }));

/** The example whose text has these words, as a program of its own, with some of its text replaced. */
async function run(words: string, replace: Record<string, string> = {}): Promise<ReturnType<typeof spawn>> {
  const [example = '', ...others] = examples.filter((code) => code.includes(words));
  assert.ok(example !== '' && others.length === 0, `one example says ${words}`);
  const file = join(folder, `${words.replace(/\W+/g, '-')}.mts`);
  const packages = {
    "'@sockless/core'": JSON.stringify(import.meta.resolve('@sockless/core')),
    "'@sockless/node'": JSON.stringify(new URL('../dist/index.js', import.meta.url).href),
  };
  const code = Object.entries({ ...packages, ...replace }).reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    example,
  );
  await writeFile(file, code);
  return spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** What a program prints until it has printed `lines` lines or has ended. */
function printed(child: ReturnType<typeof spawn>, lines = Infinity): Promise<string[]> {
  let text = '';
  return new Promise((resolve) => {
    const finish = (): void => resolve(text.trim().split('\n'));
    child.once('close', finish);
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      if (text.split('\n').length > lines) finish();
    });
  });
}

test('core alone: both endpoints greet each other', async () => {
  const lines = await printed(await run('Connection.client('));
  assert.equal(lines.sort(), ['client received: hello from the server', 'server received: hello from the client']);
});

test('the Node client talks to the Node server', async () => {
  const server = await run('await serve(', { 'port: 8081': 'port: 0' });
  const [listening = ''] = await printed(server, 1);
  const url = listening.replace('listening on ', '');
  assert.match(url, /^ws:\/\/localhost:\d+$/);
  try {
    const client = await run('connect(', { 'ws://localhost:8081/': url });
    assert.equal(await printed(client), ['welcome', 'hello']);
  } finally {
    server.kill();
    await once(server, 'exit');
  }
});

test.run();
