/** The lists beside the chat: the rooms with their number of members, and the people with their latency. */
import type { Address, Person } from '../protocol.ts';
import { el, find, syncChildren } from './dom.ts';
import { avatar } from './log.ts';

/** The contents of the lists. */
export interface SidebarState {
  readonly me: string;
  readonly people: ReadonlyMap<string, Person>;
  /** People who have left, but were talked with. */
  readonly gone: readonly Person[];
  /** The rooms that this page is in, or will join when there is a connection. */
  readonly rooms: ReadonlySet<string>;
  /** The visible conversation. */
  readonly current: string;
  /** The number of unread messages of a conversation. */
  readonly unread: (key: string) => number;
}

/** The actions of a click. */
export interface SidebarActions {
  open(to: Address): void;
  leave(room: string): void;
}

/** The key of a conversation: `'everyone'`, `'room:tea'`, `'person:…'`. */
export function keyOf(to: Address): string {
  if (to.kind === 'everyone') return to.kind;
  return to.kind === 'room' ? `room:${to.room}` : `person:${to.person}`;
}

export function createSidebar(actions: SidebarActions): (state: SidebarState) => void {
  const rooms = find('rooms', HTMLUListElement);
  const people = find('people', HTMLUListElement);
  const everyone = find('everyone', HTMLUListElement);

  const entry = (to: Address, ...extra: HTMLElement[]): HTMLElement => {
    const button = el('button', { type: 'button', class: 'entry' });
    button.addEventListener('click', () => actions.open(to));
    return el('li', {}, button, ...extra);
  };

  return (state) => {
    const mark = (element: HTMLElement, key: string, ...content: (Node | string)[]): void => {
      const button = element.firstElementChild as HTMLElement;
      const unread = state.unread(key);
      button.toggleAttribute('aria-current', key === state.current);
      button.replaceChildren(...content);
      if (unread > 0) button.append(el('span', { class: 'badge', 'aria-label': `${unread} unread` }, String(unread)));
    };

    syncChildren(
      everyone,
      ['everyone'],
      (key) => key,
      () => entry({ kind: 'everyone' }),
      (element, key) => mark(element, key, sign('✳'), name('everyone'), meta(state.people.size, 'people here')),
    );

    syncChildren(
      rooms,
      countRooms(state),
      ({ room }) => room,
      ({ room }) => {
        const leave = el(
          'button',
          { type: 'button', class: 'leave', 'aria-label': `Leave #${room}`, title: 'Leave' },
          '×',
        );
        leave.addEventListener('click', () => actions.leave(room));
        return entry({ kind: 'room', room }, leave);
      },
      (element, { room, members }) => {
        const mine = state.rooms.has(room);
        element.classList.toggle('foreign', !mine);
        (element.lastElementChild as HTMLElement).hidden = !mine;
        mark(
          element,
          `room:${room}`,
          sign('#'),
          name(room),
          meta(members, mine ? 'members' : 'members: click to join'),
        );
      },
    );

    const others = [...state.people.values()].filter(({ id }) => id !== state.me);
    const self = state.people.get(state.me);
    syncChildren(
      people,
      [...(self === undefined ? [] : [self]), ...others, ...state.gone],
      ({ id }) => id,
      ({ id }) => entry({ kind: 'person', person: id }),
      (element, person) => {
        const you = person.id === state.me;
        const here = state.people.has(person.id);
        const latency = person.latency === undefined ? (here ? '–' : 'gone') : `${person.latency.toFixed(1)} ms`;
        const title = here ? 'Round trip of the last heartbeat' : 'Not here any more';
        element.classList.toggle('foreign', !here);
        mark(
          element,
          `person:${person.id}`,
          avatar(person.id, person.name),
          name(person.name),
          ...(you ? [el('span', { class: 'meta' }, 'you')] : []),
          el('span', { class: 'meta latency', title }, latency),
        );
        (element.firstElementChild as HTMLButtonElement).disabled = you;
      },
    );
  };
}

/** Sorts rooms of this page first, then by name. */
function countRooms({ people, rooms }: SidebarState): { room: string; members: number }[] {
  const counts = new Map([...rooms].map((room) => [room, 0]));
  for (const person of people.values()) for (const room of person.rooms) counts.set(room, (counts.get(room) ?? 0) + 1);
  return [...counts]
    .map(([room, members]) => ({ room, members }))
    .sort((a, b) => Number(rooms.has(b.room)) - Number(rooms.has(a.room)) || (a.room < b.room ? -1 : 1));
}

const sign = (text: string): HTMLElement => el('span', { class: 'sign', 'aria-hidden': 'true' }, text);
const name = (text: string): HTMLElement => el('span', { class: 'name' }, text);
const meta = (count: number, what: string): HTMLElement => {
  return el('span', { class: 'meta', title: `${count} ${what}`, 'aria-label': `${count} ${what}` }, String(count));
};
