/**
 * Requests that ask to upgrade to another protocol than WebSocket. They are answered as if they had not asked (RFC 9110
 * 7.8).
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { guard, maxFields, responseOn, untilAnswered } from './upgrade.ts';

/** The number of header fields beyond which Node drops them, if `maxHeadersCount` is not set. */
const MAX_FIELDS = 1000;

/** Whether a request asks for a WebSocket, perhaps among other protocols. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return (headers.upgrade ?? '').split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');
}

/**
 * Returns a request from a server's `upgrade` event to the server, which answers it like any other, including its body.
 * Some clients send `Upgrade: h2c` by default, for example.
 *
 * RFC 9110 7.8: "A server MAY ignore a received Upgrade header field if it wishes to continue using the current protocol on that
 * connection."
 *
 * On Node 26 this does not work for a request with a body: Node reads the body itself, and the server's request
 * listener would wait for it forever.
 *
 * @param head the bytes that arrived behind the head of the request
 * @example
 * ```ts
 * server.on('upgrade', (request, socket, head) => {
 *   if (request.headers.upgrade?.toLowerCase() === 'websocket') upgrade(request, socket, head, {}, handlers);
 *   else ignoreUpgrade(server, request, socket, head);
 * });
 * ```
 */
export function ignoreUpgrade(server: HttpServer, request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
  // Refuse it: the application might decide by one of the fields that Node dropped.
  if (request.rawHeaders.length / 2 >= Math.min(maxFields(socket), MAX_FIELDS)) {
    guard(socket);
    socket.end('HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n');
    return;
  }
  // Node has released the socket. Emitting `connection` makes it read the socket again, starting with this request.
  const again = (): void => {
    if (socket.destroyed) return;
    if (head.length > 0) socket.unshift(head);
    socket.unshift(headWithoutUpgrade(request));
    server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
  };
  if (responseOn(socket) === undefined) again();
  else void untilAnswered(socket).then(again);
}

function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.toLowerCase() !== 'upgrade') text += `${name}: ${rawHeaders[at + 1]}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}
