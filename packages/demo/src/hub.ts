/** The people who are here, and their rooms. Each room is a group of connections, and so is everyone together. */
import { type Group, Groups, type WebSocketConnection } from '@sockless/node';
import { type Address, LIMITS, type Person, type ServerMessage } from './protocol.ts';

/** A person who is here. */
export interface Member {
  readonly id: string;
  name: string;
  readonly rooms: Set<string>;
  /** The heartbeat's last round trip in milliseconds. */
  latency: number | undefined;
  /** The connection of this person's page; it leaves its groups when it ends. */
  readonly ws: WebSocketConnection<never>;
}

export interface Hub {
  /** The people by id, in the order in which they came. */
  readonly members: Map<string, Member>;
  readonly everyone: Group<never>;
  readonly rooms: Groups<never>;
}

/** The most rooms at a time. */
export const MAX_ROOMS = 100;

export function createHub(): Hub {
  return { members: new Map(), everyone: new Groups<never>().group('everyone'), rooms: new Groups() };
}

/** Sends a message to one person. */
export function unicast({ ws }: Member, message: ServerMessage): void {
  ws.send(JSON.stringify(message));
}

/** Sends a message to all, but not to `except`. */
export function broadcast({ everyone }: Hub, message: ServerMessage, except?: Member): void {
  everyone.send(JSON.stringify(message), { except: except?.ws });
}

/** Adds a person who has arrived: welcomes them with a list of all, and tells all others. `id` must not be taken. */
export function enter(hub: Hub, id: string, name: string, rooms: readonly string[], ws: Member['ws']): Member {
  const member: Member = { id, name: freeName(hub, name, id), rooms: new Set(), latency: undefined, ws };
  hub.members.set(id, member);
  hub.everyone.join(ws);
  for (const room of rooms) join(hub, member, room);
  unicast(member, { type: 'welcome', you: id, people: [...hub.members.values()].map(toPerson) });
  broadcast(hub, { type: 'person', person: toPerson(member) }, member);
  return member;
}

/** Removes a person whose connection has ended, and tells all others. */
export function leave(hub: Hub, member: Member): void {
  hub.members.delete(member.id);
  broadcast(hub, { type: 'gone', id: member.id });
}

/** Renames a person, with a variation of the name if it is taken. */
export function rename(hub: Hub, member: Member, name: string): void {
  member.name = freeName(hub, name, member.id);
  broadcast(hub, { type: 'person', person: toPerson(member) });
}

export function joinRoom(hub: Hub, member: Member, room: string): void {
  if (join(hub, member, room)) broadcast(hub, { type: 'person', person: toPerson(member) });
  else unicast(member, { type: 'problem', text: `#${room} cannot be created: there are too many rooms already.` });
}

export function leaveRoom(hub: Hub, member: Member, room: string): void {
  hub.rooms.group(room).leave(member.ws);
  member.rooms.delete(room);
  broadcast(hub, { type: 'person', person: toPerson(member) });
}

/** Delivers a message. The sender receives it too, which shows that it arrived. */
export function say(hub: Hub, from: Member, to: Address, text: string, ref: string, at: number): void {
  const message: ServerMessage = { type: 'said', text, from: from.id, to, at, ref };
  if (to.kind === 'everyone') broadcast(hub, message);
  else if (to.kind === 'room') {
    if (from.rooms.has(to.room)) hub.rooms.group(to.room).send(JSON.stringify(message));
    else unicast(from, { type: 'problem', text: `You are not in #${to.room}.`, ref });
  } else {
    const person = hub.members.get(to.person);
    if (person === undefined) unicast(from, { type: 'problem', text: 'This person is not here any more.', ref });
    else for (const member of new Set([person, from])) unicast(member, message);
  }
}

/** Joins a room, and creates it if necessary; returns false when that would be one room too many. */
function join({ rooms }: Hub, member: Member, name: string): boolean {
  if (member.rooms.has(name)) return true;
  const room = rooms.group(name);
  if (member.rooms.size >= LIMITS.roomsPerPerson || (room.size === 0 && rooms.size >= MAX_ROOMS)) return false;
  room.join(member.ws);
  member.rooms.add(name);
  return true;
}

/** Returns the wanted name, with a number if another person has it; upper and lower case count as the same. */
function freeName(hub: Hub, wanted: string, id: string): string {
  const taken = new Set<string>();
  for (const other of hub.members.values()) if (other.id !== id) taken.add(other.name.toLowerCase());
  let name = wanted;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted} ${number}`;
  return name;
}

const toPerson = ({ id, name, rooms, latency }: Member): Person => ({
  id,
  name,
  rooms: [...rooms],
  ...(latency === undefined ? {} : { latency }),
});
