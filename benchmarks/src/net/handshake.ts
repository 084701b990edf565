/** The opening handshake of the load generator: always the same key, that of RFC 6455 1.3. */

/** Where all servers listen. */
export const HOST = '127.0.0.1';

const HEAD =
  `GET /echo HTTP/1.1\r\nHost: ${HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';

/** The request. */
export const REQUEST = Buffer.from(`${HEAD}\r\n`);

/**
 * A request that offers compression without context takeover, so that a message is compressed to the same bytes for
 * all.
 */
export const COMPRESSING_REQUEST = Buffer.from(
  `${HEAD}Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n\r\n`,
);

const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** The shortest correct response. */
export const RESPONSE = Buffer.from(
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
);

/** Tells whether a whole head accepts the {@link REQUEST}. */
export function isAccepted(head: string): boolean {
  return head.startsWith('HTTP/1.1 101 ') && head.includes(ACCEPT);
}
