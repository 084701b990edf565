// Heads of the opening handshake (RFC 6455 4), in which tests change header fields.

/** What to change in a head: a header field's value, several values for several lines, or `undefined` for none. */
export type Changes = Record<string, string | readonly string[] | undefined>;

function head(startLine: string, fields: Changes): string {
  const lines = Object.entries(fields).flatMap(([name, values = []]) =>
    [values].flat().map((value) => `${name}: ${value}\r\n`),
  );
  return `${startLine}\r\n${lines.join('')}\r\n`;
}

/** A request that conforms, but for the changes. */
export function requestHead(changes: Changes = {}, startLine = 'GET / HTTP/1.1'): string {
  return head(startLine, {
    Host: 'example.com',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version': '13',
    ...changes,
  });
}

/** The response to the request of a client whose random bytes are all zero, but for the changes. */
export function responseHead(changes: Changes = {}, startLine = 'HTTP/1.1 101 Switching Protocols'): string {
  return head(startLine, {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': 'ICX+Yqv66kxgM0FcWaLWlFLwTAI=',
    ...changes,
  });
}

/** Header fields that the handshake reads or that are often there: each is given all bytes, doubled, and left out. */
export const REQUEST_FIELDS = {
  Host: 'example.com',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Protocol': 'chat',
  'Sec-WebSocket-Extensions': 'permessage-deflate',
  Origin: 'http://example.com',
  'Content-Length': '0',
  Cookie: 'a=b',
  'User-Agent': 'test',
} as const;

export const RESPONSE_FIELDS = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Accept': 'ICX+Yqv66kxgM0FcWaLWlFLwTAI=',
  'Sec-WebSocket-Protocol': 'chat',
  'Set-Cookie': 'a=b',
  Server: 'test',
} as const;

/** The bytes outside ASCII, each as a character. */
export const HIGH_BYTES = Array.from({ length: 128 }, (_, index) => String.fromCharCode(0x80 + index));
