/** The process under test: a server and its clients on this host, with the network between them. It reports in lines of JSON. */
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { type Plan, planOf, REHEARSAL, randomOf } from '../plan.ts';
import type { Settings, Tally, Told } from '../report.ts';
import { unexplained } from '../verdict.ts';
import { measure, remember } from './resources.ts';

// Imported after `resources.ts`, which must observe the timers of every module loaded here.
const { accept, connect, listen } = await import('./adapter.ts');
const { handlers, Talker } = await import('./talker.ts');
type Talker = InstanceType<typeof Talker>;

/** How long an end may take after the fate, in milliseconds: longer than all deadlines together, even on a busy machine. */
const PATIENCE = 90_000;

/** Deadlines are short, so that ends of every kind occur; two messages of 1 MiB may wait. */
const OPTIONS = {
  maxMessageSize: 4_194_304,
  maxQueuedBytes: 2_097_152,
  heartbeat: { interval: 2000, timeout: 3000 },
  stallTimeout: 4000,
  closeTimeout: 3000,
};

const { seed, seconds, connections, network } = JSON.parse(process.argv[2] ?? '') as Settings;
const say = (told: Told): void => console.log(JSON.stringify(told));
const tally: Tally = { connections: 0, accepted: 0, arrived: 0, explained: 0, fates: {}, ends: {}, faults: [] };
const fault = (text: string): unknown => tally.faults.length < 100 && tally.faults.push(text);
const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => fault(`uncaught: ${(error as Error)?.stack ?? error}`));
}

/** The server's talkers whose connections have not ended. */
const served = new Map<number, Talker>();
const plans = new Map<number, Plan>();
const server = await listen<Talker>(
  { ...OPTIONS, compression: true },
  {
    ...handlers,
    request(ws, { target }) {
      remember(ws);
      const plan = plans.get(Number(target.slice(1)));
      if (plan === undefined) throw new Error(`no client has requested ${target}`);
      ws.data = new Talker(ws, 'server', plan, randomOf(seed, plan.id, 3));
      served.set(plan.id, ws.data);
      return accept();
    },
  },
);
say({ listening: server.port });

async function run(plan: Plan): Promise<void> {
  const { id, fate } = plan;
  plans.set(id, plan);
  const url = `ws://127.0.0.1:${network}/${id}`;
  const ws = connect<Talker>(url, { ...OPTIONS, compression: plan.compression }, handlers);
  remember(ws);
  const talker = new Talker(ws, 'client', plan, randomOf(seed, id, 4));
  ws.data = talker;
  const late = Date.now() + plan.after + PATIENCE;
  const isOver = (): boolean => {
    const other = served.get(id);
    return talker.account !== undefined && (other === undefined || other.account !== undefined);
  };
  while (!isOver() && Date.now() < late) await delay(20);
  if (!isOver()) fault(`connection ${id}, "${fate}": it has not ended after ${PATIENCE} ms`);
  // Its request may still be on its way.
  if (served.get(id) === undefined) await delay(200);
  await judge(plan, talker, served.get(id));
  served.delete(id);
  plans.delete(id);
  ws.terminate();
}

async function judge({ id, fate }: Plan, client: Talker, server: Talker | undefined): Promise<void> {
  tally.connections++;
  count(tally.fates, fate);
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    if (from === undefined) continue;
    await Promise.all([from.idle(), to?.idle()]);
    const { account, side } = from;
    for (const text of from.faults) fault(`connection ${id}, ${side}: ${text}`);
    if (account === undefined) continue;
    const wrong = unexplained(account, to?.account);
    if (wrong !== undefined) fault(`connection ${id}, "${fate}", from the ${side}: ${wrong}`);
    const arrived = to?.arrived ?? 0;
    tally.accepted += account.accepted;
    tally.arrived += arrived;
    tally.explained += account.accepted - arrived;
    count(tally.ends, `${side}: ${reasonOf(account.explanation.summary)}`);
  }
}

/** Returns the summary of an end without the parts that differ between connections. */
function reasonOf(summary: string): string {
  return summary.replace(/"[^"]*"/g, '"…"').replace(/(\bafter|\bbyte|;) \d+/g, '$1 N');
}

let next = 0;
try {
  // Caches and compiled code exist before anything is measured.
  await Promise.all(Array.from({ length: REHEARSAL }, () => run(planOf(seed, next++))));
  const before = await measure();
  const ticking = setInterval(() => say({ progress: tally }), 1000);
  const over = Date.now() + 1000 * seconds;
  const again = async (): Promise<void> => {
    while (Date.now() < over) await run(planOf(seed, next++));
  };
  await Promise.all(Array.from({ length: connections }, again));
  clearInterval(ticking);
  const after = await measure();
  if (server.connections.size > 0) fault(`the server still counts ${server.connections.size} connections`);
  say({ result: { tally, before, after } });
} finally {
  await server.close();
}
process.exit(0);
