/** The example of the README does what the README says, with the permissions that it says. */
import * as assert from 'uvu/assert';

Deno.test('README: the example needs the network and nothing else', async () => {
  const readme = await Deno.readTextFile(new URL('../../README.md', import.meta.url));
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  // In the package, where its name means something.
  const file = await Deno.makeTempFile({ dir: new URL('.', import.meta.url).pathname, suffix: '.ts' });
  try {
    await Deno.writeTextFile(file, example);
    const args = ['run', '--no-prompt', '--allow-net=127.0.0.1', file];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    const decoder = new TextDecoder();
    assert.equal([code, decoder.decode(stdout)], [0, 'hello\n'], decoder.decode(stderr));
  } finally {
    await Deno.remove(file);
  }
});
