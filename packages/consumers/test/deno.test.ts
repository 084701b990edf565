// Another project on Deno that uses our sources as they are, unbuilt, through `links` in its deno.json.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProject } from '@sockless/tools/project';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DENO, DENO_ENV, findProgram } from '../../tools/native.js';
import { systemTool } from '../../tools/testing.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Leads nowhere: all that is needed is linked, or installed. */
const NOWHERE = 'http://127.0.0.1:9/';

const program = findProgram(new URL('../../tools/native.js', import.meta.url).href, DENO);
const deno = systemTool('deno', program === undefined ? 'npm has none for this platform' : undefined);
const test = suite('unbuilt, on Deno');

deno.test(test)('a program on Deno uses core, deflate, adapter and deno from their sources', () => {
  const project = createProject(ROOT, { packed: [] }); // what others make is in node_modules, and nothing of ours
  const names = ['core', 'deflate', 'adapter', 'deno'];
  project.write(
    'deno.json',
    JSON.stringify({
      nodeModulesDir: 'manual',
      links: names.map((name) => join(ROOT, 'packages', name)),
      imports: Object.fromEntries(names.map((name) => [`@sockless/${name}`, `jsr:@sockless/${name}@^0.1.0`])),
    }),
  );
  const script = project.write(
    'main.ts',
    `import { Connection } from '@sockless/core';
     import { pako } from '@sockless/deflate';
     import { connect, serve } from '@sockless/deno';

     const client = Connection.client('ws://example.com/');
     console.log(client.state, typeof pako.createDeflater);
     const options = { hostname: '127.0.0.1', compression: true };
     const server = serve(options, { message: (ws, data) => void ws.send(data) });
     const ws = connect(server.url, { compression: true });
     await ws.opened;
     ws.send('hello');
     for await (const message of ws) {
       console.log(message);
       ws.close(1000);
     }
     await server.close();`,
  );
  const { stdout, stderr } = spawnSync(String(program), ['run', '--no-lock', '--allow-net', script], {
    cwd: project.folder,
    encoding: 'utf8',
    env: {
      ...process.env,
      ...DENO_ENV,
      DENO_DIR: join(project.folder, 'cache'),
      NPM_CONFIG_REGISTRY: NOWHERE,
      JSR_URL: NOWHERE,
    },
  });
  project.remove();
  assert.is(stdout, 'connecting function\nhello\n', stderr);
});

test.run();
