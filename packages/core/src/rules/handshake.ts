/** The rules of the opening handshake, one row each, as in connection.ts: with the HTTP status of the answer instead of a close code. */

/** A rule of the opening handshake. */
export interface HandshakeRule {
  /** The HTTP status that a server answers with; 0 where nothing is answered. */
  readonly status: number;
  /** The section that states the rule: of RFC 6455 unless it names another RFC. */
  readonly section: string;
  /** What happened. */
  readonly sentence: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** The rules of the opening handshake. */
export const HANDSHAKE_RULES = {
  // What a server requires of the request.
  'request-malformed': {
    status: 400,
    section: 'RFC 9112 3',
    sentence: 'the request is not a well-formed HTTP/1.1 head',
    remedy: 'check that the client speaks HTTP/1.1 to this port',
  },
  'head-too-big': {
    status: 431,
    section: 'RFC 6585 5',
    sentence: 'the head is longer than maxHeadSize or has more than 128 header fields',
    remedy: 'shorten it (cookies, often), or raise maxHeadSize',
  },
  'target-too-long': {
    status: 414,
    section: 'RFC 9110 15.5.15',
    sentence: 'the request target is longer than half of maxHeadSize',
    remedy: 'shorten it, or raise maxHeadSize',
  },
  'target-form': {
    status: 400,
    section: '4.2.1',
    sentence: 'the request target is neither a path nor an http: or https: URI',
    remedy: 'send a path that begins with "/"',
  },
  'method-not-get': {
    status: 405,
    section: '4.2.1',
    sentence: 'the method of the request is not GET',
    remedy: 'open a WebSocket with GET',
  },
  'http-version': {
    status: 505,
    section: '4.2.1',
    sentence: 'the request is not HTTP/1.1',
    remedy: 'send HTTP/1.1, and check what a proxy makes of it',
  },
  'request-body': {
    status: 400,
    section: '4.1',
    sentence: 'the request announces a body',
    remedy: 'leave out Content-Length and Transfer-Encoding',
  },
  'host-field': {
    status: 400,
    section: '4.2.1',
    sentence: 'the request has no valid Host header field, or several',
    remedy: 'send exactly one',
  },
  'upgrade-field': {
    status: 426,
    section: '4.2.1',
    sentence: 'the request has no Upgrade header field with the value "websocket"',
    remedy: 'use a WebSocket client, and check that a proxy passes Upgrade on',
  },
  'connection-field': {
    status: 400,
    section: '4.2.1',
    sentence: 'the request has no Connection header field with the token "Upgrade"',
    remedy: 'use a WebSocket client, and check that a proxy passes Connection on',
  },
  'key-field': {
    status: 400,
    section: '4.2.1',
    sentence: 'the request has no valid Sec-WebSocket-Key header field, or several',
    remedy: 'send exactly one, of 16 bytes in base64',
  },
  'version-field': {
    status: 426,
    section: '4.2.1',
    sentence: 'the request has no Sec-WebSocket-Version header field, or several',
    remedy: 'send exactly one, with the value 13',
  },
  'version-unsupported': {
    status: 426,
    section: '4.2.2',
    sentence: 'the request asks for a version of WebSocket other than 13',
    remedy: 'send the value 13',
  },
  'protocol-field': {
    status: 400,
    section: '4.1',
    sentence: 'Sec-WebSocket-Protocol is not a list of different tokens',
    remedy: 'offer each subprotocol once',
  },
  'extensions-field': {
    status: 400,
    section: '9.1',
    sentence: 'Sec-WebSocket-Extensions does not conform to its grammar',
    remedy: 'send names and parameters like "a; b=c, d"',
  },
  'origin-refused': {
    status: 403,
    section: '10.2',
    sentence: 'the Origin is not allowed to connect',
    remedy: 'if it should be, name it in the option origins',
  },
  'early-data': {
    status: 400,
    section: '4.1',
    sentence: 'the client sent data before the response',
    remedy: 'it must wait for the response',
  },
  // What a client requires of the response.
  'response-malformed': {
    status: 0,
    section: 'RFC 9112 4',
    sentence: 'the response is not a well-formed HTTP/1.1 head',
    remedy: 'check that a WebSocket server listens there, and whether with TLS',
  },
  'status-not-101': {
    status: 0,
    section: '4.1',
    sentence: 'the server did not switch protocols',
    remedy: 'see the response in this error',
  },
  'response-upgrade': {
    status: 0,
    section: '4.1',
    sentence: 'the response has no Upgrade header field with the value "websocket"',
    remedy: 'check the server, and that a proxy passes Upgrade on',
  },
  'response-connection': {
    status: 0,
    section: '4.1',
    sentence: 'the response has no Connection header field with the token "Upgrade"',
    remedy: 'check the server, and that a proxy passes Connection on',
  },
  'response-accept': {
    status: 0,
    section: '4.1',
    sentence: 'the response has no Sec-WebSocket-Accept header field that matches the key sent',
    remedy: 'check whether a cache answered',
  },
  'response-protocol': {
    status: 0,
    section: '4.1',
    sentence: 'the server chose a subprotocol that was not offered',
    remedy: 'offer it, or mend the server',
  },
  'response-extensions': {
    status: 0,
    section: '4.1',
    sentence: 'the server answered the offer of extensions with something else',
    remedy: 'mend the server, or connect without compression',
  },
  // What both sides require.
  'handshake-timeout': {
    status: 408,
    section: '4.1',
    sentence: 'the opening handshake was not complete within handshakeTimeout',
    remedy: 'check the other side, or raise the limit',
  },
  'handshake-interrupted': {
    status: 0,
    section: '4.1',
    sentence: 'the transport ended before the opening handshake was complete',
    remedy: 'check the port, and whether it expects TLS',
  },
  'handshake-rejected': {
    status: 0,
    section: '4.2.2',
    sentence: 'the application rejected the request',
    remedy: 'see where it decides',
  },
  'handshake-failed': {
    status: 500,
    section: '4.2.2',
    sentence: 'the application failed to decide the request',
    remedy: 'see the cause of this error on the server',
  },
  'handshake-abandoned': {
    status: 0,
    section: '4.1',
    sentence: 'the application closed the connection before it was open',
    remedy: 'wait for it to open',
  },
} as const;

/** The name of a rule of the opening handshake. */
export type HandshakeRuleName = keyof typeof HANDSHAKE_RULES;
