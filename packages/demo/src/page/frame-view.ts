/** One frame in detail: its bytes, the RFC's diagram with its bits, its fields in words, and its payload. */
import { clock, el } from './dom.ts';
import { type Explained, isPrintable, WAY } from './explain.ts';
import { bytesOf, count, type Field, hex, hexByte, inflatedTo, OPCODES } from './fields.ts';

/** How many bytes of a payload are shown individually. */
const MAX_BYTES = 256;

const RFC = 'https://www.rfc-editor.org/rfc/rfc';

/** An element on the screen that represents the bits `from` to `to - 1` of the frame. */
interface Part {
  readonly element: HTMLElement;
  readonly from: number;
  readonly to: number;
}

/** Creates the view of a frame. Pointing at a part, or focusing a field, highlights every element for the same bits. */
export function frameView(frame: Explained, remark: string): HTMLElement {
  const parts: Part[] = [];
  const part = <Kind extends HTMLElement>(element: Kind, from: number, to: number): Kind => {
    parts.push({ element, from, to });
    return element;
  };
  const formula = el('output', { class: 'formula' });
  const view = el(
    'article',
    { class: frame.fields.some(({ broken }) => broken) ? 'frame faulty' : 'frame' },
    title(frame, remark),
    frame.illegal !== '' && el('p', { class: 'illegal' }, frame.illegal),
    section('Bytes on the wire', '5.2', wireBytes(frame, part)),
    section('Header, as RFC 6455 draws it', '5.2', diagram(frame, part)),
    section('Fields', undefined, fieldTable(frame, part)),
    frame.payload.length > 0 && section('Payload', undefined, payloadView(frame, part)),
    formula,
  );
  lightUp(view, parts, frame, formula);
  return view;
}

type AddPart = <Kind extends HTMLElement>(element: Kind, from: number, to: number) => Kind;

function title({ header, direction, time, bytes, size }: Explained, remark: string): HTMLElement {
  const name = header === undefined ? 'illegal' : OPCODES[header.opcode].name;
  const total = header === undefined ? bytes.length : size + header.length;
  return el(
    'header',
    { class: 'frame-title' },
    el('h3', {}, el('span', { class: 'opcode', 'data-opcode': name }, name), ` ${WAY[direction]}`),
    el('p', {}, `${bytesOf(total)} at ${clock(time, true)}${remark === '' ? '' : `, ${remark}`}`),
  );
}

function section(heading: string, rfc: string | undefined, ...children: HTMLElement[]): HTMLElement {
  return el(
    'section',
    {},
    el('h4', {}, heading, rfc !== undefined && ' ', rfc !== undefined && rfcLink(rfc)),
    ...children,
  );
}

function rfcLink(number: string, rfc = 6455): HTMLElement {
  const title = `Section ${number} of RFC ${rfc}`;
  const href = `${RFC}${rfc}#section-${number}`;
  const text = rfc === 6455 ? `§${number}` : `${rfc} §${number}`;
  return el('a', { href, target: '_blank', rel: 'noreferrer', title }, text);
}

function wireBytes({ bytes, fields, header, size }: Explained, part: AddPart): HTMLElement {
  const box = el('div', { class: 'bytes' });
  for (const [index, byte] of bytes.subarray(0, size + MAX_BYTES).entries()) {
    const [high, low] = hexByte(byte);
    if (index === 0) {
      // The two hexadecimal digits of the first byte are the RFC's division: four flags and the opcode.
      const flags = part(el('span', mark(fields, 0, 4), high), 0, 4);
      box.append(el('span', { class: 'byte' }, flags, part(el('span', mark(fields, 4, 8), low), 4, 8)));
    } else {
      const [from, to] = [8 * index, 8 * index + 8];
      box.append(part(el('span', { class: 'byte', ...mark(fields, from, to) }, hexByte(byte)), from, to));
    }
  }
  const total = header === undefined ? bytes.length : size + header.length;
  return withRest(box, total - Math.min(bytes.length, size + MAX_BYTES));
}

type Attributes = Readonly<Record<string, string>>;

