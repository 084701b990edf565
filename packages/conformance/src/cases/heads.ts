/** What requests and responses have in common: heads with whatever is wrong with them, and cases that both roles have. */
import type { Severity, Step } from '../case.ts';
import { cutsOf, type Family } from './builder.ts';

/** The parts of a head. A field that is `undefined` is left out. */
export interface Head {
  readonly line?: string;
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Lines behind the fields, without their ends. */
  readonly lines?: readonly string[];
}

/** Returns the head that opens a connection, with other parts instead of its own. */
export function headWith(whole: Required<Head>, { line = whole.line, fields = {}, lines = [] }: Head): string {
  const all = Object.entries({ ...whole.fields, ...fields }).flatMap(([name, value]) =>
    (value === undefined ? [] : typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}`),
  );
  return `${[line, ...all, ...lines].join('\r\n')}\r\n\r\n`;
}

/** The step that sends a head. */
export const sendHead = (head: string, cut?: number): Step => ({ do: 'head', head, ...cutsOf({ cut }) });

/** What is said of a head that is accepted, where it is not what is said of all. */
interface AboutOpening {
  readonly section?: string;
  readonly severity?: Severity;
  readonly cut?: number;
}

/** Adds a case whose head is accepted. */
export type Opens = (name: string, title: string, head: string, about?: AboutOpening) => void;

/** Returns what adds such cases to a family. */
export function opening(family: Family, usual: string): Opens {
  return (name, title, head, { section = usual, severity = 'must', cut } = {}) =>
    family.add(name, title, { section, severity }, [sendHead(head, cut)], { end: 'opened' });
}

/** An ordinary head, whole, in chunks, and with the names of its fields in lower and upper case. */
export function ordinary(opens: Opens, what: string, head: string, section: string): void {
  const renamed = (change: (name: string) => string): string => head.replace(/^[\w-]+(?=:)/gm, change);
  opens('plain', `an ordinary ${what}`, head);
  for (const cut of [1, 2, 7, 64]) opens(`cut-${cut}`, `a ${what} in chunks of ${cut} bytes`, head, { cut });
  opens(
    'names-lower',
    'field names in lower case',
    renamed((name) => name.toLowerCase()),
    { section },
  );
  opens(
    'names-upper',
    'field names in upper case',
    renamed((name) => name.toUpperCase()),
    { section },
  );
}
