/** The live list of frames in both directions, as they were on the wire, and the details of a selected one. */
import { Opcode } from '@sockless/core';
import type { Direction, MirroredFrame, TapMessage } from '../protocol.ts';
import { clock, el, find, keepAtEnd } from './dom.ts';
import { type Explained, explain, WAY } from './explain.ts';
import { count, hex, hexByte, OPCODES } from './fields.ts';
import { frameView } from './frame-view.ts';
import { type Inflation, ratio } from './inflation.ts';

/** How many entries are kept. */
const MAX_ENTRIES = 300;

/** How many bytes of a frame a row shows. */
const ROW_BYTES = 8;

/** A row of the list. */
interface Entry {
  readonly row: HTMLElement;
  readonly direction: Direction | undefined;
  /** The frame; undefined for notes between frames: handshakes, ends, gaps. */
  readonly frame: Explained | undefined;
  readonly view: () => HTMLElement;
}

/** The subject of a note: the opening handshake, a gap, the end of a connection. */
type NoteKind = 'handshake' | 'gap' | 'end';

/** The interface of the inspector for the rest of the page. */
export interface Inspector {
  /** `inflation` belongs to the frame's connection. */
  frame(frame: MirroredFrame, inflation: Inflation): void;
  tap(message: TapMessage, inflation: Inflation): void;
  /** Adds a note between the frames. */
  note(title: string, text: string, kind: NoteKind, direction?: Direction): void;
}

export function createInspector(): Inspector {
  const list = find('frames', HTMLElement);
  const detail = find('detail', HTMLElement);
  const pause = find('pause', HTMLButtonElement);
  const direction = find('filter-direction', HTMLSelectElement);
  const opcode = find('filter-opcode', HTMLSelectElement);
  const totals = find('totals', HTMLElement);

  let entries: Entry[] = [];
  let held: Entry[] = [];
  let paused = false;
  let number = 0;
  /** The selected entry, which stays visible; without one, the details follow what this page sends. */
  let chosen: Entry | undefined;
  let shown: Entry | undefined;
  const seen = { up: { frames: 0, bytes: 0 }, down: { frames: 0, bytes: 0 } };
  const compressed = { packed: 0, inflated: 0 };
  const message: Record<Direction, Opcode> = { up: Opcode.Binary, down: Opcode.Binary };
  const ping: Record<Direction, { payload: string; time: number }> = {
    up: { payload: '', time: 0 },
    down: { payload: '', time: 0 },
  };

  const matches = ({ direction: way, frame }: Entry): boolean => {
    if (way !== undefined && direction.value !== 'all' && direction.value !== way) return false;
    if (opcode.value === 'all') return true;
    const code = frame?.header?.opcode;
    if (code === undefined) return false;
    if (opcode.value === 'data') return code < Opcode.Close;
    if (opcode.value === 'control') return code >= Opcode.Close;
    return OPCODES[code].name === opcode.value;
  };

  const show = (entry: Entry | undefined): void => {
    if (entry === shown) return;
    shown?.row.setAttribute('aria-selected', 'false');
    shown = entry;
    if (entry === undefined) {
      list.removeAttribute('aria-activedescendant');
      detail.replaceChildren(el('p', { class: 'empty' }, 'Choose a frame to see what each of its bits means.'));
      return;
    }
    entry.row.setAttribute('aria-selected', 'true');
    list.setAttribute('aria-activedescendant', entry.row.id);
    detail.replaceChildren(entry.view());
    detail.scrollTop = 0;
  };

  const choose = (entry: Entry | undefined): void => {
    chosen = entry;
    if (entry === undefined) return;
    show(entry);
    entry.row.scrollIntoView({ block: 'nearest' });
  };

  const append = (added: readonly Entry[]): void => {
    keepAtEnd(list, () => {
      for (const entry of added) {
        entry.row.hidden = !matches(entry);
        list.append(entry.row);
        entries.push(entry);
        const { frame } = entry;
        if (chosen === undefined && entry.direction === 'up' && frame?.header?.opcode === Opcode.Text) show(entry);
      }
      for (const entry of entries.splice(0, entries.length - MAX_ENTRIES)) {
        entry.row.remove();
        if (entry === chosen) chosen = undefined;
      }
    });
  };

  const add = (entry: Entry): void => {
    if (paused) {
      held.push(entry);
      held = held.slice(-MAX_ENTRIES);
      pause.textContent = `Resume (${held.length})`;
    } else append([entry]);
  };

  const showTotals = (): void => {
    const share = ratio(compressed);
    totals.textContent = `↑ ${count(seen.up.frames)}  ↓ ${count(seen.down.frames)}${share === '' ? '' : `  deflate ${share}`}`;
    const sizes = `${size1000(compressed.packed)} for ${size1000(compressed.inflated)} of compressed messages`;
    totals.title =
      `${size1000(seen.up.bytes)} to the server, ${size1000(seen.down.bytes)} to this page` +
      (share === '' ? '' : `; ${sizes}`);
  };

  const frame = (mirrored: MirroredFrame, inflation: Inflation): void => {
    const way = mirrored.direction;
    const explained = explain(mirrored, message[way], inflation[way]);
    const { header, size, payload, inflated } = explained;
    if (header !== undefined && header.opcode < Opcode.Close && header.opcode !== Opcode.Continuation) {
      message[way] = header.opcode;
    }
    let remark = '';
    if (header?.opcode === Opcode.Ping) ping[way] = { payload: hex(payload), time: mirrored.time };
    if (header?.opcode === Opcode.Pong) {
      const { payload: asked, time } = ping[way === 'up' ? 'down' : 'up'];
      if (asked === hex(payload)) remark = `${(mirrored.time - time).toFixed(1)} ms after the Ping frame it answers`;
    }
    seen[way].frames++;
    seen[way].bytes += size + (header?.length ?? 0);
    if (inflated?.problem === '') {
      compressed.packed += inflated.frame.packed;
      compressed.inflated += inflated.frame.inflated;
    }
    showTotals();
    const row = frameRow(++number, explained);
    add({ row, direction: way, frame: explained, view: () => frameView(explained, remark) });
  };

  const note: Inspector['note'] = (title, text, kind, way) => {
    const row = el('div', {
      class: `row note ${kind}`,
      role: 'option',
      id: `entry-${++number}`,
      'aria-selected': 'false',
    });
    row.append(
      el('span', { class: 'way' }, way === undefined ? '■' : ARROWS[way]),
      el('span', { class: 'preview' }, title),
    );
    const view = (): HTMLElement =>
      el('article', { class: 'frame' }, el('header', { class: 'frame-title' }, el('h3', {}, title)), noteText(text));
    add({ row, direction: way, frame: undefined, view });
  };

  const tap = (event: TapMessage, inflation: Inflation): void => {
    if (event.type === 'handshake') {
      inflation.handshake(event.direction, event.head);
      const [title = ''] = event.head.split('\r\n');
      note(title, event.head.replaceAll('\r\n', '\n'), 'handshake', event.direction);
    } else if (event.type === 'dropped') {
      inflation.dropped();
      note(`${count(event.frames)} frames left out`, 'The page was too slow for them.', 'gap');
    } else if (event.type === 'end') {
      const facts = `Close code ${event.code}, ${event.clean ? 'a clean end' : 'not a clean end'}.`;
      note(`The server says: ${event.summary}`, facts, 'end');
    }
  };

  const refilter = (): void => {
    for (const entry of entries) entry.row.hidden = !matches(entry);
    list.scrollTop = list.scrollHeight;
  };
  direction.addEventListener('change', refilter);
  opcode.addEventListener('change', refilter);
  pause.addEventListener('click', () => {
    paused = !paused;
    pause.setAttribute('aria-pressed', String(paused));
    pause.textContent = paused ? 'Resume' : 'Pause';
    append(held.splice(0));
  });
  find('clear', HTMLButtonElement).addEventListener('click', () => {
    list.replaceChildren();
    entries = [];
    held = [];
    choose(undefined);
    show(undefined);
  });
  list.addEventListener('click', ({ target }) => {
    const row = target instanceof Element ? target.closest('.row') : null;
    choose(entries.find((entry) => entry.row === row));
  });
  list.addEventListener('keydown', (event) => {
    const visible = entries.filter(({ row }) => !row.hidden);
    const at = shown === undefined ? visible.length : visible.indexOf(shown);
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: visible.length - 1,
      PageDown: at + 10,
      PageUp: at - 10,
    }[event.key];
    if (event.key === 'Escape') choose(undefined);
    if (to === undefined) return;
    event.preventDefault();
    choose(visible[Math.max(0, Math.min(to, visible.length - 1))]);
  });
  show(undefined);
  return { frame, tap, note };
}

