// The names of the states and events (the keys of the table), and the reasons why a cell may have no test.

/** The state of a socket. */
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

/** The event. */
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

/** Whether the event happens before or after an adapter gets the socket. */
export const ORDERS = ['before', 'after'] as const;

/** The release for a socket that does not show its state before we send. */
export const WHEN_WE_SEND = 'when we send';

export type State = (typeof STATES)[number];
export type Event = (typeof EVENTS)[number];
export type Order = (typeof ORDERS)[number];

/** The reason why a cell cannot be tested. */
export interface Cannot {
  readonly cannot: string;
}

/** The outcome of an event in a state, in the words of `cell.ts`. */
export type Cell = string | Cannot;

export type Row = Readonly<Record<Event, Cell>>;
export type Table = Readonly<Record<Order, Readonly<Record<State, Row>>>>;

/** The cells of a runtime that differ from the table. */
export type Differences = Readonly<Record<Order, Partial<Readonly<Record<State, Partial<Row> | Cannot>>>>>;

/** Returns the cells of a row for a runtime. */
export function rowOf(table: Table, differences: Differences, order: Order, state: State): Row {
  const row = table[order][state];
  const others = differences[order][state] ?? {};
  if (!isCannot(others as Cell)) return { ...row, ...(others as Partial<Row>) };
  return Object.fromEntries(EVENTS.map((event) => [event, others])) as unknown as Row;
}

export const isCannot = (cell: unknown): cell is Cannot =>
  typeof cell === 'object' && cell !== null && 'cannot' in cell;
