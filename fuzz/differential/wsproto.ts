/** Python's wsproto, in one long-lived process: peer.py describes what it reads and writes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PYTHON } from '../../packages/tools/debian.ts';
import { acceptOf, type Opening } from './handshake.ts';
import { type Implementation, type Outcome, PROBES } from './outcome.ts';

/** The peer, and how to end its process. */
export interface Wsproto extends Implementation {
  readonly openings: readonly Opening[];
  end(): void;
}

/** Starts the process. */
export function startWsproto(): Wsproto {
  const child: ChildProcess = spawn(PYTHON, [fileURLToPath(new URL('peer.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('python has no pipes');
  const waiting: { resolve(line: string): void; reject(reason: Error): void }[] = [];
  createInterface({ input: stdout }).on('line', (line) => waiting.shift()?.resolve(line));
  child.once('exit', (code) => {
    for (const { reject } of waiting) reject(new Error(`python ended (${code})`));
  });
  const ask = async (task: object): Promise<unknown> => {
    const answer = new Promise<string>((resolve, reject) => waiting.push({ resolve, reject }));
    stdin.write(`${JSON.stringify(task)}\n`);
    return JSON.parse(await answer);
  };
  const askAbout = async (type: string, head: Uint8Array): Promise<{ answer?: string; why?: string }> =>
    (await ask({ type, head: digits(head) })) as { answer?: string; why?: string };
  return {
    name: 'wsproto',
    roles: ['client', 'server'],
    receive: async (role, chunks) =>
      (await ask({ type: 'receive', role, chunks: chunks.map(digits), probe: digits(PROBES[role]) })) as Outcome,
    send: async (role, messages) => {
      const items = messages.map((message) =>
        typeof message === 'string' ? { text: message } : { binary: digits(message) },
      );
      return Buffer.from((await ask({ type: 'send', role, messages: items })) as string, 'hex');
    },
    openings: [
      {
        name: 'wsproto',
        role: 'server',
        async answer(head) {
          const { answer = '', why } = await askAbout('request', head);
          return acceptOf(Buffer.from(answer, 'hex'), why);
        },
      },
      {
        name: 'wsproto',
        role: 'client',
        async answer(head) {
          const { answer, why } = await askAbout('response', head);
          return { accept: answer, why };
        },
      },
    ],
    end: () => stdin.end(),
  };
}

const digits = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
