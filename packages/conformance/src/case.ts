/** A case as data: what is sent, what must come back, and how the connection must stand at the end. */

/**
 * How much a failure weighs. `must`: the RFC says MUST, or the peers can no longer understand each other. `should`: the RFC recommends
 * it, or forbids the sender something and leaves the receiver free. `may`: the RFC allows either, and only one is useful.
 * `hardening`: no sentence of the RFC, but an advisory or a measured fault of an implementation.
 */
export type Severity = 'must' | 'should' | 'may' | 'hardening';

/** All severities, the weightiest first. */
export const SEVERITIES: readonly Severity[] = ['must', 'hardening', 'should', 'may'];

/** A role of RFC 6455. */
export type Role = 'client' | 'server';

/** Bytes in a row: hexadecimal digits, or such digits repeated. */
export type Part = string | { readonly repeat: string; readonly times: number };

/** Bytes, short to write down however many they are. */
export type Bytes = readonly Part[];

/** What an implementation is to send: a whole message, however it is fragmented or compressed, or a control frame. */
export interface Item {
  readonly type: 'text' | 'binary' | 'ping' | 'pong' | 'close';
  /** Of a Close frame: its code and reason. */
  readonly payload: Bytes;
  /** Set where it may be left out: a Pong frame that a later one stands for (5.5.3). */
  readonly optional?: true;
}

/** One step of a script. Times are in milliseconds. */
export type Step =
  | {
      /**
       * The opening handshake. Of a server, `extensions` is offered; of a client, it is the answer. `needs` is a part of the
       * extensions that the other side must have named, or else the case does not apply.
       */
      readonly do: 'open';
      readonly extensions?: string;
      readonly needs?: string;
    }
  | {
      /** Sends the head of a request or a response as Latin-1. `{host}`, `{path}` and `{accept}` stand for what only the run knows. */
      readonly do: 'head';
      readonly head: string;
      /** As in `open`, of a client. */
      readonly needs?: string;
      /** The size of the chunks that it is cut into. */
      readonly cut?: number;
    }
  | {
      readonly do: 'send';
      readonly bytes: Bytes;
      /** The size of the chunks that the bytes are cut into. */
      readonly cut?: number;
      /** Where the bytes are cut once. */
      readonly at?: number;
      /** The pause after each chunk. */
      readonly every?: number;
      /** Set when the bytes before decide the case, and the other side may end while these are sent. */
      readonly unread?: true;
    }
  | { readonly do: 'receive'; readonly items: readonly Item[]; readonly within?: number }
  | { readonly do: 'silence'; readonly for: number }
  | { readonly do: 'wait'; readonly for: number }
  | { readonly do: 'half-close' }
  | { readonly do: 'drop' };

/** How a connection must stand after the script. */
export type Expectation =
  /** It is open: another message is echoed, and then a Close frame answered. */
  | { readonly end: 'alive' }
  /** The implementation fails it: perhaps a Close frame with one of the codes, and then the end. */
  | { readonly end: 'failed'; readonly codes: readonly number[]; readonly within?: number }
  /** The implementation answers our Close frame, with this code where it has one, and ends. */
  | { readonly end: 'closed'; readonly code?: number }
  /** The transport ends. */
  | { readonly end: 'ended'; readonly within?: number }
  /** A server answers with another status than 101, of these if there are any; a client gives up. */
  | {
      readonly end: 'refused';
      readonly statuses?: readonly number[];
      /** Header fields that the response must have, in lower case, with what they must contain. */
      readonly fields?: Readonly<Record<string, string>>;
      readonly within?: number;
    }
  /** A server accepts the request, a client the response, and messages are echoed. */
  | { readonly end: 'opened'; readonly extensions?: Extensions }
  /** The implementation may wait, refuse or end, and must not take what was sent for something else. */
  | { readonly end: 'untouched' }
  /** Whatever became of it: another connection must work. */
  | { readonly end: 'survived' };

/** What a server must, and must not, answer to an offer of extensions. */
export interface Extensions {
  /** Whether permessage-deflate must be declined, or must be accepted. Otherwise either will do. */
  readonly accepted?: boolean;
  /** Parameters that the answer must have, with the greatest value of those that have one. */
  readonly has?: Readonly<Record<string, number | true>>;
  /** Parameters that the answer must not have. */
  readonly lacks?: readonly string[];
}

/** A case. */
export interface Case {
  /** `role/family/name`. */
  readonly id: string;
  /** Such as `RFC 6455 5.2`, or an advisory. */
  readonly section: string;
  readonly title: string;
  readonly severity: Severity;
  /** The role of the implementation under test. */
  readonly role: Role;
  readonly script: readonly Step[];
  readonly expect: Expectation;
  /** Whether it takes seconds, or many bytes, by its nature. */
  readonly slow?: true;
}

/** Returns the family of a case: the middle of its id. */
export function familyOf({ id }: Pick<Case, 'id'>): string {
  return id.split('/')[1] ?? '';
}
