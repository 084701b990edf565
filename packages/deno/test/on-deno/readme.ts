/** The programs of the README do what the README says, with the permissions that it states. */
import * as assert from 'uvu/assert';

interface Running {
  readonly process: Deno.ChildProcess;
  readonly file: string;
}

const decoder = new TextDecoder();

/** Runs the only program of the README that contains these words, with its command for `name`; replaces some text and the port. */
async function run(name: string, words: string, [from, to]: [string, string], port: string): Promise<Running> {
  const readme = await Deno.readTextFile(new URL('../../README.md', import.meta.url));
  const [program = '', ...others] = [...readme.matchAll(/```ts\n(.*?)```/gs)]
    .map(([, text = '']) => text)
    .filter((text) => text.includes(words));
  assert.ok(program.includes(from) && others.length === 0, `one program says ${words}`);
  // In the package's folder, where its name can be resolved.
  const file = await Deno.makeTempFile({ dir: new URL('.', import.meta.url).pathname, suffix: '.ts' });
  await Deno.writeTextFile(file, program.replace(from, to));
  const [, permission = ''] = readme.match(new RegExp(`^deno run (--allow-net=\\S+) ${name}$`, 'm')) ?? [];
  assert.match(permission, /:8081$/);
  const args = ['run', '--no-prompt', permission.replace('8081', port), file];
  const process = new Deno.Command(Deno.execPath(), { args, stdout: 'piped', stderr: 'inherit' }).spawn();
  return { process, file };
}

Deno.test('README: the client talks to the server, and both need the network and nothing else', async () => {
  const server = await run('server.ts', 'serve(', ['port: 8081', 'port: 0'], '0');
  const reader = server.process.stdout.getReader();
  try {
    const { value } = await reader.read();
    const [, url = ''] = /^listening on (ws:\S+)\n$/.exec(decoder.decode(value)) ?? [];
    const client = await run('client.ts', 'connect(', ['ws://localhost:8081/', url], new URL(url).port);
    const { code, stdout } = await client.process.output();
    await Deno.remove(client.file);
    const ended = 'closed the connection with 1000 "done", and the closing handshake was completed\n';
    assert.equal([code, decoder.decode(stdout)], [0, `welcome\nhello\nthis endpoint ${ended}`]);
    const end = await reader.read();
    assert.is(decoder.decode(end.value), `the peer ${ended}`);
  } finally {
    server.process.kill();
    await server.process.status;
    await reader.cancel();
    await Deno.remove(server.file);
  }
});
