/** The program that runs the server of a contestant's file. */
import { nodeProgram } from '../net/companion.ts';
import { NODE_FLAGS, type ServerProgram } from '../net/server-programs.ts';

/** Returns the server of a contestant. */
export function ownServer({ name, path }: { readonly name: string; readonly path: string }): ServerProgram {
  return { name, program: { ...nodeProgram('../own/server.ts', [path], NODE_FLAGS), name } };
}
