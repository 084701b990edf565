/** RFC 6455 5. */
import type { Sentence } from './sentences.ts';

export const CONNECTION: readonly Sentence[] = [
  {
    rfc: 6455,
    section: '5.1',
    words:
      'To avoid confusing network intermediaries (such as intercepting proxies) and for security reasons that are further discussed in Section 10.3, a client MUST mask all frames that it sends to the server (see Section 5.3 for further details). (Note that masking is done whether or not the WebSocket Protocol is …',
    cases: ['server/masking/unmasked-', 'client/masking/fresh-keys'],
  },
  {
    rfc: 6455,
    section: '5.1',
    words: 'A server MUST NOT mask any frames that it sends to the client.',
    cases: ['server/framing/text-'],
  },
  {
    rfc: 6455,
    section: '5.1',
    words: 'A client MUST close a connection if it detects a masked frame.',
    cases: ['client/masking/masked-'],
  },
  {
    rfc: 6455,
    section: '5.2',
    words: '1 bit each MUST be 0 unless an extension is negotiated that defines meanings for non-zero values.',
    cases: ['server/framing/text-', 'client/framing/text-'],
  },
  {
    rfc: 6455,
    section: '5.2',
    words:
      'If a nonzero value is received and none of the negotiated extensions defines the meaning of such a nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_.',
    cases: ['server/reserved/rsv-', 'client/reserved/rsv-'],
  },
  {
    rfc: 6455,
    section: '5.2',
    words: 'If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_.',
    cases: ['server/reserved/opcode-', 'client/reserved/opcode-'],
  },
  {
    rfc: 6455,
    section: '5.2',
    words:
      'If 127, the following 8 bytes interpreted as a 64-bit unsigned integer (the most significant bit MUST be 0) are the payload length.',
    cases: ['server/framing/sign-', 'client/framing/sign-'],
  },
  {
    rfc: 6455,
    section: '5.2',
    words:
      "Note that in all cases, the minimal number of bytes MUST be used to encode the length, for example, the length of a 124-byte-long string can't be encoded as the sequence 126, 0, 124.",
    cases: ['server/framing/padded-', 'client/framing/padded-', 'server/framing/text-', 'client/framing/text-'],
  },
  {
    rfc: 6455,
    section: '5.2',
    words:
      'Any extension MUST specify the length of the "Extension data", or how that length may be calculated, and how the extension use MUST be negotiated during the opening handshake.',
    hidden: 'about those who write extensions',
  },
  {
    rfc: 6455,
    section: '5.2',
    words: '1 bit in length, MUST be 0 unless ; negotiated otherwise frame-rsv2 = %x0 / %x1 ;',
    cases: ['server/reserved/rsv-', 'client/reserved/rsv-'],
  },
  {
    rfc: 6455,
    section: '5.2',
    words: '1 bit in length, MUST be 0 unless ; negotiated otherwise frame-rsv3 = %x0 / %x1 ;',
    cases: ['server/reserved/rsv-', 'client/reserved/rsv-'],
  },
  {
    rfc: 6455,
    section: '5.2',
    words:
      '1 bit in length, MUST be 0 unless ; negotiated otherwise frame-opcode = frame-opcode-non-control / frame-opcode-control / frame-opcode-cont frame-opcode-cont = %x0 ; frame continuation frame-opcode-non-control= %x1 ; text frame / %x2 ; binary frame / %x3-7 ;',
    cases: ['server/reserved/rsv-', 'client/reserved/rsv-'],
  },
  {
    rfc: 6455,
    section: '5.3',
    words: 'A masked frame MUST have the field frame-masked set to 1, as defined in Section 5.2.',
    cases: ['server/masking/unmasked-', 'client/masking/fresh-keys'],
  },
  {
    rfc: 6455,
    section: '5.3',
    words:
      'When preparing a masked frame, the client MUST pick a fresh masking key from the set of allowed 32-bit values.',
    cases: ['client/masking/fresh-keys'],
  },
  {
    rfc: 6455,
    section: '5.3',
    words:
      'The masking key needs to be unpredictable; thus, the masking key MUST be derived from a strong source of entropy, and the masking key for a given frame MUST NOT make it simple for a server/proxy to predict the masking key for a subsequent frame.',
    hidden: 'entropy does not show on the wire; that keys repeat does: client/masking/fresh-keys',
  },
  {
    rfc: 6455,
    section: '5.4',
    words: 'Control frames themselves MUST NOT be fragmented.',
    cases: ['server/control/fragment', 'client/control/fragment'],
  },
  {
    rfc: 6455,
    section: '5.4',
    words: 'Message fragments MUST be delivered to the recipient in the order sent by the sender.',
    cases: ['server/fragmentation/text-', 'client/fragmentation/text-'],
  },
  {
    rfc: 6455,
    section: '5.4',
    words:
      'The fragments of one message MUST NOT be interleaved between the fragments of another message unless an extension has been negotiated that can interpret the interleaving.',
    cases: [
      'server/fragmentation/text-inside-',
      'client/fragmentation/text-inside-',
      'server/fragmentation/binary-inside-',
      'client/fragmentation/binary-inside-',
    ],
  },
  {
    rfc: 6455,
    section: '5.4',
    words: 'An endpoint MUST be capable of handling control frames in the middle of a fragmented message.',
    cases: [
      'server/fragmentation/text-ping-between',
      'client/fragmentation/text-ping-between',
      'server/control/ping-inside',
      'client/control/ping-inside',
    ],
  },
  {
    rfc: 6455,
    section: '5.4',
    words: 'Clients and servers MUST support receiving both fragmented and unfragmented messages.',
    cases: ['server/fragmentation/text-', 'client/fragmentation/text-', 'server/framing/text-', 'client/framing/text-'],
  },
  {
    rfc: 6455,
    section: '5.4',
    words:
      'As control frames cannot be fragmented, an intermediary MUST NOT attempt to change the fragmentation of a control frame.',
    hidden: 'about intermediaries',
  },
  {
    rfc: 6455,
    section: '5.4',
    words:
      'An intermediary MUST NOT change the fragmentation of a message if any reserved bit values are used and the meaning of these values is not known to the intermediary.',
    hidden: 'about intermediaries',
  },
  {
    rfc: 6455,
    section: '5.4',
    words:
      'An intermediary MUST NOT change the fragmentation of any message in the context of a connection where extensions have been negotiated and the intermediary is not aware of the semantics of the negotiated extensions.',
    hidden: 'about intermediaries',
  },
  {
    rfc: 6455,
    section: '5.4',
    words:
      "Similarly, an intermediary that didn't see the WebSocket handshake (and wasn't notified about its content) that resulted in a WebSocket connection MUST NOT change the fragmentation of any message of such connection.",
    hidden: 'about intermediaries',
  },
  {
    rfc: 6455,
    section: '5.4',
    words:
      'Since control frames cannot be fragmented, the type for all fragments in a message MUST be either text, binary, or one of the reserved opcodes.',
    cases: ['server/fragmentation/continuation-', 'client/fragmentation/continuation-'],
  },
  {
    rfc: 6455,
    section: '5.5',
    words: 'All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented.',
    cases: ['server/control/long-', 'client/control/long-', 'server/control/fragment', 'client/control/fragment'],
  },
  {
    rfc: 6455,
    section: '5.5.1',
    words:
      'If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer (in network byte order) representing a status code with value /code/ defined in Section 7.4.',
    cases: ['server/close/one-byte', 'client/close/one-byte', 'server/close/code-', 'client/close/code-'],
  },
  {
    rfc: 6455,
    section: '5.5.1',
    words: 'As the data is not guaranteed to be human readable, clients MUST NOT show it to end users.',
    hidden: 'about what a user sees',
  },
  {
    rfc: 6455,
    section: '5.5.1',
    words: 'The application MUST NOT send any more data frames after sending a Close frame.',
    cases: ['server/close/after-text', 'client/close/after-text', 'server/close/failed-', 'client/close/failed-'],
  },
  {
    rfc: 6455,
    section: '5.5.1',
    words:
      'If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST send a Close frame in response. (When sending a Close frame in response, the endpoint typically echos the status code it received.) It SHOULD do so as soon as practical.',
    cases: ['server/close/code-1', 'client/close/code-1', 'server/close/empty', 'client/close/empty'],
  },
  {
    rfc: 6455,
    section: '5.5.1',
    words:
      'After both sending and receiving a Close message, an endpoint considers the WebSocket connection closed and MUST close the underlying TCP connection.',
    cases: ['server/close/empty', 'client/close/empty'],
  },
  {
    rfc: 6455,
    section: '5.5.1',
    words:
      'The server MUST close the underlying TCP connection immediately; the client SHOULD wait for the server to close the connection but MAY close the connection at any time after sending and receiving a Close message, e.g., if it has not received a TCP Close from the server in a reasonable time period.',
    cases: ['server/close/empty'],
  },
  {
    rfc: 6455,
    section: '5.5.2',
    words:
      'Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it already received a Close frame.',
    cases: ['server/control/ping-', 'client/control/ping-', 'server/close/after-ping', 'client/close/after-ping'],
  },
  {
    rfc: 6455,
    section: '5.6',
    words:
      'Note that a particular text frame might include a partial UTF-8 sequence; however, the whole message MUST contain valid UTF-8.',
    cases: ['server/utf8/', 'client/utf8/'],
  },
  {
    rfc: 6455,
    section: '5.8',
    words: 'The endpoints of a connection MUST negotiate the use of any extensions during the opening handshake.',
    cases: ['server/negotiation/', 'client/negotiation/'],
  },
];
