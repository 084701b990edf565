/** Forms of the page: messages, the visitor's name, the name of a room. */
import { cleanName, cleanRoom, LIMITS } from '../protocol.ts';
import { find } from './dom.ts';

/** The actions of the forms. */
export interface FormActions {
  /** Accepts a message, or refuses it, in which case it stays in the field. */
  say(text: string): boolean;
  rename(name: string): void;
  join(room: string): void;
}

/** The maximal height of a text field, in pixels. */
const MAX_HEIGHT = 160;

export function createForms(actions: FormActions): void {
  const message = find('message', HTMLTextAreaElement);
  const resize = (): void => {
    message.style.height = 'auto';
    message.style.height = `${Math.min(message.scrollHeight + 2, MAX_HEIGHT)}px`;
  };
  message.maxLength = LIMITS.text;
  message.addEventListener('input', resize);
  message.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    message.form?.requestSubmit();
  });
  onSubmit('composer', () => {
    const text = message.value.trim();
    if (text === '' || !actions.say(text)) return;
    message.value = '';
    resize();
  });

  const name = find('name', HTMLInputElement);
  name.maxLength = LIMITS.name;
  name.addEventListener('change', () => actions.rename(cleanName(name.value, LIMITS.name)));
  onSubmit('name-form', () => name.blur());

  const room = find('room', HTMLInputElement);
  room.maxLength = LIMITS.room;
  onSubmit('room-form', () => {
    const wanted = cleanRoom(room.value);
    room.value = '';
    if (wanted !== '') actions.join(wanted);
  });
}

function onSubmit(id: string, act: () => void): void {
  find(id, HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    act();
  });
}
