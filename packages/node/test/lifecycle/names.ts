// The names of the states and events, the keys of the table, and why a cell may be without a test.

/** What a socket is in. */
export const STATES = [
  'connecting',
  'TLS handshake',
  'open',
  'half-closed by the peer',
  'half-closed by us',
  'full',
  'paused',
  'errored',
  'destroyed',
] as const;

/** What happens to it. */
export const EVENTS = [
  'data',
  'FIN',
  'RST',
  'error',
  'drain',
  'deadline',
  'pause',
  'close',
  'terminate',
  'abort',
] as const;

/** Whether it happens before an adapter gets the socket, or after. */
export const ORDERS = ['before', 'after'] as const;

/** What a socket may be waiting for that does not show what it is in before. */
export const WHEN_WE_SEND = 'when we send';

export type State = (typeof STATES)[number];
export type Event = (typeof EVENTS)[number];
export type Order = (typeof ORDERS)[number];

/** Why there can be no test of a cell. */
export interface Cannot {
  readonly cannot: string;
}

/** What comes of an event in a state, in the words of `cell.ts`. */
export type Cell = string | Cannot;

export type Row = Readonly<Record<Event, Cell>>;
export type Table = Readonly<Record<Order, Readonly<Record<State, Row>>>>;

/** Cells of a runtime that are not those of the table. */
export type Differences = Readonly<Record<Order, Partial<Readonly<Record<State, Partial<Row> | Cannot>>>>>;

/** Returns the cells of a row that a runtime has. */
export function rowOf(table: Table, differences: Differences, order: Order, state: State): Row {
  const row = table[order][state];
  const others = differences[order][state] ?? {};
  if (!isCannot(others as Cell)) return { ...row, ...(others as Partial<Row>) };
  return Object.fromEntries(EVENTS.map((event) => [event, others])) as unknown as Row;
}

export const isCannot = (cell: unknown): cell is Cannot =>
  typeof cell === 'object' && cell !== null && 'cannot' in cell;
