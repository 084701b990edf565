/** Sec-WebSocket-Key, and the Sec-WebSocket-Accept with which a server proves that it understood it (RFC 6455 4.1 and 4.2.2). */
import { sha1 } from '@noble/hashes/legacy.js';
import { host, type RandomSource } from '../host.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Returns a fresh Sec-WebSocket-Key: 16 random bytes in base64.
 *
 * @see RFC 6455 4.1: "The nonce MUST be selected randomly for each connection."
 */
export function createKey(random: RandomSource): string {
  const nonce = new Uint8Array(16);
  random(nonce);
  return encodeBase64(nonce);
}

/**
 * Returns the Sec-WebSocket-Accept that answers a key.
 *
 * @see RFC 6455 4.2.2: "concatenating /key/ [...] with the string "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", taking the
 *   SHA-1 hash of this concatenated value to obtain a 20-byte value and base64-encoding [...] this 20-byte hash"
 */
export function acceptKey(key: string): string {
  const text = key + GUID;
  return host.sha1?.(text) ?? encodeBase64(sha1(Uint8Array.from(text, (character) => character.charCodeAt(0))));
}

/**
 * Whether a key is 16 bytes in base64: 22 characters and "==".
 *
 * The unused bits of the last character may be set, as in the RFC's own example, "AQIDBAUGBwgJCgsMDQ4PEC==".
 */
export function isKey(key: string): boolean {
  return /^[A-Za-z0-9+/]{22}==$/.test(key);
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const word = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += ALPHABET.charAt(word >> 18);
    text += ALPHABET.charAt((word >> 12) & 63);
    text += left > 1 ? ALPHABET.charAt((word >> 6) & 63) : '=';
    text += left > 2 ? ALPHABET.charAt(word & 63) : '=';
  }
  return text;
}
