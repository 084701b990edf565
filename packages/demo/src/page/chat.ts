/** The chat: the people, the conversations, and the messages that wait for a connection. */
import { type Address, LIMITS, type Person, type ServerMessage } from '../protocol.ts';
import type { Link } from './connection.ts';
import { find, showView } from './dom.ts';
import { createForms } from './forms.ts';
import { type Identity, saveIdentity } from './identity.ts';
import { Log } from './log.ts';
import { createSidebar, keyOf } from './sidebar.ts';

/** How many messages are kept while there is no connection. */
const MAX_PENDING = 50;

/** How many messages are remembered, so that a repeated one is shown once. */
const MAX_SEEN = 500;

interface Conversation {
  readonly to: Address;
  readonly log: Log;
  unread: number;
}

/** A message that the server has not delivered yet. */
interface Pending {
  readonly to: Address;
  readonly text: string;
  readonly ref: string;
  readonly item: HTMLElement;
}

/** The interface of the chat for the rest of the page. */
export interface Chat {
  opened(): void;
  lost(): void;
  receive(message: ServerMessage): void;
  /** Adds a line to the visible conversation. */
  note(text: string): void;
}

export function createChat(link: Link, identity: Identity): Chat {
  const scroller = find('conversation', HTMLElement);
  const input = find('message', HTMLTextAreaElement);
  const nameInput = find('name', HTMLInputElement);
  const waiting = find('waiting', HTMLElement);

  let me = '';
  const people = new Map<string, Person>();
  /** Names of the people who are here, and of absent people with whom there is a conversation. */
  const names = new Map<string, string>();
  const rooms = new Set(identity.rooms);
  const conversations = new Map<string, Conversation>();
  const pending = new Map<string, Pending>();
  const seen = new Set<string>();
  let current: Conversation;

  const sidebar = createSidebar({ open: (to) => open(to), leave: (room) => leaveRoom(room) });

  function conversation(to: Address): Conversation {
    const key = keyOf(to);
    let found = conversations.get(key);
    if (found === undefined) {
      found = { to, log: new Log(titleOf(to), scroller), unread: 0 };
      conversations.set(key, found);
      found.log.line(WELCOME[to.kind]);
    }
    return found;
  }

  function open(to: Address): void {
    if (to.kind === 'room' && !rooms.has(to.room) && !joinRoom(to.room)) return;
    current = conversation(to);
    current.unread = 0;
    for (const { log } of conversations.values()) log.element.hidden = log !== current.log;
    scroller.scrollTop = scroller.scrollHeight;
    showView('chat');
    render();
    if (matchMedia('(pointer: fine)').matches) input.focus();
  }

  function joinRoom(room: string): boolean {
    if (rooms.size >= LIMITS.roomsPerPerson) {
      current.log.line(`To join #${room}, leave another room first: ${LIMITS.roomsPerPerson} are the most.`);
      return false;
    }
    rooms.add(room);
    link.send({ type: 'join', room });
    saveIdentity({ ...identity, rooms: [...rooms] });
    return true;
  }

  function leaveRoom(room: string): void {
    rooms.delete(room);
    link.send({ type: 'leave', room });
    saveIdentity({ ...identity, rooms: [...rooms] });
    const key = keyOf({ kind: 'room', room });
    const left = conversations.get(key);
    conversations.delete(key);
    left?.log.element.remove();
    if (left === current) open({ kind: 'everyone' });
    else render();
  }

  function say(to: Address, text: string): void {
    const ref = crypto.randomUUID();
    const { log } = conversation(to);
    const item = log.message({ from: me, name: identity.name, mine: true, text, at: Date.now() });
    item.classList.add('pending');
    pending.set(ref, { to, text, ref, item });
    link.send({ type: 'say', text, to, ref });
    render();
    scroller.scrollTop = scroller.scrollHeight;
  }

  function said({ from, to, text, ref, at }: Extract<ServerMessage, { type: 'said' }>): void {
    const { item } = pending.get(ref) ?? {};
    const mine = from === me;
    if (seen.has(ref) || (to.kind === 'room' && !rooms.has(to.room))) return;
    seen.add(ref);
    if (seen.size > MAX_SEEN) seen.delete([...seen][0] as string);
    const there = conversation(to.kind === 'person' && !mine ? { kind: 'person', person: from } : to);
    if (mine && item !== undefined) {
      pending.delete(ref);
      item.classList.remove('pending');
      there.log.toEnd(item);
    } else {
      there.log.message({ from, name: names.get(from) ?? 'somebody', mine, text, at });
      if (there !== current || document.hidden) there.unread++;
    }
  }

  function update(person: Person): void {
    const before = people.get(person.id);
    people.set(person.id, { ...before, ...person });
    names.set(person.id, person.name);
    if (person.id === me) own(person);
    else tellOf(person, before);
  }

  function tellOf(person: Person, before: Person | undefined): void {
    if (before === undefined) line({ kind: 'everyone' }, `${person.name} arrived`);
    else if (before.name !== person.name) line({ kind: 'everyone' }, `${before.name} is now ${person.name}`);
    for (const room of person.rooms) {
      if (!before?.rooms.includes(room)) line({ kind: 'room', room }, `${person.name} joined`);
    }
    for (const room of before?.rooms ?? []) {
      if (!person.rooms.includes(room)) line({ kind: 'room', room }, `${person.name} left`);
    }
  }

  /** The server decides on this page's own name. */
  function own(person: Person): void {
    identity = { ...identity, name: person.name };
    if (document.activeElement !== nameInput) nameInput.value = person.name;
  }

  function gone(id: string): void {
    const person = people.get(id);
    forget(id);
    if (person === undefined) return;
    line({ kind: 'everyone' }, `${person.name} left`);
    for (const room of person.rooms) line({ kind: 'room', room }, `${person.name} left`);
    line({ kind: 'person', person: id }, `${person.name} left`);
  }

  function forget(id: string): void {
    people.delete(id);
    if (!conversations.has(keyOf({ kind: 'person', person: id }))) names.delete(id);
  }

  /** Adds a line to a conversation if this page has it. */
  function line(to: Address, text: string): void {
    conversations.get(keyOf(to))?.log.line(text);
  }

  function receive(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        me = message.you;
        for (const id of people.keys()) forget(id);
        for (const person of message.people) {
          people.set(person.id, person);
          names.set(person.id, person.name);
        }
        own(people.get(me) ?? { id: me, name: identity.name, rooms: [] });
        break;
      case 'person':
        update(message.person);
        break;
      case 'gone':
        gone(message.id);
        break;
      case 'said':
        said(message);
        break;
      case 'latencies':
        for (const [id, latency] of Object.entries(message.of)) {
          const person = people.get(id);
          if (person !== undefined) people.set(id, { ...person, latency });
        }
        break;
      case 'note':
        current.log.line(message.text);
        break;
      case 'problem':
        current.log.line(message.text);
        fail(message.ref);
    }
    render();
  }

  function fail(ref: string | undefined): void {
    const refused = pending.get(ref ?? '');
    if (refused === undefined) return;
    pending.delete(refused.ref);
    refused.item.classList.replace('pending', 'failed');
  }

  function render(): void {
    const { to } = current;
    find('chat-title', HTMLElement).textContent = titleOf(to);
    find('chat-subtitle', HTMLElement).textContent = subtitle(to);
    input.placeholder = `Message ${titleOf(to)}`;
    const offline = !link.open && pending.size > 0;
    waiting.textContent = offline
      ? `${pending.size} ${pending.size === 1 ? 'message waits' : 'messages wait'} for the connection`
      : '';
    const { latency } = people.get(me) ?? {};
    find('latency', HTMLElement).textContent = link.open && latency !== undefined ? `${latency.toFixed(1)} ms` : '';
    const unread = [...conversations.values()].reduce((sum, one) => sum + one.unread, 0);
    document.title = `${unread > 0 ? `(${unread}) ` : ''}sockless demo`;
    const unreadOf = (key: string): number => conversations.get(key)?.unread ?? 0;
    const gone = [...names].filter(([id]) => !people.has(id)).map(([id, name]) => ({ id, name, rooms: [] }));
    sidebar({ me, people, gone, rooms, current: keyOf(to), unread: unreadOf });
  }

  function titleOf(to: Address): string {
    if (to.kind === 'everyone') return 'everyone';
    return to.kind === 'room' ? `#${to.room}` : (names.get(to.person) ?? 'somebody');
  }

  function subtitle(to: Address): string {
    if (to.kind === 'person') return people.has(to.person) ? 'direct, between the two of you' : 'not here any more';
    const here = [...people.values()].filter(({ rooms: theirs }) => to.kind === 'everyone' || theirs.includes(to.room));
    return here.map(({ id, name }) => (id === me ? 'you' : name)).join(', ');
  }

  createForms({
    say(text) {
      const room = pending.size < MAX_PENDING;
      if (room) say(current.to, text);
      else current.log.line(`${MAX_PENDING} messages wait already: this one has to stay.`);
      return room;
    },
    rename(name) {
      nameInput.value = name === '' ? identity.name : name;
      if (name === '' || name === identity.name) return;
      identity = { ...identity, name };
      saveIdentity({ ...identity, rooms: [...rooms] });
      link.send({ type: 'name', name });
    },
    join: (room) => open({ kind: 'room', room }),
  });

  document.addEventListener('visibilitychange', () => {
    current.unread = document.hidden ? current.unread : 0;
    render();
  });

  nameInput.value = identity.name;
  conversation({ kind: 'everyone' });
  for (const room of rooms) conversation({ kind: 'room', room });
  const [first] = rooms;
  current = conversation(first === undefined ? { kind: 'everyone' } : { kind: 'room', room: first });
  open(current.to);

  return {
    opened() {
      link.send({ type: 'hello', name: identity.name, rooms: [...rooms], key: identity.key });
      for (const { to, text, ref } of pending.values()) link.send({ type: 'say', text, to, ref });
      render();
    },
    lost: render,
    receive,
    note: (text) => current.log.line(text),
  };
}

const WELCOME = {
  everyone: 'What you say here goes to everyone (broadcast).',
  room: 'What you say here goes to those in this room (multicast).',
  person: 'What you say here goes to this one person (unicast).',
} as const;
