/** The record of a connection, frame by frame, for whoever reads a report. */
import { hex } from '../wire/bytes.ts';
import { type Frame, FrameReader } from '../wire/frames.ts';

/** One line of the record. */
export interface Entry {
  /** Milliseconds since the connection began. */
  readonly at: number;
  readonly from: 'suite' | 'implementation' | 'runner';
  readonly what: string;
  /** The first bytes in hexadecimal: of the frame, or only of its payload when it was received. */
  readonly bytes?: string;
}

const NAMES: Readonly<Record<number, string>> = {
  0: 'Continuation',
  1: 'Text',
  2: 'Binary',
  8: 'Close',
  9: 'Ping',
  10: 'Pong',
};
/** The most bytes of a frame, frames of one step, and lines of a connection that are kept. */
const [BYTES, FRAMES, LINES] = [48, 6, 60];
/** More bytes in one step are not taken apart. */
const WHOLE = 2 ** 18;

/** Records one connection. */
export class Wire {
  readonly #start: number;
  readonly entries: Entry[] = [];

  constructor(start: number) {
    this.#start = start;
  }

  note(now: number, what: string): void {
    this.#add(now, 'runner', what);
  }

  head(now: number, text: string, from: Entry['from'] = 'implementation'): void {
    this.#add(now, from, text.length > 2000 ? `${text.slice(0, 2000)}…` : text);
  }

  received(now: number, frame: Frame): void {
    if (this.entries.length <= LINES) this.#add(now, 'implementation', describe(frame), frame.payload);
  }

  sent(now: number, bytes: Uint8Array, about?: string): void {
    if (about !== undefined) {
      this.#add(now, 'suite', about, /^[A-Z]/.test(about) ? undefined : bytes);
      return;
    }
    if (bytes.length > WHOLE) {
      this.#add(now, 'suite', `${bytes.length} bytes`, bytes);
      return;
    }
    const reader = new FrameReader();
    reader.push(bytes);
    for (let i = 0, start = 0; i < FRAMES; i++) {
      const before = reader.waiting;
      const frame = reader.next();
      if (frame === undefined) {
        if (before > 0)
          this.#add(now, 'suite', `${bytes.length - start} bytes that are no whole frame yet`, bytes.subarray(start));
        return;
      }
      const end = start + before - reader.waiting;
      this.#add(now, 'suite', describe(frame), bytes.subarray(start, end));
      start = end;
      if (i === FRAMES - 1 && start < bytes.length) this.#add(now, 'suite', `and ${bytes.length - start} bytes more`);
    }
  }

  #add(now: number, from: Entry['from'], what: string, bytes?: Uint8Array): void {
    if (this.entries.length > LINES) return;
    if (this.entries.length === LINES) what = '… and more, which is not recorded';
    const at = Math.round(now - this.#start);
    const shown = bytes === undefined ? undefined : hex(bytes.subarray(0, BYTES)) + (bytes.length > BYTES ? '…' : '');
    this.entries.push(shown === undefined ? { at, from, what } : { at, from, what, bytes: shown });
  }
}

function describe({ opcode, final, rsv, key, payload }: Frame): string {
  const about = [
    NAMES[opcode] ?? `opcode ${opcode}`,
    ...(final ? [] : ['not final']),
    ...(rsv === 0 ? [] : [`RSV ${rsv.toString(2).padStart(3, '0')}`]),
    `${payload.length} bytes`,
    ...(key === undefined ? [] : [`key ${hex(key)}`]),
  ];
  if (opcode === 8 && payload.length > 1) about.push(`code ${((payload[0] ?? 0) << 8) | (payload[1] ?? 0)}`);
  return about.join(', ');
}
