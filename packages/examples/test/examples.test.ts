// Each example, run as a reader would run it, prints what it should. packages/runtimes runs worker.ts, which needs workerd.
// proxies.test.ts runs http-proxy.ts, which needs a proxy.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('examples');
const FOLDER = new URL('../', import.meta.url);

const EXPECTED: Record<string, string> = {
  'in-memory.ts': `client: hello from the server
server: hello from the client
server: closed with 1000
client: closed with 1000
`,
  'web-streams.ts': `IS ANYBODY THERE?
this endpoint closed the connection with 1000, and the closing handshake was completed
`,
  'message-port.ts': `backwards: 3,2,1
1000
`,
  'tested-port.ts': `50 schedules, and messages in each direction
`,
  'http2-stream.ts': `CONNECT: 200
hello, tunnelled
`,
  'unix-socket.ts': `you said: hello
`,
  'proxied.ts': `extension: permessage-deflate
5 characters came back the same
100000 characters came back the same
15000 characters came back the same
a frame of 1,000,001 bytes ends it: 1006
`,
};

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`${name} prints what it should`, () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', name], {
      cwd: FOLDER,
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.is(stderr, '');
    assert.is(stdout, expected);
    assert.is(status, 0);
  });
}

test('every example is run, and each begins with a sentence about what it shows', () => {
  const elsewhere = [
    'cloudflare.d.ts',
    'frame-proxy.ts',
    'http-proxy.ts',
    'over-streams.ts',
    'port-adapter.ts',
    'worker.ts',
  ];
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
  assert.equal(names.sort(), [...Object.keys(EXPECTED), ...elsewhere].sort());
  for (const name of names) assert.match(readFileSync(new URL(name, FOLDER), 'utf8'), /^\/\*\*[\s*]+[A-Z]/);
});

test.run();
