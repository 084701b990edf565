/** The protocol between page and server: JSON in text messages, and the mirrored frames of the tap. */

/** Limits for visitors' input, in characters (code points) or in number. */
export const LIMITS = { name: 24, room: 24, roomsPerPerson: 12, text: 2000, key: 64 } as const;

/** The recipients of a message: all (broadcast), a room (multicast), or one person (unicast). */
export type Address =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'room'; readonly room: string }
  | { readonly kind: 'person'; readonly person: string };

/** A person who is here. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly rooms: readonly string[];
  /** The heartbeat's last round trip in milliseconds. */
  readonly latency?: number;
}

/** Messages from the page to the server. */
export type ClientMessage =
  /** The first message. `key` is the page's secret; the same key gives the same id after a reconnect. */
  | { readonly type: 'hello'; readonly key: string; readonly name: string; readonly rooms: readonly string[] }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'join'; readonly room: string }
  | { readonly type: 'leave'; readonly room: string }
  /** `ref` is the page's number of the message: it is returned with it, which identifies repetitions. */
  | { readonly type: 'say'; readonly to: Address; readonly text: string; readonly ref: string }
  /** Asks for something to inspect: a message in three fragments with a Ping frame between them. */
  | { readonly type: 'fragments' };

/** Messages from the server to the page. */
export type ServerMessage =
  | { readonly type: 'welcome'; readonly you: string; readonly people: readonly Person[] }
  /** A person arrived or changed. */
  | { readonly type: 'person'; readonly person: Person }
  /** A person left. */
  | { readonly type: 'gone'; readonly id: string }
  | {
      readonly type: 'said';
      readonly from: string;
      readonly to: Address;
      readonly text: string;
      readonly ref: string;
      /** Milliseconds since 1970 on the server's clock. */
      readonly at: number;
    }
  /** Round-trip times of the heartbeat in milliseconds, by person. */
  | { readonly type: 'latencies'; readonly of: Readonly<Record<string, number>> }
  | { readonly type: 'note'; readonly text: string }
  /** A refused request; with `ref`, that message was not delivered. */
  | { readonly type: 'problem'; readonly text: string; readonly ref?: string };

/** Messages of the tap besides frames. */
export type TapMessage =
  /** Use this token in `/chat?tap=…` to have that connection mirrored here. It works once. */
  | { readonly type: 'token'; readonly token: string }
  /** The heads of the opening handshake. */
  | { readonly type: 'handshake'; readonly direction: Direction; readonly head: string }
  /** The page was too slow for this many frames. */
  | { readonly type: 'dropped'; readonly frames: number }
  /** The server's explanation of the end of the connection. */
  | { readonly type: 'end'; readonly code: number; readonly clean: boolean; readonly summary: string };

/** `up` is from the page to the server. */
export type Direction = 'up' | 'down';

/** A frame as it was on the wire. */
export interface MirroredFrame {
  readonly direction: Direction;
  /** When the server's socket saw it: milliseconds since 1970. */
  readonly time: number;
  /** The frame from its first byte on, the end of a long payload left out. */
  readonly bytes: Uint8Array;
}

/** Parses a message of a page; returns `undefined` if it is not one. Cuts what is too long, and removes invisible characters. */
export function parseClientMessage(text: string): ClientMessage | undefined {
  const fields = parseObject(text);
  if (fields === undefined) return undefined;
  switch (fields.type) {
    case 'hello': {
      const [key, name] = [cleanLine(fields.key, LIMITS.key), cleanName(fields.name, LIMITS.name)];
      if (key === '' || name === '' || !Array.isArray(fields.rooms)) return undefined;
      const rooms = fields.rooms.slice(0, LIMITS.roomsPerPerson).map(cleanRoom);
      return { type: 'hello', key, name, rooms: rooms.filter((room) => room !== '') };
    }
    case 'name': {
      const name = cleanName(fields.name, LIMITS.name);
      return name === '' ? undefined : { type: 'name', name };
    }
    case 'join':
    case 'leave': {
      const room = cleanRoom(fields.room);
      return room === '' ? undefined : { type: fields.type, room };
    }
    case 'say': {
      const [to, said, ref] = [parseAddress(fields.to), cleanText(fields.text), cleanLine(fields.ref, LIMITS.key)];
      return to === undefined || said === '' || ref === '' ? undefined : { type: 'say', to, text: said, ref };
    }
    case 'fragments':
      return { type: 'fragments' };
    default:
      return undefined;
  }
}

function parseAddress(value: unknown): Address | undefined {
  if (!isObject(value)) return undefined;
  switch (value.kind) {
    case 'everyone':
      return { kind: 'everyone' };
    case 'room': {
      const room = cleanRoom(value.room);
      return room === '' ? undefined : { kind: 'room', room };
    }
    case 'person': {
      const person = cleanLine(value.person, LIMITS.key);
      return person === '' ? undefined : { kind: 'person', person };
    }
    default:
      return undefined;
  }
}

/** Control characters, line and paragraph separators, marks that reverse the direction of text, lone surrogates. */
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** Characters without width, or blank ones that are not spaces, which would make different names look the same. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]+/gu;

/**
 * Returns a name as one line of at most `max` visible characters, each in its usual form: a wide `Ａ`
 * becomes `A`. Empty when nothing is left.
 */
export function cleanName(value: unknown, max: number): string {
  if (typeof value !== 'string') return '';
  return cleanLine(value.normalize('NFKC').replace(UNSEEN, ''), max);
}

/** Returns a string as one line of at most `max` characters; empty if it is not a string. */
export function cleanLine(value: unknown, max: number): string {
  if (typeof value !== 'string') return '';
  return cut(value.replace(INVISIBLE, ' ').replace(/\s+/g, ' ').trim(), max);
}

/** Returns the name of a room: `'  #Tea Room '` becomes `'tea-room'`. */
export function cleanRoom(value: unknown): string {
  const line = cleanName(value, 4 * LIMITS.room).toLowerCase();
  return cut(line.replace(/^[#\s]+/, '').replace(/\s/g, '-'), LIMITS.room);
}

/** Returns a text that may have line breaks. */
function cleanText(value: unknown): string {
  if (typeof value !== 'string') return '';
  const lines = value.split(/\r\n|\r|\n/).map((line) => line.replace(INVISIBLE, ' '));
  const text = lines.join('\n').trim();
  // Inside a text these characters join emoji; alone they are invisible.
  return text.replace(UNSEEN, '').trim() === '' ? '' : cut(text, LIMITS.text);
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : [...text].slice(0, max).join('').trim();
}

/** Parses a message of the server. It needs no checks, since the server also delivered this program. */
export function parseServerMessage<Message extends ServerMessage | TapMessage>(text: string): Message {
  return JSON.parse(text) as Message;
}

/** Encodes a mirrored frame as a message of the tap: a byte for the direction, eight for the time, then the frame. */
export function encodeMirroredFrame({ direction, time, bytes }: MirroredFrame): Uint8Array {
  const message = new Uint8Array(9 + bytes.length);
  message[0] = direction === 'up' ? 0 : 1;
  new DataView(message.buffer).setFloat64(1, time);
  message.set(bytes, 9);
  return message;
}

/** Decodes the result of {@link encodeMirroredFrame}; the frame is a view. */
export function decodeMirroredFrame(message: ArrayBuffer): MirroredFrame {
  const view = new DataView(message);
  return {
    direction: view.getUint8(0) === 0 ? 'up' : 'down',
    time: view.getFloat64(1),
    bytes: new Uint8Array(message, 9),
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
