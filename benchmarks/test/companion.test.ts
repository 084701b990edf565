// The processes of servers and codecs: how they start, fail and end.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inChild } from '../src/codec/in-child.ts';
import { Companion } from '../src/net/companion.ts';
import { findNode, measureWith, type Node, newestNode } from '../src/node.ts';
import { failure } from './failure.ts';

const companion = suite('companion');

companion('a program that ends before it is ready is an error', async () => {
  assert.match(
    await failure(Companion.start({ command: process.execPath, args: ['-e', 'process.exit(3)'] })),
    /it ended \(3\)/,
  );
});

companion('a program that does not exist is an error', async () => {
  assert.match(await failure(Companion.start({ command: 'no-such-program-of-sockless', args: [] })), /ENOENT/);
});

const withNewest = newestNode() === undefined ? companion.skip : companion;
withNewest(
  'a program without a command, and the child process of a codec, are run by the Node that is measured',
  async () => {
    const newest = newestNode() as Node;
    measureWith(newest);
    try {
      const program = { args: ['-e', 'console.log(JSON.stringify(process.version)); process.stdin.resume()'] };
      const one = await Companion.start(program);
      assert.is(one.greeting, newest.version);
      await one.stop();
      const file = fileURLToPath(new URL('contestants.ts', import.meta.url));
      const codec = await inChild('fake', file, 'saying its version', {});
      const said = await codec.measure('one', 1).then(String, String);
      assert.ok(said.includes(newest.version), said);
      await codec.stop();
    } finally {
      measureWith(findNode(process.version));
    }
  },
);

companion.run();
