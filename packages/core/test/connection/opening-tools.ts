import * as assert from 'uvu/assert';
import { Connection, type ServerOptions } from '../../src/index.ts';
import { ascii, ZEROS } from '../support.ts';
import { receive, types } from './tools.ts';

/** The request of a client whose key is made of 16 zero bytes. */
export const REQUEST = [
  'GET /chat?room=1 HTTP/1.1',
  'Host: example.com:8080',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n');
/** The response to it. */
export const RESPONSE = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=',
  '\r\n',
].join('\r\n');
/** The URL of that request. */
export const URL = 'ws://example.com:8080/chat?room=1';

/** Returns a client whose key is made of 16 zero bytes. */
export const client = (options = {}): Connection => Connection.client(URL, { random: ZEROS, ...options });

/** Returns a server whose request has arrived and waits for a decision. */
export function asked(options: ServerOptions = {}): Connection {
  const connection = Connection.server(options);
  assert.is(types(receive(connection, ascii(REQUEST))), 'request');
  return connection;
}
