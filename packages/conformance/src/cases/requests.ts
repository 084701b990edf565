/** Requests that open a connection, with whatever is wrong with them. */
import { SAMPLE_KEY } from '../wire/http.ts';

/** The parts of a request. A field that is `undefined` is left out. */
export interface Request {
  readonly line?: string;
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Lines behind the fields, without their ends. */
  readonly lines?: readonly string[];
}

const FIELDS = {
  Host: '{host}',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': SAMPLE_KEY,
  'Sec-WebSocket-Version': '13',
};

/** Returns the head of a request. */
export function request({ line = 'GET {path} HTTP/1.1', fields = {}, lines = [] }: Request = {}): string {
  const all = Object.entries({ ...FIELDS, ...fields }).flatMap(([name, value]) =>
    (value === undefined ? [] : typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}`),
  );
  return `${[line, ...all, ...lines].join('\r\n')}\r\n\r\n`;
}

/** What is asked of any HTTP/1.1 server. */
export const HTTP = 'RFC 9110 5, RFC 9112 5';
