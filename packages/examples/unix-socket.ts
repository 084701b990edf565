/** Over a Unix socket: a server and a client on one machine, without a port. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, serve } from '@sockless/node';

const folder = await mkdtemp(join(tmpdir(), 'sockless-'));
const path = join(folder, 'socket');
const server = await serve({ path }, { message: (ws, data) => ws.send(`you said: ${data}`) });

// The URL only provides Host and path.
const ws = connect('ws://localhost/', { socketPath: path });
await ws.opened;
ws.send('hello');
for await (const message of ws) {
  console.log(message);
  ws.close(1000);
}
await server.close();
await rm(folder, { recursive: true });
