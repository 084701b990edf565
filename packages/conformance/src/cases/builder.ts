/** What the families are written with. */
import type { Bytes, Case, Expectation, Item, Role, Severity, Step } from '../case.ts';
import { AFTER } from '../run/ending.ts';
import { hex, type Payload, utf8, whole, written } from '../wire/bytes.ts';
import { Frames } from '../wire/frames.ts';

/** What is said of a case, once or for many. */
export interface About {
  readonly section: string;
  readonly severity?: Severity;
  readonly slow?: boolean;
}

/** Collects the cases of a family for one role. */
export class Family {
  readonly cases: Case[] = [];
  readonly role: Role;
  readonly #name: string;
  /** The frames that the suite sends: masked to a server. */
  readonly out: Frames;

  constructor(name: string, role: Role) {
    this.#name = name;
    this.role = role;
    this.out = new Frames(role === 'server' ? 'client' : 'server');
  }

  /** A case with a script of its own. */
  add(
    name: string,
    title: string,
    { section, severity = 'must', slow = false }: About,
    script: readonly Step[],
    expect: Expectation,
  ): void {
    const id = `${this.role}/${this.#name}/${name}`;
    this.cases.push({
      id,
      section,
      title,
      severity,
      role: this.role,
      script,
      expect,
      ...(slow ? { slow: true as const } : {}),
    });
  }

  /** Bytes that are echoed as these items. */
  echoes(
    name: string,
    title: string,
    about: About,
    bytes: Bytes,
    items: readonly Item[],
    cuts: Cuts & Opening = {},
  ): void {
    this.add(name, title, about, [open(cuts), { do: 'send', bytes, ...cutsOf(cuts) }, { do: 'receive', items }], {
      end: 'alive',
    });
  }

  /** Bytes for which the connection is failed. A Ping frame stands behind them: whoever answers it has gone on. */
  fails(
    name: string,
    title: string,
    about: About & { readonly codes?: readonly number[] },
    bytes: Bytes,
    cuts: Cuts & Opening & { readonly bare?: boolean } = {},
  ): void {
    const behind = cuts.bare ? [] : this.out.ping(AFTER);
    this.add(name, title, about, [open(cuts), { do: 'send', bytes: [...bytes, ...behind], ...cutsOf(cuts) }], {
      end: 'failed',
      codes: about.codes ?? [1002],
    });
  }
}

interface Cuts {
  readonly cut?: number;
  readonly at?: number;
  readonly every?: number;
}

interface Opening {
  readonly extensions?: string;
  readonly needs?: string;
}

export function open({ extensions, needs }: Opening = {}): Step {
  return { do: 'open', ...(extensions === undefined ? {} : { extensions }), ...(needs === undefined ? {} : { needs }) };
}

/** What a step says of its chunks. */
export const cutsOf = ({ cut, at, every }: { [Name in keyof Cuts]: Cuts[Name] | undefined }): Cuts => ({
  ...(cut === undefined ? {} : { cut }),
  ...(at === undefined ? {} : { at }),
  ...(every === undefined ? {} : { every }),
});

const dataOf = (payload: string | Uint8Array | Payload): Bytes =>
  written(
    typeof payload === 'string' ? whole(utf8(payload)) : payload instanceof Uint8Array ? whole(payload) : payload,
  );

/** Items that are expected. */
export const text = (payload: string | Uint8Array | Payload): Item => ({ type: 'text', payload: dataOf(payload) });
export const binary = (payload: string | Uint8Array | Payload): Item => ({ type: 'binary', payload: dataOf(payload) });
export const pong = (payload: string | Uint8Array = ''): Item => ({ type: 'pong', payload: dataOf(payload) });
export const maybePong = (payload: string | Uint8Array = ''): Item => ({ ...pong(payload), optional: true });

/** Returns bytes in two digits each, for a name. */
export const digits = (bytes: Uint8Array): string => hex(bytes);

/** Returns the cases of a family for both roles. */
export function forBoth(name: string, build: (family: Family) => void): Case[] {
  return (['server', 'client'] as const).flatMap((role) => forOne(name, role, build));
}

/** Returns the cases of a family for one role. */
export function forOne(name: string, role: Role, build: (family: Family) => void): Case[] {
  const family = new Family(name, role);
  build(family);
  return family.cases;
}
