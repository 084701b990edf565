/** A finding: an input that breaks an invariant, minimised, with a transcript and the command that replays it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Target } from '../targets/support/target.ts';
import { nameOf, ROOT, type TargetFile } from './files.ts';

/** A finding as plain data. */
export interface Finding {
  readonly target: string;
  /** The invariant that does not hold. */
  readonly invariant: string;
  /** The minimised input, and the original one, in hexadecimal digits. */
  readonly input: string;
  readonly found: string;
  /** The target's transcript of the input, and what it threw. */
  readonly transcript: string;
}

/** Describes an input and its outcome. */
export function transcribe({ describe }: Target, data: Uint8Array, error: unknown): string {
  const scene = describe === undefined ? `input: ${Buffer.from(data).toString('hex')}` : tryTo(() => describe(data));
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${scene}\n\n${message}\n`;
}

function tryTo(action: () => string): string {
  try {
    return action();
  } catch (error) {
    return `(describe threw ${error})`;
  }
}

/** Writes the input and its transcript, and returns the path of the input, relative to the root. */
export function writeFinding(folder: string, finding: Finding, target: TargetFile): string {
  const data = Buffer.from(finding.input, 'hex');
  const path = join(folder, finding.target, nameOf(data));
  mkdirSync(join(folder, finding.target), { recursive: true });
  writeFileSync(path, data);
  writeFileSync(
    `${path}.txt`,
    `${finding.invariant}\n\n${finding.transcript}\nreplay: ${replayCommand(path, target)}\n`,
  );
  return relative(ROOT, path);
}

/** Returns the command that executes one input. */
export function replayCommand(path: string, target: TargetFile): string {
  return `npm run fuzz -- --target ${named(target)} --replay ${relative(ROOT, path)}`;
}

/** Returns the name of one of our targets, or the path of another one. */
export function named({ name, path }: TargetFile): string {
  return path.startsWith(join(ROOT, 'fuzz/targets/')) ? name : relative(ROOT, path);
}
