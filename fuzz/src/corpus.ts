/** A corpus: a text file with an input a line, as base64, sorted. A person may put a name and a space before it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** An input of a corpus. */
export interface Kept {
  /** What it shows, if a person has named it. */
  readonly name: string | undefined;
  readonly data: Uint8Array;
}

/**
 * Returns the inputs of a corpus; none if there is no such file.
 *
 * @throws {SyntaxError} when a line is not an input
 */
export function readCorpus(path: string): Kept[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .filter(Boolean)
    .map((line, at) => {
      const [, name, digits = ''] = /^(?:([\w.-]+) )?([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
      const data = Buffer.from(digits, 'base64');
      if (digits === '' || data.toString('base64') !== digits)
        throw new SyntaxError(`${path}:${at + 1} is not "base64" or "name base64"`);
      return { name, data: Uint8Array.from(data) };
    });
}

/** Replaces the inputs of a corpus that have no name. */
export function writeCorpus(path: string, inputs: readonly Uint8Array[]): void {
  const named = readCorpus(path).filter(({ name }) => name !== undefined);
  const all = [...named, ...inputs.map((data): Kept => ({ name: undefined, data }))].filter(
    ({ data }) => data.length > 0,
  );
  const lines = all.map(({ name, data }) => {
    const digits = Buffer.from(data).toString('base64');
    return name === undefined ? digits : `${name} ${digits}`;
  });
  writeFileSync(
    path,
    [...new Set(lines)]
      .sort()
      .map((line) => `${line}\n`)
      .join(''),
  );
}
