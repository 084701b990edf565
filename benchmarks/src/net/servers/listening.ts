/** The common part of all servers: they report where they listen and how much memory they use. */
import type { AddressInfo, Server } from 'node:net';
import process from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
import { answerQuestions } from '../answers.ts';
import { HOST } from '../handshake.ts';
import { type BroadcastQuestion, type Message, messageOf } from './broadcasting.ts';

/** The memory of a server after a forced collection, in bytes, and its number of connections. */
export interface Memory {
  readonly connections: number;
  readonly heapUsed: number;
  /** Buffers and other memory outside the heap that belongs to it. */
  readonly external: number;
  readonly rss: number;
}

/** The questions to a server. */
export type ServerQuestion = { readonly about: 'memory' | 'processor' } | BroadcastQuestion;

/** The processor time that a server has used, its own and the system's on its behalf, in nanoseconds. */
export interface ProcessorTime {
  readonly nanoseconds: number;
}

/**
 * Tells the parent process that the server listens, and answers its questions.
 *
 * @param broadcast sends a message to all connections
 * @param more what else to tell the parent process at once
 */
export function listening(
  port: number,
  connections: () => number | Promise<number>,
  broadcast?: (message: Message) => void,
  more: object = {},
): void {
  answerQuestions({ port, ...more }, async (question: ServerQuestion): Promise<Memory | ProcessorTime | undefined> => {
    if (question.about === 'broadcast') {
      broadcast?.(messageOf(question));
      return undefined;
    }
    if (question.about === 'processor') {
      const { user, system } = process.cpuUsage();
      return { nanoseconds: (user + system) * 1000 };
    }
    // One collection may free what the next one must see freed.
    for (let round = 0; round < 4; round++) {
      collect();
      await turn();
    }
    const { heapUsed, external, rss } = process.memoryUsage();
    return { connections: await connections(), heapUsed, external, rss };
  });
}

/** {@link listening} for a server of Node's. */
export function nodeListening(server: Server): void {
  server.listen({ port: 0, host: HOST }, () => announce(server));
}

/** {@link listening} for a Node server that is already listening. */
export function announce(server: Server): void {
  listening(
    (server.address() as AddressInfo).port,
    () => new Promise((resolve) => server.getConnections((error, count) => resolve(error ? Number.NaN : count))),
  );
}

function collect(): void {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(synchronous: boolean): void } };
  if (Bun === undefined) gc?.();
  else Bun.gc(true);
}
