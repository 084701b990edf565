/** Explained disagreements: cases where we are stricter or more exact than a peer. */
import type { Summary } from '../../packages/core/test/support.ts';
import type { Disagreement } from './compare.ts';

/** An explanation of disagreements. */
export interface Strictness {
  /** Our behaviour. */
  readonly name: string;
  /** A section of RFC 6455 unless it names another RFC. */
  readonly section: string;
  /** The words of that section that we follow. */
  readonly sentence: string;
  /** What the peers do instead. */
  readonly instead: string;
  readonly peers: readonly string[];
  /** Tells whether it explains a disagreement with one of those peers. */
  recognises(disagreement: Disagreement): boolean;
}

/** The rules about the place of a frame, which are checked before the other rules of the frame. */
const OUT_OF_PLACE: readonly string[] = ['continuation-without-message', 'message-interleaved'];

export const STRICTNESSES: readonly Strictness[] = [
  {
    name: 'a payload length that is not minimal is refused',
    section: '5.2',
    sentence: 'the minimal number of bytes MUST be used to encode the length',
    instead: 'accepts it',
    peers: ['ws', 'websocket-driver', 'undici'],
    recognises: ({ ours, theirs }) => ours.why === 'length-not-minimal' && continues(ours.events, theirs.events),
  },
  {
    name: 'a length with its most significant bit set breaks the protocol',
    section: '5.2',
    sentence: 'the most significant bit MUST be 0',
    instead: 'calls it too big: 1009',
    peers: ['ws', 'websocket-driver', 'undici'],
    recognises: ({ ours, theirs, completed }) =>
      ours.why === 'length-sign-bit' &&
      same(ours.events, theirs.events) &&
      [1009, 'incomplete'].includes(completed.verdict),
  },
  {
    name: 'a client refuses masked frames',
    section: '5.1',
    sentence: 'A client MUST close a connection if it detects a masked frame.',
    instead: 'unmasks them',
    peers: ['websocket-driver'],
    recognises: ({ ours, theirs }) => ours.why === 'masked-frame' && continues(ours.events, theirs.events),
  },
  {
    name: 'an unmasked frame from a client breaks the protocol',
    section: '5.1',
    sentence: 'In this case, a server MAY send a Close frame with a status code of 1002 (protocol error)',
    instead: 'fails with 1003, "cannot accept this type of data"',
    peers: ['websocket-driver'],
    recognises: ({ ours, theirs }) =>
      ['unmasked-frame', ...OUT_OF_PLACE].includes(ours.why ?? '') &&
      same(ours.events, theirs.events) &&
      theirs.verdict === 1003,
  },
  {
    name: 'text fails at its first impossible byte',
    section: '8.1',
    sentence:
      'When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_.',
    instead: 'waits for the end of the message, and answers control frames until then',
    peers: ['ws', 'websocket-driver', 'undici', 'wsproto'],
    // The text is never delivered. Other events are control frames, or a rule that is broken before the end of the text.
    recognises: ({ ours, theirs, completed }) =>
      ours.why === 'invalid-utf8' &&
      continues(ours.events, theirs.events) &&
      behind(ours.events, theirs.events).every(([type]) => ['ping', 'pong', 'close'].includes(type)) &&
      (completed.verdict !== 'ok' || completed.events.at(-1)?.[0] === 'close'),
  },
  {
    name: 'a rule is enforced as soon as the byte that breaks it has arrived',
    section: '10.7',
    sentence:
      'If, at any time, an endpoint is faced with data that it does not understand or that violates some criteria by which the endpoint determines safety of input, […] the endpoint MAY drop the TCP connection.',
    instead: 'waits until the header or the frame is complete',
    peers: ['ws', 'websocket-driver', 'undici', 'wsproto'],
    recognises: ({ ours, theirs, completed }) =>
      theirs.verdict === 'incomplete' && same(ours.events, theirs.events) && completed.verdict === ours.verdict,
  },
  {
    name: 'a misplaced fragment breaks the protocol, however long it is',
    section: '5.4',
    sentence: 'The fragments of one message MUST NOT be interleaved between the fragments of another message',
    instead: 'websocket-driver calls it too big: 1009; wsproto waits for all of its payload',
    peers: ['websocket-driver', 'wsproto'],
    recognises: ({ ours, theirs, completed }) =>
      OUT_OF_PLACE.includes(ours.why ?? '') &&
      same(ours.events, theirs.events) &&
      [1009, 'incomplete'].includes(completed.verdict),
  },
  {
    name: 'a control frame has no extended payload length',
    section: '5.5',
    sentence: 'All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented.',
    instead: 'accepts up to 125 bytes with a length in 16 or 64 bits',
    peers: ['websocket-driver'],
    recognises: ({ ours, theirs }) => ours.why === 'control-too-long' && continues(ours.events, theirs.events),
  },
  {
    name: 'the length of messages is limited',
    section: '10.4',
    sentence:
      'Implementations that have implementation- and/or platform-specific limitations regarding the frame size or total message size after reassembly from multiple frames MUST protect themselves against exceeding those limits.',
    instead: 'leaves it to the application',
    peers: ['wsproto'],
    recognises: ({ ours, theirs }) => ours.verdict === 1009 && continues(ours.events, theirs.events),
  },
  {
    name: 'limits of 2 GiB and more are enforced, and lengths are exact',
    section: '10.4',
    sentence: 'MUST protect themselves against exceeding those limits',
    instead: 'ws has no limit then; websocket-driver rounds lengths of 2^53 bytes and more',
    peers: ['ws', 'websocket-driver'],
    recognises: ({ input, ours, theirs }) =>
      input.limit >= 2 ** 31 && ours.verdict === 1009 && continues(ours.events, theirs.events),
  },
  {
    name: 'control frames between the fragments of a message do not count towards its limit',
    section: '5.4',
    sentence: 'Control frames MAY be injected in the middle of a fragmented message.',
    instead: 'adds the frame to the message',
    peers: ['websocket-driver', 'undici'],
    recognises: ({ input, ours, theirs }) =>
      theirs.verdict === 1009 &&
      input.limit < 2 * 125 &&
      continues(theirs.events, ours.events) &&
      ['ping', 'pong', 'close'].includes(behind(theirs.events, ours.events)[0]?.[0] ?? ''),
  },
  {
    name: 'a Close frame without a code is 1005',
    section: '7.1.5',
    sentence:
      'If this Close control frame contains no status code, _The WebSocket Connection Close Code_ is considered to be 1005.',
    instead: 'reports 1000',
    peers: ['websocket-driver'],
    recognises: ({ ours, theirs }) =>
      same(ours.events.slice(0, -1), theirs.events.slice(0, -1)) &&
      same(ours.events.slice(-1), [['close', 1005, '']]) &&
      same(theirs.events.slice(-1), [['close', 1000, '']]),
  },
  {
    name: 'an invalid Close frame fails the connection',
    section: '7.1.7',
    sentence: 'An endpoint MUST NOT continue to attempt to process data',
    instead: 'treats it as a Close frame with 1002',
    peers: ['websocket-driver'],
    recognises: ({ ours, completed }) =>
      ['close-payload-length', 'close-code', 'close-reason-utf8'].includes(ours.why ?? '') &&
      continues(ours.events, completed.events) &&
      same(
        behind(ours.events, completed.events).map(([type, code]) => [type, code ?? 0]),
        [['close', 1002]],
      ),
  },
  {
    name: 'close codes that IANA has registered since the RFC are accepted',
    section: '7.4.2',
    sentence: 'Status codes in the range 1000-2999 are reserved for definition by this protocol, its future revisions',
    instead: 'websocket-driver treats 1012 to 1014 as 1002, wsproto fails at 1014',
    peers: ['websocket-driver', 'wsproto'],
    recognises: ({ peer, ours, theirs }) => {
      const [type, code] = ours.events.at(-1) ?? [];
      const known = same(ours.events.slice(0, -1), theirs.events.slice(0, ours.events.length - 1));
      if (type !== 'close' || !known) return false;
      return peer === 'wsproto'
        ? code === 1014 && theirs.verdict === 1002
        : [1012, 1013, 1014].includes(Number(code)) && theirs.events.at(-1)?.[1] === 1002;
    },
  },
  {
    name: 'a byte order mark is part of the text',
    section: 'RFC 3629 6',
    sentence:
      'A protocol SHOULD forbid use of U+FEFF as a signature for those textual protocol elements that the protocol mandates to be always UTF-8',
    instead: 'removes it',
    peers: ['undici'],
    recognises: ({ ours, theirs }) =>
      ours.verdict === theirs.verdict && same(ours.events.map(withoutMark), theirs.events),
  },
];

/** Returns the first explanation that fits. */
export function explain(disagreement: Disagreement): Strictness | undefined {
  return STRICTNESSES.find(({ peers, recognises }) => peers.includes(disagreement.peer) && recognises(disagreement));
}

const same = (a: readonly Summary[], b: readonly Summary[]): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Returns the event without the byte order mark at the beginning of its text or reason. */
export const withoutMark = (event: Summary): Summary =>
  event[0] === 'text' || event[0] === 'close'
    ? [event[0], ...event.slice(1).map((fact) => (typeof fact === 'string' ? fact.replace(/^\ufeff/, '') : fact))]
    : event;

/** Tells whether the peer has our events and perhaps more, because it went on where we failed the connection. */
const continues = (ours: readonly Summary[], theirs: readonly Summary[]): boolean =>
  same(ours, theirs.slice(0, ours.length));

const behind = (ours: readonly Summary[], theirs: readonly Summary[]): readonly Summary[] => theirs.slice(ours.length);
