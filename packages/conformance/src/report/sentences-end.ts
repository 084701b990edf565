/** RFC 6455 7 to 10. */
import type { Sentence } from './sentences.ts';

export const END: readonly Sentence[] = [
  {
    rfc: 6455,
    section: '7.1.2',
    words:
      'To _Start the WebSocket Closing Handshake_ with a status code (Section 7.4) /code/ and an optional close reason (Section 7.1.6) /reason/, an endpoint MUST send a Close control frame, as described in Section 5.5.1, whose status code is set to /code/ and whose close reason is set to /reason/.',
    cases: ['server/close/failed-', 'client/close/failed-'],
  },
  {
    rfc: 6455,
    section: '7.1.7',
    words:
      'To do so, the client MUST _Close the WebSocket Connection_, and MAY report the problem to the user (which would be especially useful for developers) in an appropriate manner.',
    cases: ['client/reserved/', 'client/close/failed-'],
  },
  {
    rfc: 6455,
    section: '7.1.7',
    words: 'Similarly, to do so, the server MUST _Close the WebSocket Connection_, and SHOULD log the problem.',
    cases: ['server/reserved/', 'server/close/failed-'],
  },
  {
    rfc: 6455,
    section: '7.1.7',
    words:
      'An endpoint MUST NOT continue to attempt to process data (including a responding Close frame) from the remote endpoint after being instructed to _Fail the WebSocket Connection_.',
    cases: ['server/close/failed-', 'client/close/failed-'],
  },
  {
    rfc: 6455,
    section: '7.2.1',
    words: 'To do so, the client MUST _Fail the WebSocket Connection_ as defined in Section 7.1.7.',
    cases: ['client/negotiation/', 'client/handshake/upgrade-'],
  },
  {
    rfc: 6455,
    section: '7.2.1',
    words:
      'If at any point the underlying transport layer connection is unexpectedly lost, the client MUST _Fail the WebSocket Connection_.',
    cases: ['client/close/half-close'],
  },
  {
    rfc: 6455,
    section: '7.2.2',
    words: 'To do so, the server MUST simply _Close the WebSocket Connection_ (Section 7.1.1).',
    cases: ['server/close/half-close', 'server/close/failed-'],
  },
  {
    rfc: 6455,
    section: '7.4.1',
    words:
      '1005 1005 is a reserved value and MUST NOT be set as a status code in a Close control frame by an endpoint.',
    cases: ['server/close/code-1005', 'client/close/code-1005'],
  },
  {
    rfc: 6455,
    section: '7.4.1',
    words:
      '1006 1006 is a reserved value and MUST NOT be set as a status code in a Close control frame by an endpoint.',
    cases: ['server/close/code-1006', 'client/close/code-1006'],
  },
  {
    rfc: 6455,
    section: '7.4.1',
    words:
      '1015 1015 is a reserved value and MUST NOT be set as a status code in a Close control frame by an endpoint.',
    cases: ['server/close/code-1015', 'client/close/code-1015'],
  },
  {
    rfc: 6455,
    section: '8.1',
    words:
      'When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_.',
    cases: ['server/utf8/invalid-', 'client/utf8/invalid-'],
  },
  {
    rfc: 6455,
    section: '9',
    words: 'A server MUST NOT respond with any extension not requested by the client.',
    cases: ['server/handshake/extension-'],
  },
  {
    rfc: 6455,
    section: '9',
    words:
      'If extension parameters are included in negotiations between the client and the server, those parameters MUST be chosen in accordance with the specification of the extension to which the parameters apply.',
    cases: ['server/negotiation/', 'client/negotiation/'],
  },
  {
    rfc: 6455,
    section: '9.1',
    words:
      'If a value is received by either the client or the server during negotiation that does not conform to the ABNF below, the recipient of such malformed data MUST immediately _Fail the WebSocket Connection_.',
    cases: ['server/handshake/extension-', 'client/handshake/extension-'],
  },
  {
    rfc: 6455,
    section: '9.1',
    words:
      '… registered-token = token extension-param = token [ "=" (token | quoted-string) ] ;When using the quoted-string syntax variant, the value ;after quoted-string unescaping MUST conform to the ;\'token\' ABNF.',
    cases: ['server/handshake/extension-quoted-space'],
  },
  {
    rfc: 6455,
    section: '9.1',
    words:
      'Sec-WebSocket-Extensions: foo Sec-WebSocket-Extensions: bar; baz=2 is exactly equivalent to Sec-WebSocket-Extensions: foo, bar; baz=2 Any extension-token used MUST be a registered token (see Section 11.4).',
    hidden: 'about the registry of IANA; what is sent is judged in every opening handshake',
  },
  {
    rfc: 6455,
    section: '9.1',
    words: 'The parameters supplied with any given extension MUST be defined for that extension.',
    cases: ['server/negotiation/', 'client/negotiation/'],
  },
  {
    rfc: 6455,
    section: '9.1',
    words:
      'Note that the client is only offering to use any advertised extensions and MUST NOT use them unless the server indicates that it wishes to use the extension.',
    cases: ['server/reserved/rsv-', 'client/reserved/rsv-'],
  },
  {
    rfc: 6455,
    section: '10.3',
    words:
      'Clients MUST choose a new masking key for each frame, using an algorithm that cannot be predicted by end applications that provide data.',
    cases: ['client/masking/fresh-keys'],
  },
  {
    rfc: 6455,
    section: '10.4',
    words:
      "Implementations that have implementation- and/or platform-specific limitations regarding the frame size or total message size after reassembly from multiple frames MUST protect themselves against exceeding those limits. (For example, a malicious endpoint can try to exhaust its peer's memory or mount a denial-of-service …",
    cases: ['server/limits/', 'client/limits/'],
  },
  {
    rfc: 6455,
    section: '10.6',
    words: 'WebSocket implementations MUST support TLS and SHOULD employ it when communicating with their peers.',
    hidden: 'seen when the suite is run with a wss: URL',
  },
  {
    rfc: 6455,
    section: '10.7',
    words: 'Incoming data MUST always be validated by both clients and servers.',
    cases: ['server/', 'client/'],
  },
];
