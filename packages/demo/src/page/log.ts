/** The log of one conversation: messages, and lines about people who came and went. */
import { clock, el, keepAtEnd } from './dom.ts';

/** How many entries of a conversation are kept. */
const MAX_ENTRIES = 200;

/** Messages of one person within this many milliseconds share one name. */
const TOGETHER = 120_000;

/** A message in the log. */
export interface LogMessage {
  readonly from: string;
  readonly name: string;
  readonly mine: boolean;
  readonly text: string;
  readonly at: number;
}

export class Log {
  readonly element: HTMLOListElement;
  readonly #scroller: HTMLElement;
  #last = { from: '', at: 0 };

  /** @param scroller the element in which the log scrolls */
  constructor(label: string, scroller: HTMLElement) {
    this.element = el('ol', { class: 'log', role: 'log', 'aria-label': label, hidden: true });
    this.#scroller = scroller;
    scroller.append(this.element);
  }

  /** Adds a message and returns its element. */
  message({ from, name, mine, text, at }: LogMessage): HTMLElement {
    const together = from === this.#last.from && at - this.#last.at < TOGETHER;
    this.#last = { from, at };
    const item = el(
      'li',
      { class: `message${mine ? ' mine' : ''}${together ? ' together' : ''}` },
      avatar(from, name),
      el('div', { class: 'by' }, el('b', {}, name), ' ', el('time', {}, clock(at))),
      el('div', { class: 'bubble' }, text),
    );
    this.#add(item);
    return item;
  }

  /** Adds a line without a sender. */
  line(text: string): void {
    this.#last = { from: '', at: 0 };
    this.#add(el('li', { class: 'line' }, text));
  }

  /** Moves an entry to the end. */
  toEnd(item: HTMLElement): void {
    if (this.element.lastElementChild !== item) this.element.append(item);
  }

  #add(item: HTMLElement): void {
    keepAtEnd(this.#scroller, () => {
      this.element.append(item);
      if (this.element.childElementCount > MAX_ENTRIES) this.element.firstElementChild?.remove();
    });
  }
}

/** Returns a disc with initials, in a colour derived from the id. */
export function avatar(id: string, name: string): HTMLElement {
  const initials = name
    .split(' ')
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('');
  const disc = el('span', { class: 'avatar', 'aria-hidden': 'true' }, initials.toUpperCase());
  let hue = 0;
  for (const letter of id) hue = (hue * 137 + letter.charCodeAt(0)) % 360;
  disc.style.setProperty('--hue', String(hue));
  return disc;
}
