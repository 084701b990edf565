/** RFC 6455 4.2 to 4.4. */
import type { Sentence } from './sentences.ts';

export const ANSWER: readonly Sentence[] = [
  {
    rfc: 6455,
    section: '4.2.1',
    words:
      "… of the header fields is not important), including but not limited to any violations of the ABNF grammar specified for the components of the handshake, the server MUST stop processing the client's handshake and return an HTTP response with an appropriate error code (such as 400 Bad Request).",
    cases: [
      'server/handshake/method-',
      'server/handshake/version-',
      'server/handshake/host-',
      'server/handshake/key-',
      'server/handshake/upgrade-',
      'server/handshake/connection-',
      'server/handshake/protocol-',
    ],
  },
  {
    rfc: 6455,
    section: '4.2.2',
    words:
      "When a client establishes a WebSocket connection to a server, the server MUST complete the following steps to accept the connection and send the server's opening handshake.",
    cases: ['server/handshake/plain'],
  },
  {
    rfc: 6455,
    section: '4.2.2',
    words:
      "otherwise, all further communication for the connection (including the server's handshake) MUST run through the encrypted tunnel [RFC5246].",
    hidden: 'the suite speaks plain TCP or TLS as it is told; only a URL decides',
  },
  {
    rfc: 6455,
    section: '4.2.2',
    words:
      'If the server does not wish to accept this connection, it MUST return an appropriate HTTP error code (e.g., 403 Forbidden) and abort the WebSocket handshake described in this section.',
    hidden: 'an echo server accepts whatever is well-formed',
  },
  {
    rfc: 6455,
    section: '4.2.2',
    words:
      'If this version does not match a version understood by the server, the server MUST abort the WebSocket handshake described in this section and instead send an appropriate HTTP error code (such as 426 Upgrade Required) and a |Sec-WebSocket-Version| …',
    cases: ['server/handshake/ws-version-'],
  },
  {
    rfc: 6455,
    section: '4.2.2',
    words:
      'If the requested service is not available, the server MUST send an appropriate HTTP error code (such as 404 Not Found) and abort the WebSocket handshake. /subprotocol/ Either a single value representing the subprotocol the server is ready to use or null.',
    hidden: 'an echo server has one resource',
  },
  {
    rfc: 6455,
    section: '4.2.2',
    words:
      "The value chosen MUST be derived from the client's handshake, specifically by selecting one of the values from the |Sec-WebSocket-Protocol| field that the server is willing to use for this connection (if any).",
    cases: ['server/handshake/protocol-list', 'server/handshake/protocol-lines', 'server/handshake/protocol-unknown'],
  },
  {
    rfc: 6455,
    section: '4.2.2',
    words:
      'The absence of such a field is equivalent to the null value (meaning that if the server does not wish to agree to one of the suggested subprotocols, it MUST NOT send back a |Sec-WebSocket-Protocol| header field in its response).',
    cases: ['server/handshake/protocol-unknown'],
  },
  {
    rfc: 6455,
    section: '4.2.2',
    words:
      "If the server supports multiple extensions, then the value MUST be derived from the client's handshake, specifically by selecting one or more of the values from the |Sec-WebSocket-Extensions| field.",
    cases: ['server/handshake/extension-', 'server/negotiation/'],
  },
  {
    rfc: 6455,
    section: '4.2.2',
    words: 'Extensions not listed by the client MUST NOT be listed.',
    cases: ['server/handshake/extension-', 'server/negotiation/'],
  },
  {
    rfc: 6455,
    section: '4.2.2',
    words:
      'If the server chooses to accept the incoming connection, it MUST reply with a valid HTTP response indicating the following.',
    cases: ['server/handshake/plain'],
  },
  {
    rfc: 6455,
    section: '4.3',
    words:
      "When using the quoted-string syntax variant, the value ; after quoted-string unescaping MUST conform to the ; 'token' ABNF.",
    cases: ['server/handshake/extension-quoted-space'],
  },
  {
    rfc: 6455,
    section: '4.4',
    words:
      "If the server doesn't support the requested version, it MUST respond with a |Sec-WebSocket-Version| header field (or multiple |Sec-WebSocket-Version| header fields) containing all versions it is willing to use.",
    cases: ['server/handshake/ws-version-'],
  },
];
