/** RFC 7692 5 to 8. */
import type { Sentence } from './sentences.ts';

export const EXTENSION: readonly Sentence[] = [
  {
    rfc: 7692,
    section: '5',
    words:
      'To offer use of a PMCE, a client MUST include the extension name of the PMCE in the "Sec-WebSocket-Extensions" header field of its opening handshake of the WebSocket connection.',
    cases: ['client/negotiation/plain'],
  },
  {
    rfc: 7692,
    section: '5',
    words:
      'In a PMCE negotiation offer, the client MUST inform the server of its LZ77 window size so that the server uses an LZ77 window size that is not greater than the LZ77 window size of the client.',
    hidden: 'the sentence explains; server_max_window_bits of the client is judged in every opening handshake',
  },
  {
    rfc: 7692,
    section: '5',
    words:
      'To accept the use of an offered PMCE, a server MUST include the extension name of the PMCE in the "Sec-WebSocket-Extensions" header field of its opening handshake of the WebSocket connection.',
    cases: ['server/negotiation/plain'],
  },
  {
    rfc: 7692,
    section: '5',
    words: 'The element MUST represent a PMCE that is fully supported by the server.',
    cases: ['server/deflate/'],
  },
  {
    rfc: 7692,
    section: '5',
    words:
      'A server MUST NOT accept a PMCE extension negotiation offer together with another extension if the PMCE will conflict with the extension on their use of the RSV1 bit.',
    hidden: 'there is no other extension that is registered and in conflict',
  },
  {
    rfc: 7692,
    section: '5',
    words:
      'A client that received a response accepting a PMCE extension negotiation offer together with such an extension MUST _Fail the WebSocket Connection_.',
    hidden: 'there is no other extension that is registered and in conflict',
  },
  {
    rfc: 7692,
    section: '5',
    words:
      'A server MUST NOT accept a PMCE extension negotiation offer together with another extension if the PMCE will be applied to the output of the extension and any of the following conditions applies to the extension:',
    hidden: 'there is no other extension that is registered and in conflict',
  },
  {
    rfc: 7692,
    section: '5',
    words:
      'A client that receives a response accepting a PMCE extension negotiation offer together with such an extension MUST _Fail the WebSocket Connection_.',
    hidden: 'there is no other extension that is registered and in conflict',
  },
  {
    rfc: 7692,
    section: '5',
    words: 'A server declining all offered PMCEs MUST NOT include any element with PMCE names.',
    cases: ['server/negotiation/server-bits-bad-', 'server/negotiation/unknown-parameter'],
  },
  {
    rfc: 7692,
    section: '5',
    words:
      'If a server gives an invalid response, such as accepting a PMCE that the client did not offer, the client MUST _Fail the WebSocket Connection_.',
    cases: ['client/negotiation/'],
  },
  {
    rfc: 7692,
    section: '5',
    words:
      'If a server responds with a valid PMCE element in the "Sec-WebSocket- Extensions" header and _the WebSocket Connection is established_, both endpoints MUST use the algorithm described in Section 6 and the message payload transformation (compressing and decompressing) procedure of the PMCE configured with …',
    cases: ['server/deflate/', 'client/deflate/'],
  },
  {
    rfc: 7692,
    section: '6.1',
    words: 'An endpoint MUST use the following algorithm to send a message in the form of a compressed message.',
    cases: ['server/deflate/own-', 'client/deflate/own-', 'server/deflate/window-row', 'client/deflate/window-row'],
  },
  {
    rfc: 7692,
    section: '6.1',
    words: 'An endpoint MUST use the following algorithm to send a message in the form of an uncompressed message.',
    cases: ['server/deflate/uncompressed', 'client/deflate/uncompressed'],
  },
  {
    rfc: 7692,
    section: '6.1',
    words:
      'An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first fragments of a data message.',
    cases: ['server/deflate/', 'client/deflate/'],
  },
  {
    rfc: 7692,
    section: '6.1',
    words: 'An endpoint receiving such a frame MUST _Fail the WebSocket Connection_.',
    cases: ['server/deflate/rsv1-', 'client/deflate/rsv1-'],
  },
  {
    rfc: 7692,
    section: '6.2',
    words: 'An endpoint MUST use the following algorithm to receive a message in the form of a compressed message.',
    cases: ['server/deflate/', 'client/deflate/'],
  },
  {
    rfc: 7692,
    section: '6.2',
    words: 'An endpoint MUST use the following algorithm to receive a message in the form of an uncompressed message.',
    cases: [
      'server/deflate/uncompressed',
      'client/deflate/uncompressed',
      'server/deflate/mixed',
      'client/deflate/mixed',
    ],
  },
  {
    rfc: 7692,
    section: '7',
    words:
      'A server MUST decline an extension negotiation offer for this extension if any of the following conditions are met:',
    cases: [
      'server/negotiation/server-bits-',
      'server/negotiation/client-bits-',
      'server/negotiation/unknown-parameter',
      'server/negotiation/prototype-',
      'server/negotiation/server_no',
      'server/negotiation/client_no',
    ],
  },
  {
    rfc: 7692,
    section: '7',
    words:
      'A client MUST _Fail the WebSocket Connection_ if the peer server accepted an extension negotiation offer for this extension with an extension negotiation response meeting any of the following conditions:',
    cases: [
      'client/negotiation/server-bits-bad-',
      'client/negotiation/client-bits-bad-',
      'client/negotiation/unknown-parameter',
      'client/negotiation/server_no',
      'client/negotiation/client_no',
      'client/negotiation/server-bits-twice',
    ],
  },
  {
    rfc: 7692,
    section: '7.1.1.2',
    words:
      'A client MUST support the "client_no_context_takeover" extension parameter in an extension negotiation response.',
    cases: ['client/negotiation/client-takeover'],
  },
  {
    rfc: 7692,
    section: '7.1.2.1',
    words:
      'This parameter has a decimal integer value without leading zeroes between 8 to 15, inclusive, indicating the base-2 logarithm of the LZ77 sliding window size, and MUST conform to the ABNF below. server-max-window-bits = 1*DIGIT By including this parameter in an extension negotiation offer, a client limits the LZ77 sliding …',
    cases: ['server/negotiation/server-bits-', 'client/handshake/'],
  },
  {
    rfc: 7692,
    section: '7.1.2.1',
    words:
      '… negotiation response has a decimal integer value without leading zeroes between 8 to 15, inclusive, indicating the base-2 logarithm of the LZ77 sliding window size, and MUST conform to the ABNF below. server-max-window-bits = 1*DIGIT A server MAY include the "server_max_window_bits" extension parameter in an extension negotiation …',
    cases: ['server/negotiation/server-bits-', 'client/negotiation/server-bits-'],
  },
  {
    rfc: 7692,
    section: '7.1.2.2',
    words:
      'If a value is specified for this parameter, the value MUST conform to the ABNF below. client-max-window-bits = 1*DIGIT By including this parameter in an offer, a client informs the peer server that the client …',
    cases: ['server/negotiation/client-bits-', 'client/handshake/'],
  },
  {
    rfc: 7692,
    section: '7.1.2.2',
    words:
      '… negotiation response has a decimal integer value without leading zeroes between 8 to 15 inclusive indicating the base-2 logarithm of the LZ77 sliding window size and MUST conform to the ABNF below. client-max-window-bits = 1*DIGIT By including this extension parameter in an extension negotiation response, a server limits …',
    cases: ['server/negotiation/client-bits-', 'client/negotiation/client-bits-'],
  },
  {
    rfc: 7692,
    section: '7.1.2.2',
    words:
      'If a received extension negotiation offer doesn\'t have the "client_max_window_bits" extension parameter, the corresponding extension negotiation response to the offer MUST NOT include the "client_max_window_bits" extension parameter.',
    cases: ['server/negotiation/plain', 'server/negotiation/fallback'],
  },
  {
    rfc: 7692,
    section: '7.2.1',
    words:
      'When any DEFLATE block with the "BFINAL" bit set to 1 doesn\'t end at a byte boundary, an endpoint MUST add minimal padding bits of 0 to make it end at a byte boundary.',
    cases: ['server/deflate/own-', 'client/deflate/own-'],
  },
  {
    rfc: 7692,
    section: '7.2.1',
    words: 'Note that for non-final fragments, the removal of 0x00 0x00 0xff 0xff MUST NOT be done.',
    cases: ['server/deflate/own-', 'client/deflate/own-'],
  },
  {
    rfc: 7692,
    section: '7.2.1',
    words: 'An endpoint MUST NOT use an LZ77 sliding window longer than 32,768 bytes to compress messages to send.',
    cases: ['server/deflate/own-', 'client/deflate/own-'],
  },
  {
    rfc: 7692,
    section: '7.2.1',
    words:
      'If the "agreed parameters" contain the "client_no_context_takeover" extension parameter, the client MUST start compressing each new message with an empty LZ77 sliding window.',
    cases: ['client/deflate/own-no-takeover'],
  },
  {
    rfc: 7692,
    section: '7.2.1',
    words:
      'If the "agreed parameters" contain the "server_no_context_takeover" extension parameter, the server MUST start compressing each new message with an empty LZ77 sliding window.',
    cases: ['server/deflate/own-no-takeover'],
  },
  {
    rfc: 7692,
    section: '7.2.1',
    words:
      'If the "agreed parameters" contain the "client_max_window_bits" extension parameter with a value of w, the client MUST NOT use an LZ77 sliding window longer than the w-th power of 2 bytes to compress messages to send.',
    cases: ['client/deflate/own-window-'],
  },
  {
    rfc: 7692,
    section: '7.2.1',
    words:
      'If the "agreed parameters" contain the "server_max_window_bits" extension parameter with a value of w, the server MUST NOT use an LZ77 sliding window longer than the w-th power of 2 bytes to compress messages to send.',
    cases: ['server/deflate/own-window-'],
  },
  {
    rfc: 7692,
    section: '7.2.2',
    words:
      'Otherwise, the client MUST decompress each new message using the LZ77 sliding window used to process the last compressed message.',
    cases: ['client/deflate/window-', 'client/deflate/final-'],
  },
  {
    rfc: 7692,
    section: '7.2.2',
    words:
      'Otherwise, the server MUST decompress each new message using the LZ77 sliding window used to process the last compressed message.',
    cases: ['server/deflate/window-', 'server/deflate/final-'],
  },
  {
    rfc: 7692,
    section: '7.2.2',
    words:
      'Note that even if the client has included the "client_no_context_takeover" extension parameter in its offer, the server MUST decompress each new message using the LZ77 sliding window used to process the last compressed message if the "agreed parameters" don\'t contain the "client_no_context_takeover" extension parameter.',
    cases: ['server/deflate/window-'],
  },
  {
    rfc: 7692,
    section: '7.2.2',
    words: 'Otherwise, the client MUST use a 32,768-byte LZ77 sliding window to decompress received messages.',
    cases: ['client/deflate/distance-'],
  },
  {
    rfc: 7692,
    section: '7.2.2',
    words: 'Otherwise, the server MUST use a 32,768-byte LZ77 sliding window to decompress received messages.',
    cases: ['server/deflate/distance-'],
  },
  {
    rfc: 7692,
    section: '7.2.2',
    words:
      'Note that even if the client has included in its offer the "client_max_window_bits" extension parameter with a value smaller than one in the "agreed parameters", the client MUST use an LZ77 sliding window of a size that conforms the "agreed parameters" to compress messages to send.',
    cases: ['client/deflate/own-window-'],
  },
];
