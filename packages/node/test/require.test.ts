/** CommonJS: `require` returns what `import` does, the very same objects, on every Node that these tests run on. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const ENTRIES = [
  '@sockless/node',
  '@sockless/adapter',
  '@sockless/core',
  '@sockless/core/frame',
  '@sockless/core/handshake',
  '@sockless/deflate/zlib',
];

const test = suite('require');

/** Runs a CommonJS program of this package, and returns what it prints. */
function run(program: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=commonjs', '--eval', program], {
    cwd: PACKAGE,
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
  return stdout;
}

test('an entry is one instance, whether it is required first or imported first', () => {
  const program = `
    const entries = ${JSON.stringify(ENTRIES)};
    const same = (one, other) => Object.keys(one).length > 0 && Object.keys(one).every((key) => one[key] === other[key]);
    (async () => {
      const required = entries.map((name) => [name, FIRST]);
      for (const [name, first] of required) console.log(name, same(await first, SECOND));
    })();`;
  const expected = ENTRIES.map((name) => `${name} true\n`).join('');
  assert.is(run(program.replace('FIRST', 'require(name)').replace('SECOND', 'await import(name)')), expected);
  assert.is(run(program.replace('FIRST', 'import(name)').replace('SECOND', 'require(name)')), expected);
});

test('a server and a client in a CommonJS program', () => {
  const program = `
    const { connect, serve } = require('@sockless/node');
    const { Connection } = require('@sockless/core');
    serve({ host: '127.0.0.1' }, { message: (ws, data) => ws.send(data) }).then(async (server) => {
      const ws = connect(server.url);
      await ws.opened;
      ws.send('hello');
      for await (const message of ws) { console.log(message); ws.close(1000); }
      await server.close();
      console.log(typeof Connection.server);
    });`;
  assert.is(run(program), 'hello\nfunction\n');
});

test.run();
