/** Runs the server of a contestant's file: node server.ts FILE. */
import { setTimeout as sleep } from 'node:timers/promises';
import { answerQuestions } from '../net/answers.ts';
import { HOST } from '../net/handshake.ts';
import { listening } from '../net/servers/listening.ts';
import { loadOwn, OwnError, type OwnServer, type Part } from './own.ts';

/** Its greeting. */
export interface OwnGreeting {
  readonly port: number;
  readonly parts: readonly Part[];
}

/** How long it may take to start, in milliseconds. */
const PATIENCE = 20_000;

try {
  const { port, connections, broadcast } = await start();
  const parts: Part[] = ['server', ...(connections ? (['connections'] as const) : [])];
  if (broadcast) parts.push('broadcast');
  listening(
    port,
    () => connections?.() ?? Number.NaN,
    ({ text, bytes }) => broadcast?.(text ?? bytes),
    { parts },
  );
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  answerQuestions({ error: message }, () => undefined);
}

async function start(): Promise<OwnServer> {
  const { server } = await loadOwn(process.argv[2] ?? '');
  if (server === undefined) throw new OwnError('it exports no server');
  const late = sleep(PATIENCE, undefined, { ref: false });
  const started = await Promise.race([server(HOST), late]);
  if (started === undefined) throw new OwnError(`server() must return { port }, within ${PATIENCE / 1000} seconds`);
  const { port } = started;
  if (!(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new OwnError(`server() must return { port }, a number from 1 to 65535, and the port is ${port}`);
  }
  return started;
}
