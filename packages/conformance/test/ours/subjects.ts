/** Everything that the suite is run against here: sockless, and the peers. */
import { readFileSync } from 'node:fs';
import { type Result, type Role, type RunOptions, runCases } from '../../src/index.ts';
import { coreTarget } from '../core-target.ts';
import { type Program, playClient, playServer } from './play.ts';
import { type RuntimeName, versionOfRuntime, whyNot } from './processes.ts';

/** An implementation in one role, over one transport. */
export interface Subject {
  readonly name: string;
  readonly role: Role;
  readonly over: 'memory' | 'TCP' | 'TLS';
  /** Why it is left out, if it is. */
  readonly missing?: string | undefined;
  run(options: RunOptions): Promise<Result[]>;
  /** Returns the version of a peer. */
  version?(): string;
}

function subject(name: string, role: Role, program: Program): Subject {
  return {
    name,
    role,
    over: program.secure ? 'TLS' : 'TCP',
    missing: whyNot(program.runtime),
    run: (options) => (role === 'server' ? playServer : playClient)(program, options),
  };
}

function memory(role: Role): Subject {
  return {
    name: 'core',
    role,
    over: 'memory',
    run: (options) => runCases(coreTarget(role), { ...options, parallel: 1 }),
  };
}

const ROLES = ['server', 'client'] as const;

/** sockless in both roles, in memory and over sockets. */
export const OURS: readonly Subject[] = [
  ...ROLES.map(memory),
  ...(['node', 'deno'] as const).flatMap((runtime) =>
    [false, true].flatMap((secure) =>
      ROLES.map((role) => subject(runtime, role, { runtime, file: 'sockless.ts', secure })),
    ),
  ),
];

/** The peers. */
export const PEERS: readonly Subject[] = [
  ...peers('ws', 'node', 'ws.ts', ROLES, () => versionOf('ws')),
  ...peers('websocket', 'node', 'websocket-node.ts', ROLES, () => versionOf('websocket')),
  ...peers('websocket-driver', 'node', 'websocket-driver.ts', ROLES, () => versionOf('websocket-driver')),
  ...peers('crossws', 'node', 'crossws.ts', ['server'], () => versionOf('crossws')),
  ...peers('undici 7', 'node', 'undici.ts', ['client'], () => versionOf('undici')),
  ...peers('undici 8', 'newest node', 'undici-8.ts', ['client'], () => versionOf('undici-8')),
  ...peers('Deno itself', 'deno', 'own.ts'),
  ...peers('Bun', 'bun', 'own.ts'),
  ...peers('Chromium', 'chromium', 'chromium.ts', ['client']),
  ...peers('python websockets', 'python websockets', 'python-websockets.py'),
  ...peers('python wsproto', 'python wsproto', 'python-wsproto.py'),
];

function peers(
  name: string,
  runtime: RuntimeName,
  file: string,
  roles: readonly Role[] = ROLES,
  version: () => string = () => versionOfRuntime(runtime),
): Subject[] {
  return roles.map((role) => {
    const peer = subject(name, role, { runtime, file });
    return { ...peer, version, run: (options) => unhurried(peer, options) };
  });
}

/** What a process says that was too slow, perhaps because others were busy. */
const LATE = /in time|it kept|did not|never ended|neither|nobody answered/;

/** Plays all cases. What failed by its time is played again, with less at once, and has failed only if it does so twice. */
async function unhurried({ run }: Subject, options: RunOptions): Promise<Result[]> {
  const results = await run(options);
  const late = results.filter(({ findings }) => findings.some(({ text }) => LATE.test(text)));
  if (late.length === 0) return results;
  const again = await run({ ...options, filter: late.map((result) => result.case.id), parallel: 4 });
  const byId = new Map(again.map((result) => [result.case.id, result]));
  return results.map((result) => {
    const other = byId.get(result.case.id);
    return other?.findings.some(({ severity }) => severity === 'must') === false ? other : result;
  });
}

function versionOf(name: string): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
