/** Responses that open a connection, with whatever is wrong with them. */

/** The parts of a response. A field that is `undefined` is left out. */
export interface Response {
  readonly line?: string;
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly lines?: readonly string[];
}

const FIELDS = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': '{accept}' };
export const LINE = 'HTTP/1.1 101 Switching Protocols';
export const SECTION = 'RFC 6455 4.1';

/** Returns the head of a response. */
export function response({ line = LINE, fields = {}, lines = [] }: Response = {}): string {
  const all = Object.entries({ ...FIELDS, ...fields }).flatMap(([name, value]) =>
    (value === undefined ? [] : typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}`),
  );
  return `${[line, ...all, ...lines].join('\r\n')}\r\n\r\n`;
}
