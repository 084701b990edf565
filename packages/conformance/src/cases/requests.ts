/** Requests that open a connection, with whatever is wrong with them. */

import { SAMPLE_KEY } from '../wire/http.ts';
import { type Head, headWith } from './heads.ts';

const FIELDS = {
  Host: '{host}',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': SAMPLE_KEY,
  'Sec-WebSocket-Version': '13',
};

/** Returns the head of a request. */
export const request = (head: Head = {}): string =>
  headWith({ line: 'GET {path} HTTP/1.1', fields: FIELDS, lines: [] }, head);

/** What is asked of any HTTP/1.1 server. */
export const HTTP = 'RFC 9110 5, RFC 9112 5';
