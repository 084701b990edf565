/** A finding: an input that breaks an invariant, minimised, with its rule, a transcript, and a program that replays it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { nameOf, type TargetFile } from './files.ts';
import type { Fault } from './fuzzer.ts';
import type { Rule, Target } from './target.ts';

/** The most bytes that are printed. */
const SHOWN = 64;

/** A finding as plain data. */
export interface Finding {
  readonly target: string;
  /** The invariant that does not hold. */
  readonly invariant: string;
  /** The rule behind it, if it is known. */
  readonly rule?: Rule;
  /** The minimised input, and the original one, in hexadecimal digits. */
  readonly input: string;
  readonly found: string;
  /** The bytes of the minimised input that reach the implementation, in hexadecimal digits. */
  readonly bytes: string;
  /** The target's transcript of the input, and what it threw. */
  readonly transcript: string;
}

/**
 * Returns a finding.
 *
 * @param name that of the target's file
 * @param small the minimised input, for which the target threw
 * @param data the original one
 */
export function findingOf(name: string, target: Target, fault: Fault, small: Uint8Array, data: Uint8Array): Finding {
  const digits = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return {
    ...{ target: name, invariant: fault.invariant, ...(fault.rule && { rule: fault.rule }) },
    ...{ input: digits(small), found: digits(data), bytes: digits(target.bytesOf?.(small) ?? small) },
    transcript: transcribe(target, small, fault.error),
  };
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

/** Says which rule is broken, and by which bytes. */
export function summarise({ rule, bytes }: Finding): string[] {
  const pairs = bytes.match(/../g) ?? [];
  const shown = `${pairs.slice(0, SHOWN).join(' ')}${pairs.length > SHOWN ? ` … ${pairs.length} bytes` : ''}`;
  return [...(rule === undefined ? [] : [`${rule.name} (${sectionOf(rule)}): ${rule.sentence}`]), `bytes: ${shown}`];
}

const sectionOf = ({ section }: Rule): string => (section.startsWith('RFC') ? section : `RFC 6455 ${section}`);

/** Returns the program that replays a finding. */
export function programOf(finding: Finding, folder: string, { path }: TargetFile): string {
  const specifier = relative(folder, path).split(sep).join('/');
  return [
    `// ${finding.target}: ${finding.invariant}`,
    ...summarise(finding).map((line) => `// ${line}`),
    `import * as module from ${JSON.stringify(specifier.startsWith('.') ? specifier : `./${specifier}`)};`,
    '',
    'const { target = module } = { ...module.default, ...module };',
    `await target.fuzz(Uint8Array.from(Buffer.from('${finding.input}', 'hex')));`,
    '',
  ].join('\n');
}

/**
 * Writes the input, its transcript and the program that replays it.
 *
 * @param command begins the command that replays it
 * @returns the path of the input, relative to the current folder
 */
export function writeFinding(folder: string, finding: Finding, target: TargetFile, command: string): string {
  const data = Buffer.from(finding.input, 'hex');
  const into = join(folder, finding.target);
  const path = join(into, nameOf(data));
  const shown = relative(process.cwd(), path);
  mkdirSync(into, { recursive: true });
  writeFileSync(path, data);
  writeFileSync(`${path}.mjs`, programOf(finding, into, target));
  const replay = `replay: ${command} --target ${named(target)} --replay ${shown}`;
  writeFileSync(
    `${path}.txt`,
    `${[finding.invariant, ...summarise(finding)].join('\n')}\n\n${finding.transcript}\n${replay}\n`,
  );
  return shown;
}

/** Returns the name of one of our targets, or the path of another one. */
const named = ({ name, path, isOurs }: TargetFile): string => (isOurs ? name : relative(process.cwd(), path));
