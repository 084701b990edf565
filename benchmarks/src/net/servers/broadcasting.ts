/**
 * The common part of the servers that broadcast: the message, as text and as bytes, and the question that asks for it.
 */
import { type Kind, payload } from '../../codec/inputs.ts';

/** Asks a server to send a message to all its connections, once. */
export interface BroadcastQuestion {
  readonly about: 'broadcast';
  readonly kind: Kind;
  /** The length of the message in bytes. */
  readonly size: number;
  /** Whether its connections have negotiated compression. */
  readonly compressed: boolean;
}

/** The message. */
export interface Message {
  /** Undefined if it is binary. */
  readonly text: string | undefined;
  readonly bytes: Buffer;
  readonly compressed: boolean;
}

const messages = new Map<string, Message>();

/** Returns the message that is asked for. It is made once, so that making it is not measured. */
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
