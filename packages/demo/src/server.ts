/** The program of `npm start`: the page, the chat and the tap on one port of this computer, until Ctrl-C. */
import { type Server, serve } from '@sockless/node';
import { serveFiles } from './files.ts';
import { createVisits, mirrorIfAsked, type Visit, visitHandlers } from './visits.ts';

const HOST = '127.0.0.1';
const DEFAULT_PORT = 8080;

/** How long to wait for the pages' Close frames at the end, in milliseconds. */
const PATIENCE = 1000;

/** Ctrl-C may arrive twice, from the terminal and from npm, which passes it on: within this time they are one, in milliseconds. */
const TWICE = 200;

// LOG=1 prints how each connection ends.
const visits = createVisits(process.env.LOG ? console.log : undefined);
const port = readPort(process.env.PORT);
const server = await listen(port);
console.log(`sockless demo: http://${HOST}:${server.port} (Ctrl-C ends it)`);

let stopping = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping === 0) void stop(server);
    else if (performance.now() - stopping > TWICE) process.exit(1);
    stopping ||= performance.now();
  });
}

async function listen(port: number): Promise<Server<Visit>> {
  const options = {
    host: HOST,
    port,
    http: serveFiles,
    maxConnections: 400,
    maxMessageSize: 64 * 1024,
    // A page for which more than this waits is too slow for this chat; it gets 1013, try again later.
    maxQueuedBytes: 1024 * 1024,
    rateLimits: {
      messages: { perSecond: 20, burst: 80 },
      bytes: { perSecond: 64 * 1024, burst: 256 * 1024 },
      controlFrames: { perSecond: 10, burst: 20 },
    },
    heartbeat: { interval: Number(process.env.HEARTBEAT ?? 5000), timeout: 5000 },
    closeTimeout: PATIENCE,
    // Only for chats: the messages of a tap are sent uncompressed.
    compression: true,
  };
  try {
    const server = await serve(options, visitHandlers(visits));
    server.http.prependListener('upgrade', (request, socket, head) => mirrorIfAsked(visits, request, socket, head));
    return server;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') fail(`Port ${port} is taken: another program, or another demo, listens there.`);
    if (code === 'EACCES') fail(`Port ${port} may not be used by this user.`);
    return fail(`The demo cannot listen on ${HOST}:${port}: ${message}`);
  }
}

/** Closes chats first, so that their taps can still show how they end; then the rest. */
async function stop(server: Server<Visit>): Promise<void> {
  visits.closed = true;
  const chats = [...server.open].filter(({ data }) => data.path === '/chat');
  if (chats.length === 0) console.log('\nNobody is connected: goodbye.');
  else console.log(`\nClosing ${chats.length} ${chats.length === 1 ? 'connection' : 'connections'} with 1001.`);
  for (const ws of chats) ws.close(1001, 'the server is shutting down');
  await Promise.all(chats.map((ws) => ws.closed));
  await server.close({ timeout: PATIENCE / 2 });
  process.exit(0);
}

function readPort(text = ''): number {
  if (text.trim() === '') return DEFAULT_PORT;
  if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text);
  return fail(`PORT is ${JSON.stringify(text)}, which is not a port: a number from 0 (any that is free) to 65535.`);
}

function fail(problem: string): never {
  console.error(`${problem}\nTo use another port: PORT=8081 npm start`);
  process.exit(1);
}
