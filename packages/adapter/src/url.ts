/** Converts an application's URL to the form that core takes. */
import { toBytes } from '@sockless/core';
import { host } from './host.ts';

/**
 * Uses a WHATWG URL to write host and path in ASCII. If it cannot parse the text, core gets it unchanged and says what
 * is wrong.
 */
export function normalize(url: string | { toString(): string }): { text: string; authorization: string | undefined } {
  if (!host.URL.canParse(String(url))) return { text: String(url), authorization: undefined };
  const parsed = new host.URL(String(url));
  const { protocol, pathname, search, hash, username, password } = parsed;
  // The characters that a URL may contain and a URI (RFC 3986) may not.
  const resource = (pathname + search).replace(/[[\]|^`{}\\]/g, encodeURIComponent);
  const credentials = `${decode(username)}:${decode(password)}`;
  const authorization = credentials === ':' ? undefined : `Basic ${base64(credentials)}`;
  return { text: `${protocol}//${parsed.host}${resource}${hash}`, authorization };
}

const base64 = (text: string): string => host.btoa(String.fromCharCode(...toBytes(text)));

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new SyntaxError('the user name and password of the URL are not percent-encoded UTF-8', { cause: error });
  }
}
