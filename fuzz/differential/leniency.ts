/** Explains disagreements about a head: the peer lacks a rule of ours, or cannot read what we accept. */
import type { HandshakeRuleName } from '../../packages/core/src/index.ts';
import type { Answer } from './handshake.ts';

/** Our rules whose breach a peer accepts. */
export const ACCEPTED: Readonly<Partial<Record<HandshakeRuleName, readonly string[]>>> = {
  'request-malformed': ['ws', 'websocket-driver', 'wsproto'],
  'target-form': ['ws', 'websocket-driver', 'wsproto'],
  'http-version': ['ws', 'websocket-driver', 'wsproto'],
  'request-body': ['ws', 'websocket-driver', 'wsproto'],
  'host-field': ['ws', 'websocket-driver', 'wsproto'],
  'upgrade-field': ['websocket-driver'],
  'connection-field': ['websocket-driver'],
  'version-field': ['wsproto'],
  'version-unsupported': ['ws'],
  'key-field': ['websocket-driver', 'wsproto'],
  'protocol-field': ['websocket-driver', 'wsproto'],
  'extensions-field': ['ws', 'websocket-driver', 'wsproto'],
  'origin-refused': ['ws', 'websocket-driver', 'wsproto'],
  'response-malformed': ['ws', 'websocket-driver', 'wsproto'],
  'response-upgrade': ['websocket-driver', 'wsproto'],
  'response-connection': ['websocket-driver'],
  'response-accept': ['wsproto'],
  'response-protocol': ['websocket-driver'],
};

/** A head that we accept and a peer refuses. */
export interface Refusal {
  readonly name: string;
  /** The RFC section that requires us to accept it. */
  readonly section: string;
  readonly peers: readonly string[];
  recognises(head: string): boolean;
}

const lines = (head: string, name: string): string[] =>
  [...head.matchAll(new RegExp(`^${name}:(.*)\\r$`, 'gim'))].map(([, value]) => value ?? '');

export const REFUSED: readonly Refusal[] = [
  {
    name: 'Upgrade may be a list, in one line or several',
    section: 'RFC 9110 7.8',
    peers: ['ws', 'websocket-driver', 'wsproto'],
    recognises: (head) => {
      const [first, ...more] = lines(head, 'upgrade');
      return more.length > 0 || !/^[ \t]*websocket[ \t]*$/i.test(first ?? '');
    },
  },
  {
    name: 'Connection may be several lines',
    section: 'RFC 9110 5.3',
    peers: ['wsproto'],
    recognises: (head) => lines(head, 'connection').length > 1,
  },
  {
    name: 'Connection of a response may be a list',
    section: 'RFC 9110 7.6.1',
    peers: ['websocket-driver'],
    recognises: (head) => {
      const [first, ...more] = lines(head, 'connection');
      return head.startsWith('HTTP/') && (more.length > 0 || !/^[ \t]*upgrade[ \t]*$/i.test(first ?? ''));
    },
  },
  {
    name: 'a tab is optional whitespace',
    section: 'RFC 9110 5.6.3',
    peers: ['ws'],
    recognises: (head) =>
      [...lines(head, 'connection'), ...lines(head, 'content-length')].some((line) => line.includes('\t')),
  },
  {
    name: 'a field value may contain bytes beyond ASCII',
    section: 'RFC 9110 5.5',
    peers: ['websocket-driver', 'wsproto'],
    recognises: (head) => /[\x80-\xff]/.test(head),
  },
  {
    name: 'HTTP/1.2 would be compatible with HTTP/1.1',
    section: 'RFC 9110 2.5',
    peers: ['ws'],
    recognises: (head) => /^(GET [^ ]+ )?HTTP\/1\.[2-9]( .*)?\r$/m.test(head),
  },
  {
    name: 'an empty line before a request is ignored',
    section: 'RFC 9112 2.2',
    peers: ['wsproto'],
    recognises: (head) => /^\r\n(?!HTTP)/.test(head),
  },
  {
    name: 'a folded line in a response continues the value',
    section: 'RFC 9112 5.2',
    peers: ['ws'],
    recognises: (head) => head.startsWith('HTTP/') && /\r\n[ \t]/.test(head),
  },
];

/** Returns the rule or refusal that explains why a peer answers a head differently. */
export function explainAnswer(peer: string, head: Uint8Array, ours: Answer): string | undefined {
  const text = Buffer.from(head).toString('latin1');
  return ours.accept === undefined
    ? Object.entries(ACCEPTED).find(([rule, peers]) => rule === ours.why && peers.includes(peer))?.[0]
    : REFUSED.find(({ peers, recognises }) => peers.includes(peer) && recognises(text))?.name;
}
