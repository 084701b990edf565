/** A few lines instead of a framework. Text is only ever inserted as text; nothing here parses HTML. */

type Child = Node | string | false | undefined;

/** Creates an element with attributes and children. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number | boolean | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== false && child !== undefined) element.append(child);
  return element;
}

/** Finds an element of the page by its id. */
export function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new TypeError(`index.html has no ${kind.name} with the id ${id}`);
}

/** On a narrow screen, shows one part of the page: `'people'`, `'chat'` or `'frames'`. */
export function showView(view: string): void {
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll<HTMLButtonElement>('#views button')) {
    button.setAttribute('aria-pressed', String(button.value === view));
  }
}

/** Makes the children of `parent` match the items, and keeps existing children so that focus stays where it is. */
export function syncChildren<Item>(
  parent: HTMLElement,
  items: readonly Item[],
  key: (item: Item) => string,
  create: (item: Item) => HTMLElement,
  update: (element: HTMLElement, item: Item) => void,
): void {
  const old = new Map([...parent.children].map((child) => [(child as HTMLElement).dataset.key, child as HTMLElement]));
  let at = parent.firstElementChild;
  for (const item of items) {
    let element = old.get(key(item));
    if (element === undefined) {
      element = create(item);
      element.dataset.key = key(item);
    }
    old.delete(key(item));
    update(element, item);
    if (element === at) at = at.nextElementSibling;
    else parent.insertBefore(element, at);
  }
  for (const element of old.values()) element.remove();
}

/** Keeps a growing list scrolled to its end, unless the reader has scrolled away. */
export function keepAtEnd(scroller: HTMLElement, grow: () => void): void {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
  grow();
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

/** Formats the time of day: `14:05:09`. */
export function clock(time: number, withSeconds = false): string {
  const seconds = withSeconds ? ({ second: '2-digit' } as const) : {};
  return new Date(time).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', ...seconds });
}
