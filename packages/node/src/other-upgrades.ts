/**
 * Requests that ask to upgrade to another protocol than WebSocket. They are answered as if they had not asked (RFC 9110
 * 7.8).
 */
import { type Server as HttpServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { guard, maxFields, responseOn, untilAnswered } from './upgrade.ts';

/** The number of header fields beyond which Node drops them, if `maxHeadersCount` is not set. */
const MAX_FIELDS = 1000;

/** Since this version Node reads the body of a request that asks for an upgrade; before, it was part of what follows. */
const READS_BODY = Number.parseInt(process.versions.node, 10) >= 26;

/** Whether a request asks for a WebSocket, perhaps among other protocols. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return (headers.upgrade ?? '').split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');
}

/**
 * Whether Node passes a request to the `upgrade` event: the option `shouldUpgradeCallback`, which Node has since 24.9. It
 * answers any other request by itself as if it had not asked for an upgrade, and earlier versions leave that to
 * {@link ignoreUpgrade}.
 */
export function shouldUpgrade(request: IncomingMessage): boolean {
  if (asksForWebSocket(request) || isTruncated(request)) return true;
  removeUpgrade(request);
  return false;
}

/**
 * Returns a request from a server's `upgrade` event to the server, which answers it like any other, including its body.
 * Some clients send `Upgrade: h2c` by default, for example.
 *
 * RFC 9110 7.8: "A server MAY ignore a received Upgrade header field if it wishes to continue using the current protocol on that
 * connection."
 *
 * From Node 26 on, the connection is closed after the answer to such a request with a body, because Node has begun to
 * read that body, and cannot be told to read another request after it.
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
  if (isTruncated(request)) {
    guard(socket);
    socket.end('HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n');
    return;
  }
  // Node has released the socket. Emitting `connection` makes it read the socket again, starting with this request.
  const again = (): void => {
    if (socket.destroyed) return;
    if (READS_BODY && hasBody(request)) {
      answerLast(server, request, socket);
      return;
    }
    if (head.length > 0) socket.unshift(head);
    socket.unshift(headWithoutUpgrade(request));
    server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
  };
  if (responseOn(request.socket) === undefined) again();
  else void untilAnswered(request.socket).then(again);
}

/** Passes a request whose body Node is reading to the request listener, and closes the connection after the answer. */
function answerLast(server: HttpServer, request: IncomingMessage, stream: Duplex): void {
  const { socket } = request;
  // `stream` is the socket, or Node's stream for what follows the body.
  guard(stream);
  guard(socket);
  // Node does this for the requests that it passes to the listener itself.
  socket.once('close', () => {
    if (!request.complete) request.destroy(new Error('the client has gone before the end of the body'));
  });
  // What follows the body is dropped. Without reading it, it would stay unknown that the client has gone.
  if (request.complete) stream.resume();
  else request.once('end', () => stream.resume());
  removeUpgrade(request);
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on('finish', () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
  if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
  server.emit('request', request, response);
}

/** Whether Node has dropped fields of a request. */
function isTruncated({ rawHeaders, socket }: IncomingMessage): boolean {
  return rawHeaders.length / 2 >= Math.min(maxFields(socket), MAX_FIELDS);
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

const isUpgrade = (name: string | undefined): boolean => name?.toLowerCase() === 'upgrade';

/** Removes the field from a request, so that the application does not see that it asked. */
function removeUpgrade({ headers, rawHeaders }: IncomingMessage): void {
  delete headers.upgrade;
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) if (isUpgrade(rawHeaders[at])) rawHeaders.splice(at, 2);
}

function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!isUpgrade(rawHeaders[at])) text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}