/** Returns the attributes of bits of several fields: those of the one that breaks a rule, or else of FIN, or of the last. */
function mark(fields: readonly Field[], from: number, to: number): Attributes {
  const all = fields.filter((field) => field.from < to && from < field.to);
  const broken = all.find((field) => field.broken);
  return attributes(broken ?? (from === 0 ? all[0] : all.at(-1)) ?? { id: 'payload' });
}

const attributes = ({ id, broken }: Pick<Field, 'id' | 'broken'>): Attributes => ({
  'data-field': id,
  ...(broken && { 'data-broken': '' }),
});

function withRest(box: HTMLElement, left: number): HTMLElement {
  if (left > 0) box.append(el('span', { class: 'rest' }, ` … ${count(left)} more`));
  return box;
}

/** Draws the diagram of RFC 6455 5.2: 32 bits a row. */
function diagram({ fields, bytes }: Explained, part: AddPart): HTMLElement {
  const grid = el('div', { class: 'diagram', 'aria-hidden': 'true' });
  for (let bit = 0; bit < 32; bit++) grid.append(el('span', { class: 'ruler' }, String(bit % 10)));
  for (const field of fields.flatMap(diagramFields)) {
    // A field that continues in the next row is drawn once in each row; two rows suffice for a long payload.
    const end =
      field.id === 'payload' || field.id === 'unread'
        ? Math.min(field.to, 32 * (Math.floor(field.from / 32) + 2))
        : field.to;
    for (let from = field.from; from < end; ) {
      const to = Math.min(end, 32 * (Math.floor(from / 32) + 1));
      const continued = from > field.from ? ' continued' : '';
      const cell = el('span', { class: `cell${to - from === 1 ? ' bit' : ''}`, ...attributes(field) });
      cell.append(el('small', {}, field.name + continued), el('b', {}, cellValue(field, bytes, from, to)));
      cell.style.gridColumn = `${(from % 32) + 1} / span ${to - from}`;
      grid.append(part(cell, from, to));
      from = to;
    }
  }
  return grid;
}

/** Returns cells for the three reserved bits. */
function diagramFields(field: Field): Field[] {
  if (field.id !== 'rsv') return [field];
  return [0, 1, 2].map((n) => {
    const at = field.from + n;
    return { ...field, name: `RSV${n + 1}`, from: at, to: at + 1, value: field.value.charAt(n) };
  });
}

function cellValue({ id, value, from: start, to: stop }: Field, bytes: Uint8Array, from: number, to: number): string {
  if (id === 'fin' || id === 'rsv' || id === 'mask') return value;
  if (id === 'opcode' || id === 'length') {
    const byte = bytes[from >> 3] ?? 0;
    const bits = byte.toString(2).padStart(8, '0');
    return bits.slice(from % 8, (from % 8) + to - from);
  }
  if (id === 'extended' && stop - start === 16) return value;
  const row = bytes.subarray(from >> 3, to >> 3);
  return row.length < (to - from) / 8 ? `${hex(row)} …` : hex(row);
}

function fieldTable({ fields }: Explained, part: AddPart): HTMLElement {
  const head = el('tr', {});
  for (const name of ['Field', 'Bits', 'Value', 'Meaning', 'RFC']) head.append(el('th', { scope: 'col' }, name));
  const body = el('tbody');
  for (const field of fields) {
    const { name, from, to, value, meaning } = field;
    const row = el(
      'tr',
      { tabindex: 0, ...attributes(field) },
      el('th', { scope: 'row' }, el('i', { class: 'swatch' }), name),
      el('td', { class: 'bits' }, to - from === 1 ? String(from) : `${count(from)}–${count(to - 1)}`),
      el('td', { class: 'value' }, value),
      el('td', { class: 'meaning' }, meaning),
      el('td', {}, rfcLink(field.section, field.rfc)),
    );
    body.append(part(row, from, to));
  }
  return el('div', { class: 'table' }, el('table', {}, el('thead', {}, head), body));
}

