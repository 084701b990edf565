/** Responses that open a connection, with whatever is wrong with them. */
import { type Head, headWith } from './heads.ts';

const FIELDS = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': '{accept}' };
export const LINE = 'HTTP/1.1 101 Switching Protocols';
export const SECTION = 'RFC 6455 4.1';

/** Returns the head of a response. */
export const response = (head: Head = {}): string => headWith({ line: LINE, fields: FIELDS, lines: [] }, head);
