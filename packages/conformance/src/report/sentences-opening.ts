/** RFC 6455 4.1. */
import type { Sentence } from './sentences.ts';

export const OPENING: readonly Sentence[] = [
  {
    rfc: 6455,
    section: '4.1',
    words:
      "… (/host/, /port/, /resource name/, and /secure/ flag), along with a list of /protocols/ and /extensions/ to be used, and an /origin/ in the case of web browsers, it MUST open a connection, send an opening handshake, and read the server's handshake in response.",
    cases: ['client/handshake/plain'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'The components of the WebSocket URI passed into this algorithm (/host/, /port/, /resource name/, and /secure/ flag) MUST be valid according to the specification of WebSocket URIs specified in Section 3.',
    hidden: 'about the URL that a client is given',
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'If any of the components are invalid, the client MUST _Fail the WebSocket Connection_ and abort these steps.',
    hidden: 'about the URL that a client is given',
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'If the client already has a WebSocket connection to the remote host (IP address) identified by /host/ and port /port/ pair, even if the remote host is known by another name, the client MUST wait until that connection has been established or for that connection to have failed.',
    hidden: 'about proxies and several connections, which the suite has none of',
  },
  {
    rfc: 6455,
    section: '4.1',
    words: 'There MUST be no more than one connection in a CONNECTING state.',
    hidden: 'about proxies and several connections, which the suite has none of',
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'If multiple connections to the same IP address are attempted simultaneously, the client MUST serialize them so that there is no more than one connection at a time running through the following steps.',
    hidden: 'about proxies and several connections, which the suite has none of',
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      '… the IP address of the remote host (for example, because all communication is being done through a proxy server that performs DNS queries itself), then the client MUST assume for the purposes of this step that each host name refers to a distinct remote host, and instead the client SHOULD limit the total number of simultaneous …',
    hidden: 'about proxies and several connections, which the suite has none of',
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'For the purpose of proxy autoconfiguration scripts, the URI to pass the function MUST be constructed from /host/, /port/, /resource name/, and the /secure/ flag using the definition of a WebSocket URI as given in Section 3.',
    hidden: 'about proxies and several connections, which the suite has none of',
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'If the connection could not be opened, either because a direct connection failed or because any proxy used returned an error, then the client MUST _Fail the WebSocket Connection_ and abort the connection attempt.',
    hidden: 'there is no connection then',
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'If /secure/ is true, the client MUST perform a TLS handshake over the connection after opening the connection and before sending the handshake data [RFC2818].',
    hidden: 'the suite speaks plain TCP or TLS as it is told; only a URL decides',
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      "If this fails (e.g., the server's certificate could not be verified), then the client MUST _Fail the WebSocket Connection_ and abort the connection.",
    hidden: 'the suite speaks plain TCP or TLS as it is told; only a URL decides',
  },
  {
    rfc: 6455,
    section: '4.1',
    words: 'Otherwise, all further communication on this channel MUST run through the encrypted tunnel [RFC5246].',
    hidden: 'the suite speaks plain TCP or TLS as it is told; only a URL decides',
  },
  {
    rfc: 6455,
    section: '4.1',
    words: 'Clients MUST use the Server Name Indication extension in the TLS handshake [RFC6066].',
    hidden: 'the suite speaks plain TCP or TLS as it is told; only a URL decides',
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'Once a connection to the server has been established (including a connection via a proxy or over a TLS-encrypted tunnel), the client MUST send an opening handshake to the server.',
    cases: ['client/handshake/plain'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words: 'The handshake MUST be a valid HTTP request as specified by [RFC2616].',
    cases: ['client/handshake/'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words: 'The method of the request MUST be GET, and the HTTP version MUST be at least 1.1.',
    cases: ['client/handshake/'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'The "Request-URI" part of the request MUST match the /resource name/ defined in Section 3 (a relative URI) or be an absolute http/https URI that, when parsed, has a /resource name/, /host/, and /port/ that match the corresponding ws/wss URI.',
    cases: ['client/handshake/'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'The request MUST contain a |Host| header field whose value contains /host/ plus optionally ":" followed by /port/ (when not using the default port).',
    cases: ['client/handshake/'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words: 'The request MUST contain an |Upgrade| header field whose value MUST include the "websocket" keyword.',
    cases: ['client/handshake/'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words: 'The request MUST contain a |Connection| header field whose value MUST include the "Upgrade" token.',
    cases: ['client/handshake/'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words: 'The request MUST include a header field with the name |Sec-WebSocket-Key|.',
    cases: ['client/handshake/'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'The value of this header field MUST be a nonce consisting of a randomly selected 16-byte value that has been base64-encoded (see Section 4 of [RFC4648]).',
    cases: ['client/handshake/'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words: 'The nonce MUST be selected randomly for each connection.',
    hidden: 'seen only over several connections, and a case has one',
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'The request MUST include a header field with the name |Origin| [RFC6454] if the request is coming from a browser client.',
    hidden: 'about browsers',
  },
  {
    rfc: 6455,
    section: '4.1',
    words: 'The request MUST include a header field with the name |Sec-WebSocket-Version|.',
    cases: ['client/handshake/'],
  },
  { rfc: 6455, section: '4.1', words: 'The value of this header field MUST be 13.', cases: ['client/handshake/'] },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'The elements that comprise this value MUST be non-empty strings with characters in the range U+0021 to U+007E not including separator characters as defined in [RFC2616] and MUST all be unique strings.',
    cases: ['client/handshake/'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      "Once the client's opening handshake has been sent, the client MUST wait for a response from the server before sending any further data.",
    cases: ['client/handshake/slow-'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words: "The client MUST validate the server's response as follows:",
    cases: ['client/handshake/'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a value that is not an ASCII case-insensitive match for the value "websocket", the client MUST _Fail the WebSocket Connection_.',
    cases: ['client/handshake/upgrade-'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      'If the response lacks a |Connection| header field or the |Connection| header field doesn\'t contain a token that is an ASCII case-insensitive match for the value "Upgrade", the client MUST _Fail the WebSocket Connection_.',
    cases: ['client/handshake/connection-'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      '… |Sec-WebSocket-Key| (as a string, not base64-decoded) with the string "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" but ignoring any leading and trailing whitespace, the client MUST _Fail the WebSocket Connection_.',
    cases: ['client/handshake/accept-'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      "… indicates the use of an extension that was not present in the client's handshake (the server has indicated an extension not requested by the client), the client MUST _Fail the WebSocket Connection_. (The parsing of this header field to determine which extensions are requested is discussed in Section 9.1.) 6.",
    cases: ['client/handshake/extension-', 'client/negotiation/with-another'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      "If the response includes a |Sec-WebSocket-Protocol| header field and this header field indicates the use of a subprotocol that was not present in the client's handshake (the server has indicated a subprotocol not requested by the client), the client MUST _Fail the WebSocket Connection_.",
    cases: ['client/handshake/protocol-'],
  },
  {
    rfc: 6455,
    section: '4.1',
    words:
      "If the server's response does not conform to the requirements for the server's handshake as defined in this section and in Section 4.2.2, the client MUST _Fail the WebSocket Connection_.",
    cases: ['client/handshake/line-', 'client/handshake/status-'],
  },
];
