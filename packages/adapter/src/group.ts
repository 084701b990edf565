/**
 * Groups of connections, and sending to many: a message is encoded once, and one member that is slow, closing or broken does not disturb
 * the others.
 */
import { type BytesLike, checkNames, type Names, PreparedMessage, type PrepareOptions, prepare } from '@sockless/core';
import { checkPrepared } from './kept-messages.ts';
import { memberships, sendPrepared, WebSocketConnection } from './websocket-connection.ts';

/**
 * What happens to members that are too slow for a message: the same for all, or what a function returns for each. The
 * function has the type of a method, so that a `Server<Data>` can be passed where a `Server` is expected.
 */
export type SlowPolicy<Data = unknown> =
  | 'close'
  | 'skip'
  | { slow(ws: WebSocketConnection<Data>): 'close' | 'skip' }['slow'];

/** How to send to many. */
export interface GroupSendOptions<Data = unknown> extends PrepareOptions {
  /** The connections that do not get it: the sender, for instance. */
  readonly except?: WebSocketConnection<Data> | Iterable<WebSocketConnection<Data>> | undefined;
  /**
   * What happens to a member whose queue is full: bytes are waiting for it, and this message would bring them above its
   * `maxQueuedBytes`. `'close'` fails its connection with 1013, `reader-too-slow`; `'skip'` leaves it out; a function
   * decides for each member. If the function throws or returns anything else, that member is failed with 1011 and the
   * error goes to `error`. Default: `'close'`.
   */
  readonly slow?: SlowPolicy<Data> | undefined;
}

/** The result of sending to many: `sent + skipped + closed` is the number of members that were not excepted. */
export interface GroupSendResult {
  /** The number of members to which it is on its way. */
  readonly sent: number;
  /**
   * The number of members left out: their queue was full and `slow` said to skip them, or they were not open (yet, or
   * any more), or `sendFragment` had begun a message to them and not finished it.
   */
  readonly skipped: number;
  /** The number of members that were failed because their queue was full. */
  readonly closed: number;
}

/** The members of a group. It exists only while it has members. */
export class Room {
  readonly members: Set<WebSocketConnection<never>> = new Set();
  readonly #rooms: Map<string, Room>;
  readonly #name: string;

  /** Adds an empty group to `rooms`; the caller adds the first member. */
  constructor(rooms: Map<string, Room>, name: string) {
    this.#rooms = rooms;
    this.#name = name;
    rooms.set(name, this);
  }

  /** Removes a member, and the group itself with its last member. */
  delete(ws: WebSocketConnection<never>): void {
    this.members.delete(ws);
    if (this.members.size === 0) this.#rooms.delete(this.#name);
  }
}

/**
 * The connections that have joined under one name. A connection leaves when it ends. A group without members takes no
 * memory.
 *
 * @example
 * ```ts
 * server.group('lobby').join(ws);
 * server.group('lobby').send('hello', { except: ws });
 * ```
 */
export class Group<Data = unknown> implements Iterable<WebSocketConnection<Data>> {
  /** The name under which connections join. */
  readonly name: string;
  readonly #rooms: Map<string, Room>;

  /** For {@link Groups}, whose `group` creates groups. */
  constructor(rooms: Map<string, Room>, name: string) {
    if (typeof name !== 'string') throw new TypeError(`the name of a group is a string, not ${String(name)}`);
    this.#rooms = rooms;
    this.name = name;
  }

  /** The number of members. */
  get size(): number {
    return this.#rooms.get(this.name)?.members.size ?? 0;
  }

  /** Returns whether a connection is a member. */
  has(ws: WebSocketConnection<Data>): boolean {
    return this.#rooms.get(this.name)?.members.has(ws as WebSocketConnection<never>) === true;
  }

  /**
   * Makes a connection a member until it leaves or ends. While it is not open yet, it gets no messages.
   *
   * @returns false when it was a member already, or has ended
   * @throws {TypeError} when `ws` is not a connection
   */
  join(ws: WebSocketConnection<Data>): boolean {
    if (!(ws instanceof WebSocketConnection)) throw new TypeError('only a WebSocketConnection can join a group');
    if (this.has(ws) || ws.endEvent !== undefined) return false;
    const room = this.#rooms.get(this.name) ?? new Room(this.#rooms, this.name);
    const member = ws as WebSocketConnection<never>;
    room.members.add(member);
    memberships.add(member, room);
    return true;
  }

  /** Removes a connection; returns false when it was not a member. */
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
   * @returns how many members it was sent to, how many were left out, and how many were closed for being too slow
   * @throws {TypeError} when `data` is neither a string nor bytes nor a prepared message, or an option is not valid
   */
  send(data: string | BytesLike | PreparedMessage, options: GroupSendOptions<Data> = {}): GroupSendResult {
    const members = this.#rooms.get(this.name)?.members ?? new Set();
    return sendToAll<Data>(members as Iterable<never>, data, options);
  }

  /**
   * Iterates over the members in the order in which they joined. A member that leaves before its turn is passed over.
   */
  [Symbol.iterator](): IterableIterator<WebSocketConnection<Data>> {
    const members = this.#rooms.get(this.name)?.members ?? new Set();
    return members.values() as IterableIterator<never>;
  }
}

/** Groups by name. A server has its own; create one for connections from `upgrade` or `attach`. */
export class Groups<Data = unknown> {
  readonly #rooms: Map<string, Room> = new Map();

  /** The number of groups that have members. */
  get size(): number {
    return this.#rooms.size;
  }

  /** Returns the group of that name. There is no need to keep it: each call returns the same members. */
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
  for (const ws of members) if (ws !== except && !excepted?.has(ws)) result[sendPrepared(ws, message, slow)]++;
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

/** Returns the connections of a list, a set or a group; `undefined` for none, or one. */
function setOf(except: object | undefined): ReadonlySet<unknown> | undefined {
  if (except === undefined || except instanceof WebSocketConnection) return undefined;
  const several = except as Iterable<unknown> | null;
  if (typeof except !== 'string' && typeof several?.[Symbol.iterator] === 'function') return new Set(several);
  throw new TypeError('except: a connection, or several as a list, a set or a group');
}
