/** The people, their rooms, and three ways to reach them: unicast, multicast, broadcast. */
import { type Address, LIMITS, type Person, type ServerMessage } from './protocol.ts';

/** A person who is here. */
export interface Member {
  readonly id: string;
  name: string;
  readonly rooms: Set<string>;
  /** The heartbeat's last round trip in milliseconds. */
  latency: number | undefined;
  /** Sends a text message to this person's page; never throws. */
  readonly send: (text: string) => void;
}

export interface Hub {
  /** By id, in the order they came. */
  readonly members: Map<string, Member>;
  /** By name of the room; a room exists as long as it has a member. */
  readonly rooms: Map<string, Set<Member>>;
}

/** The most rooms. */
export const MAX_ROOMS = 100;

export function createHub(): Hub {
  return { members: new Map(), rooms: new Map() };
}

/** Sends to one person. */
export function unicast(member: Member, message: ServerMessage): void {
  member.send(JSON.stringify(message));
}

/** Sends to everyone in a room. */
export function multicast(hub: Hub, room: string, message: ServerMessage): void {
  sendAll(hub.rooms.get(room) ?? [], message);
}

/** Sends to everyone. */
export function broadcast(hub: Hub, message: ServerMessage): void {
  sendAll(hub.members.values(), message);
}

/** Encodes a text once for all recipients. */
function sendAll(members: Iterable<Member>, message: ServerMessage): void {
  const text = JSON.stringify(message);
  for (const member of members) member.send(text);
}

/** Adds a person, sends a list of all others, and tells the others. `id` must be free. */
export function enter(hub: Hub, id: string, name: string, rooms: readonly string[], send: Member['send']): Member {
  const member: Member = { id, name: freeName(hub, name, id), rooms: new Set(), latency: undefined, send };
  hub.members.set(id, member);
  for (const room of rooms) join(hub, member, room);
  unicast(member, { type: 'welcome', you: id, people: [...hub.members.values()].map(toPerson) });
  for (const other of hub.members.values()) {
    if (other !== member) unicast(other, { type: 'person', person: toPerson(member) });
  }
  return member;
}

/** Removes a person, and tells the others. */
export function leave(hub: Hub, member: Member): void {
  for (const room of member.rooms) part(hub, member, room);
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
  part(hub, member, room);
  broadcast(hub, { type: 'person', person: toPerson(member) });
}

/** Delivers a message. The sender receives it too, which shows that it arrived. */
export function say(hub: Hub, from: Member, to: Address, text: string, ref: string, at: number): void {
  const message: ServerMessage = { type: 'said', text, from: from.id, to, at, ref };
  if (to.kind === 'everyone') broadcast(hub, message);
  else if (to.kind === 'room') {
    if (from.rooms.has(to.room)) multicast(hub, to.room, message);
    else unicast(from, { type: 'problem', text: `You are not in #${to.room}.`, ref });
  } else {
    const person = hub.members.get(to.person);
    if (person === undefined) unicast(from, { type: 'problem', text: 'This person is not here any more.', ref });
    else for (const member of new Set([person, from])) unicast(member, message);
  }
}

/** Creates the room if necessary; returns false if there would be too many. */
function join(hub: Hub, member: Member, name: string): boolean {
  const room = hub.rooms.get(name) ?? new Set();
  if (member.rooms.has(name)) return true;
  if (member.rooms.size >= LIMITS.roomsPerPerson || (room.size === 0 && hub.rooms.size >= MAX_ROOMS)) return false;
  hub.rooms.set(name, room.add(member));
  member.rooms.add(name);
  return true;
}

function part(hub: Hub, member: Member, name: string): void {
  const room = hub.rooms.get(name);
  room?.delete(member);
  if (room?.size === 0) hub.rooms.delete(name);
  member.rooms.delete(name);
}

/** Returns a name that no other person has, ignoring case. */
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
