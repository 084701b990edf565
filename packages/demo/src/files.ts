/** Serves the files of the page, and no other file of this computer. */
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { isThisComputer } from './hosts.ts';

const FOLDER = new URL('page/', import.meta.url);

/** The served files with their types; no other file is served. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['index.html', 'text/html; charset=utf-8'],
  ['main.js', 'text/javascript; charset=utf-8'],
  ['main.js.map', 'application/json; charset=utf-8'],
  ['style.css', 'text/css; charset=utf-8'],
  ['chat.css', 'text/css; charset=utf-8'],
  ['inspector.css', 'text/css; charset=utf-8'],
  ['frame.css', 'text/css; charset=utf-8'],
  ['narrow.css', 'text/css; charset=utf-8'],
  ['favicon.svg', 'image/svg+xml'],
]);

/** The page loads from this server alone, runs no inline code, and cannot be framed. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Reads the files once, so that a page never gets parts of two builds. */
const files = new Map(
  [...TYPES].map(([name, type]) => [name, { type, content: readFileSync(new URL(name, FOLDER)) }] as const),
);

/** Answers requests that are not for a WebSocket. */
export const serveFiles: RequestListener = (request, response) => {
  const say = (status: number, text: string, more = {}): void => {
    response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8', ...more });
    response.end(`${text}\n`);
  };
  const [path = ''] = (request.url ?? '').split('?');
  const file = files.get(path === '/' ? 'index.html' : path.slice(1));
  // RFC 9110 15.5.20: the request "was directed at a server that is unable or unwilling to produce an authoritative response".
  if (!isThisComputer(request.headers.host)) say(421, 'The demo is at http://127.0.0.1, and known by no other name.');
  else if (file === undefined) say(404, 'Not found. The demo is at /');
  else if (request.method !== 'GET' && request.method !== 'HEAD') say(405, 'Only GET.', { Allow: 'GET, HEAD' });
  else {
    const { type, content } = file;
    response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': content.length });
    response.end(request.method === 'HEAD' ? undefined : content);
  }
};