const ARROWS = { up: '↑', down: '↓' } as const;

function frameRow(number: number, frame: Explained): HTMLElement {
  const { direction, header, bytes, size, inflated, preview, time } = frame;
  const name = header === undefined ? 'illegal' : OPCODES[header.opcode].name;
  const length = header === undefined ? '' : `${count(header.length)} B`;
  const share = inflated === undefined ? '' : ratio(inflated.frame);
  const shorter = inflated !== undefined && inflated.frame.packed < inflated.frame.inflated;
  const label = `${WAY[direction]}, ${name} frame${header?.final === false ? ', not final' : ''}, ${length}${share === '' ? '' : ` compressed to ${share}`} ${preview}`;
  return el(
    'li',
    { class: `row ${direction}`, role: 'option', id: `entry-${number}`, 'aria-selected': 'false', 'aria-label': label },
    el('span', { class: 'way', title: WAY[direction] }, ARROWS[direction]),
    el('span', { class: 'opcode', 'data-opcode': name }, name, header?.final === false && '…'),
    el('span', { class: 'length' }, length),
    el('span', { class: `ratio${shorter ? ' shorter' : ''}`, title: share && `Compressed to ${share}` }, share),
    rowBytes(bytes, size, header?.masked === true),
    el('span', { class: 'preview' }, preview),
    el('time', {}, clock(time, true)),
  );
}

function rowBytes(bytes: Uint8Array, size: number, masked: boolean): HTMLElement {
  const key = masked ? size - 4 : size;
  const part = (id: string, from: number, to: number): HTMLElement | undefined => {
    const text = Array.from(bytes.subarray(from, Math.min(to, ROW_BYTES)), hexByte).join(' ');
    return text === '' ? undefined : el('span', { 'data-field': id }, `${text} `);
  };
  return el(
    'code',
    { class: 'hex' },
    part('fin', 0, 1),
    part('length', 1, 2),
    part('extended', 2, key),
    part('key', key, size),
    part('payload', size, ROW_BYTES),
    bytes.length > ROW_BYTES && '…',
  );
}

function noteText(text: string): HTMLElement {
  return text.includes('\n') ? el('pre', { tabindex: 0 }, text.trimEnd()) : el('p', {}, text);
}

const size1000 = (bytes: number): string => (bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`);
