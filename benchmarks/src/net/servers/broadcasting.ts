/** What servers that send to all have in common: the message, as text and as bytes, and the question that asks for it. */
import { type Kind, payload } from '../../codec/inputs.ts';

/** Asks a server to send a message to all its connections, once. */
export interface BroadcastQuestion {
  readonly about: 'broadcast';
  readonly kind: Kind;
  /** In bytes. */
  readonly size: number;
  /** Whether its connections have negotiated compression. */
  readonly compressed: boolean;
}

/** What is sent. */
export interface Message {
  /** Undefined where it is binary. */
  readonly text: string | undefined;
  readonly bytes: Buffer;
  readonly compressed: boolean;
}

const messages = new Map<string, Message>();

/** Returns the message that is asked for: the same each time, so that making it is no part of what is measured. */
export function messageOf({ kind, size, compressed }: BroadcastQuestion): Message {
  const key = [kind, size, compressed].join();
  let message = messages.get(key);
  if (message === undefined) {
    const bytes = payload(kind, size);
    message = { text: kind === 'binary' ? undefined : bytes.toString(), bytes, compressed };
    messages.set(key, message);
  }
  return message;
}
