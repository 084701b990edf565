/** Starts the processes that the network suites need (servers and the load generator) and asks them questions. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { measuredNode } from '../node.ts';

/** The program to start. */
export interface Program {
  /** The executable. Default: the Node that is measured. */
  readonly command?: string;
  readonly args: readonly string[];
  /** Changes to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its name in error messages; empty for messages without a name. Default: that of its file. */
  readonly name?: string;
}

/** How long a program may take to end after it was told to, in milliseconds. */
const PATIENCE = 2000;

const BENCHMARKS = fileURLToPath(new URL('../..', import.meta.url));

/** Returns a TypeScript file of this folder, run by the Node that is measured. */
export function nodeProgram(path: string, args: readonly string[] = [], flags: readonly string[] = []): Program {
  const file = fileURLToPath(new URL(path, import.meta.url));
  return { args: [...flags, '--import', 'tsx', file, ...args] };
}

/**
 * A program that writes one line when it is ready, then answers each line that it reads with one line (answers.ts). It ends
 * when its input ends, so it cannot outlive this process.
 */
export class Companion {
  /** Its first line. */
  greeting: unknown = undefined;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #name: string;
  readonly #waiting: { resolve(answer: unknown): void; reject(error: Error): void }[] = [];
  #ended: string | undefined = undefined;

  private constructor({ command = measuredNode(), args, env, name }: Program) {
    const file = name ?? args.find((arg) => arg.endsWith('.ts')) ?? command;
    this.#name = file === '' ? '' : `${file}: `;
    this.#child = spawn(command, args, {
      cwd: BENCHMARKS,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.on('error', (error) => this.#end(error.message));
    // Not 'exit': lines written before the process ended must be read first.
    this.#child.on('close', (code, signal) => this.#end(`it ended (${signal ?? code})`));
    this.#child.stdin.on('error', (error) => this.#end(error.message));
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line));
  }

  /**
   * Starts a program and waits until it is ready.
   *
   * @throws {Error} when it cannot be started or ends before
   */
  static async start(program: Program): Promise<Companion> {
    const companion = new Companion(program);
    try {
      companion.greeting = await companion.#answer();
    } catch (error) {
      await companion.stop();
      throw error;
    }
    return companion;
  }

  /**
   * Asks a question and returns the answer.
   *
   * @throws {Error} when the program says that it has failed, or has ended
   */
  ask(question: object): Promise<unknown> {
    if (this.#ended === undefined) this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    return this.#answer();
  }

  /** Ends the program and waits for that. */
  async stop(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE);
    await once(this.#child, 'close');
    clearTimeout(timer);
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended === undefined) this.#waiting.push({ resolve, reject });
      else reject(new Error(this.#ended));
    });
  }

  #receive(line: string): void {
    const answer: unknown = JSON.parse(line);
    const waiting = this.#waiting.shift();
    if (isFailure(answer)) waiting?.reject(new Error(this.#name + answer.error));
    else waiting?.resolve(answer);
  }

  #end(reason: string): void {
    this.#ended ??= this.#name + reason;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(this.#ended));
  }
}

function isFailure(answer: unknown): answer is { error: string } {
  return typeof answer === 'object' && answer !== null && 'error' in answer;
}