function payloadView({ header, payload, inflated, content, isText, size }: Explained, part: AddPart): HTMLElement {
  const box = el('div', { class: 'payload-view' });
  if (header?.masked === true) {
    const plain = el('div', { class: 'bytes' });
    for (const [index, byte] of payload.subarray(0, MAX_BYTES).entries()) {
      const at = 8 * (size + index);
      plain.append(part(el('span', { class: 'byte', 'data-field': 'payload' }, hexByte(byte)), at, at + 8));
    }
    withRest(plain, header.length - Math.min(payload.length, MAX_BYTES));
    box.append(el('p', { class: 'hint' }, 'Unmasked: each byte XORed with its byte of the key'), plain);
  }
  if (inflated !== undefined && inflated.problem !== '') {
    box.append(el('p', { class: 'illegal' }, `Not inflated: ${inflated.problem}.`));
    return box;
  }
  if (inflated !== undefined) {
    box.append(el('p', { class: 'hint inflated' }, `Inflated: ${inflatedTo(inflated.frame)}`));
  }
  if (isText || isPrintable(content)) {
    box.append(el('p', { class: 'hint' }, isText ? 'As text' : 'As ASCII'));
    box.append(el('pre', { tabindex: 0 }, prettify(new TextDecoder().decode(content))));
    const left = (inflated?.frame.inflated ?? content.length) - content.length;
    if (left > 0) box.append(el('p', { class: 'hint' }, `… ${count(left)} bytes more`));
  } else if (inflated !== undefined) {
    const plain = el('div', { class: 'bytes' });
    for (const byte of content.subarray(0, MAX_BYTES)) plain.append(el('span', { class: 'byte' }, hexByte(byte)));
    box.append(withRest(plain, inflated.frame.inflated - Math.min(content.length, MAX_BYTES)));
  } else if (header?.masked === false) {
    box.append(el('p', { class: 'hint' }, 'Not text: the bytes above are all there is to see.'));
  }
  return box;
}

/** Formats JSON on several lines; other text is left unchanged. */
function prettify(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function lightUp(view: HTMLElement, parts: readonly Part[], frame: Explained, formula: HTMLElement): void {
  const of = new Map(parts.map((part) => [part.element, part]));
  const find = (target: EventTarget | null): Part | undefined => {
    for (let at = target instanceof HTMLElement ? target : null; at !== null && at !== view; at = at.parentElement) {
      const part = of.get(at);
      if (part !== undefined) return part;
    }
    return undefined;
  };
  const show = (lit: Part | undefined): void => {
    const key = lit && keyByte(lit, frame);
    for (const { element, from, to } of parts) {
      const on = [lit, key].some((range) => range !== undefined && from < range.to && range.from < to);
      element.classList.toggle('lit', on);
    }
    formula.textContent = lit === undefined || key === undefined ? '' : xor(lit, key, frame);
  };
  view.addEventListener('pointerover', ({ target }) => show(find(target)));
  view.addEventListener('pointerleave', () => show(undefined));
  view.addEventListener('focusin', ({ target }) => show(find(target)));
  view.addEventListener('focusout', () => show(undefined));
}

/** Returns the byte of the masking key for a byte of the payload. */
function keyByte({ from, to }: Part, { header, size }: Explained): Omit<Part, 'element'> | undefined {
  if (header?.masked !== true || from < 8 * size || to - from !== 8) return undefined;
  const at = 8 * (size - 4 + ((from / 8 - size) % 4));
  return { from: at, to: at + 8 };
}

function xor(lit: Part, key: Omit<Part, 'element'>, { bytes, payload, size }: Explained): string {
  const index = lit.from / 8 - size;
  const plain = payload[index] ?? 0;
  const [wire, mask] = [hexByte(bytes[lit.from / 8] ?? 0), hexByte(bytes[key.from / 8] ?? 0)];
  const letter = plain > 0x20 && plain < 0x7f ? ` “${String.fromCharCode(plain)}”` : '';
  return `byte ${index}: ${wire} ⊕ ${mask} = ${hexByte(plain)}${letter}`;
}
