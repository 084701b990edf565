/**
 * Groups of connections, and sending to many: a message is encoded once, and one member that is slow, closing or broken does not disturb
 * the others.
 */
import { type BytesLike, checkNames, type Names, PreparedMessage, type PrepareOptions, prepare } from '@sockless/core';
import { checkPrepared } from './kept-messages.ts';
import { memberships, sendPrepared, WebSocketConnection } from './websocket-connection.ts';

/**
 * What happens to members that are too slow for a message: always the same, or what a function returns for each. It is written as a method,
 * so that a server whose connections have data of one type is a server of any.
 */
export type SlowPolicy<Data = unknown> =
  | 'close'
  | 'skip'
  | { slow(ws: WebSocketConnection<Data>): 'close' | 'skip' }['slow'];

/** How to send to many. */
export interface GroupSendOptions<Data = unknown> extends PrepareOptions {
  /** Who does not get it: the sender, for instance. */
  readonly except?: WebSocketConnection<Data> | Iterable<WebSocketConnection<Data>> | undefined;
  /**
   * What happens to a member that is full: something waits for it, and with this message more than its `maxQueuedBytes` would.
   * `'close'` fails its connection with 1013, `reader-too-slow`; `'skip'` leaves it out; a function decides for each. When that throws, or
   * returns anything else, its member is failed with 1011 and the error goes to `error`. Default: `'close'`.
   */
  readonly slow?: SlowPolicy<Data> | undefined;
}

/** What became of a message to many: `sent + skipped + closed` is the number of members that were not excepted. */
export interface GroupSendResult {
  /** To how many it is on its way. */
  readonly sent: number;
  /**
   * How many were left out: because they were full and `slow` said so, were not open (yet, or any more), or were in the middle of a message
   * that they are sent in fragments.
   */
  readonly skipped: number;
  /** How many were full, and have been failed for it. */
  readonly closed: number;
}

/** The members of a group, which exists while there are some. */
export class Room {
  readonly members: Set<WebSocketConnection<never>> = new Set();
  readonly #rooms: Map<string, Room>;
  readonly #name: string;

  /** Comes into being. */
  constructor(rooms: Map<string, Room>, name: string) {
    this.#rooms = rooms;
    this.#name = name;
    rooms.set(name, this);
  }

  /** A member leaves; nothing is left of a room without members. */
  delete(ws: WebSocketConnection<never>): void {
    this.members.delete(ws);
    if (this.members.size === 0) this.#rooms.delete(this.#name);
  }
}

/**
 * The connections that have joined under a name. A connection leaves when it ends, and a group without members takes no memory.
 *
 * @example
 * ```ts
 * server.group('lobby').join(ws);
 * server.group('lobby').send('hello', { except: ws });
 * ```
 */
export class Group<Data = unknown> implements Iterable<WebSocketConnection<Data>> {
  /** What it is called. */
  readonly name: string;
  readonly #rooms: Map<string, Room>;

  /** For {@link Groups}. */
  constructor(rooms: Map<string, Room>, name: string) {
    if (typeof name !== 'string') throw new TypeError(`the name of a group is a string, not ${String(name)}`);
    this.#rooms = rooms;
    this.name = name;
  }

  /** How many members it has. */
  get size(): number {
    return this.#rooms.get(this.name)?.members.size ?? 0;
  }

  /** Returns whether a connection is a member. */
  has(ws: WebSocketConnection<Data>): boolean {
    return this.#rooms.get(this.name)?.members.has(ws as WebSocketConnection<never>) === true;
  }

  /**
   * Makes a connection a member until it leaves or ends. One that is not open yet is left out of what is sent until it is.
   *
   * @returns false when it was one already, or has ended
   * @throws {TypeError} when it is not a connection
   */
  join(ws: WebSocketConnection<Data>): boolean {
    if (!(ws instanceof WebSocketConnection)) throw new TypeError('what joins a group is a connection');
    if (this.has(ws) || ws.endEvent !== undefined) return false;
    const room = this.#rooms.get(this.name) ?? new Room(this.#rooms, this.name);
    const member = ws as WebSocketConnection<never>;
    room.members.add(member);
    memberships.add(member, room);
    return true;
  }

  /** Lets a connection go; returns false when it was no member. */
  leave(ws: WebSocketConnection<Data>): boolean {
    if (!this.has(ws)) return false;
    const room = this.#rooms.get(this.name) as Room;
    const member = ws as WebSocketConnection<never>;
    room.delete(member);
    memberships.delete(member, room);
    return true;
  }

  /**
   * Sends a message to all members but those that are excepted. It is encoded once; a prepared message has been encoded already.
   *
   * @returns how many got it, were left out, and were closed for being too slow
   * @throws {TypeError} when `data` is neither a string nor bytes nor a prepared message, or an option is not valid
   */
  send(data: string | BytesLike | PreparedMessage, options: GroupSendOptions<Data> = {}): GroupSendResult {
    const members = this.#rooms.get(this.name)?.members ?? new Set();
    return sendToAll<Data>(members as Iterable<never>, data, options);
  }

  /** The members, in the order in which they joined. Those that leave meanwhile are passed over. */
  [Symbol.iterator](): IterableIterator<WebSocketConnection<Data>> {
    const members = this.#rooms.get(this.name)?.members ?? new Set();
    return members.values() as IterableIterator<never>;
  }
}

/** Groups by name: those of a server, or, for connections from an adapter's `upgrade` and the like, of your own. */
export class Groups<Data = unknown> {
  readonly #rooms: Map<string, Room> = new Map();

  /** How many groups have members. */
  get size(): number {
    return this.#rooms.size;
  }

  /** Returns the group of that name. It need not be kept: ask again. */
  group(name: string): Group<Data> {
    return new Group(this.#rooms, name);
  }
}

const SEND_OPTIONS: Names<GroupSendOptions> = { compress: true, text: true, except: true, slow: true };

/**
 * Sends a message to many connections: {@link Group.send}.
 *
 * @throws {TypeError} when `data` is neither a string nor bytes nor a prepared message, or an option is not valid
 */
export function sendToAll<Data>(
  members: Iterable<WebSocketConnection<Data>>,
  data: string | BytesLike | PreparedMessage,
  options: GroupSendOptions<Data>,
): GroupSendResult {
  checkNames(options, SEND_OPTIONS);
  const { except, slow = 'close', compress, text } = options;
  if (slow !== 'close' && slow !== 'skip' && typeof slow !== 'function') {
    throw new TypeError(`slow: 'close', 'skip' or a function, not ${String(slow)}`);
  }
  const message = prepared(data, compress, text);
  const excepted = setOf(except);
  const result = { sent: 0, skipped: 0, closed: 0 };
  for (const ws of members) if (ws !== except && !excepted.has(ws)) result[sendPrepared(ws, message, slow)]++;
  return result;
}

function prepared(
  data: string | BytesLike | PreparedMessage,
  compress: boolean | undefined,
  text: boolean | undefined,
): PreparedMessage {
  if (!(data instanceof PreparedMessage)) return prepare(data, { compress, text });
  checkPrepared({ compress, text });
  return data;
}

const NONE: ReadonlySet<unknown> = new Set();

function setOf(except: object | undefined): ReadonlySet<unknown> {
  if (except === undefined || except instanceof WebSocketConnection) return NONE;
  const several = except as Iterable<unknown> | null;
  if (typeof except !== 'string' && typeof several?.[Symbol.iterator] === 'function') return new Set(several);
  throw new TypeError('except: a connection, or several: a list, a set or a group');
}
